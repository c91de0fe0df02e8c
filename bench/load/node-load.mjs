// The loader where there is no wrk: `node node-load.mjs URL CONNECTIONS SECONDS BODY_BYTES`, one line of JSON as wrk.lua prints it.
// It needs more CPU than a fast server, so only the CPU column says something about those.
import { Agent, request } from 'node:http'

const [url, connections, seconds, bodyBytes] = [process.argv[2] ?? '', ...process.argv.slice(3).map(Number)]
const body = Buffer.alloc(bodyBytes ?? 0, 'x')
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const options = { agent, method: body.length > 0 ? 'POST' : 'GET', headers: { 'Content-Length': body.length } }
/** @type {number[]} */
const latencies = []
let errors = 0
const startedAt = performance.now()
const endsAt = startedAt + (seconds ?? 1) * 1000

/** One request after another on one connection until the time is over. */
function next() {
  const begin = performance.now()
  if (begin >= endsAt) return
  const sent = request(url, options, (response) => {
    response.resume()
    response.on('end', () => {
      if (response.statusCode !== 200) errors++
      latencies.push(performance.now() - begin)
      next()
    })
  })
  sent.on('error', () => {
    errors++
    setTimeout(next, 10)
  })
  sent.end(body)
}

for (let i = 0; i < (connections ?? 1); i++) next()
setTimeout(() => {
  const passed = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const percentile = (/** @type {number} */ p) => (latencies[Math.floor(latencies.length * p)] ?? 0) * 1000
  const result = { requests: latencies.length, seconds: passed, p50: percentile(0.5), p99: percentile(0.99), errors }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}, endsAt - startedAt)
