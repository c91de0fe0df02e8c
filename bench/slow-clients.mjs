// What a normal client notices while 200 bad ones do one of four things to a server with four threads.
//   node bench/slow-clients.mjs [--clients 200] [--seconds 5] [--json]
import { spawn } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { memoryOf } from './processes.mjs'
import { markdownTable } from './table.mjs'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const clients = Number(values.clients)
const seconds = Number(values.seconds)

/** @typedef {{ name: string, first: string, more?: string, every?: number, reads: boolean }} Case */

/** @type {readonly Case[]} */
const cases = [
  { name: 'idle sockets', first: '', reads: true },
  { name: 'slow heads', first: 'GET / HTTP/1.1\r\nHost: a\r\n', more: 'X-A: b\r\n', every: 500, reads: true },
  {
    name: 'slow bodies',
    first: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n',
    more: 'x',
    every: 500,
    reads: true,
  },
  { name: 'slow readers of a page', first: 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n', reads: false },
  { name: 'slow readers of a file', first: 'GET /file HTTP/1.1\r\nHost: a\r\n\r\n', reads: false },
]

/** One bad client, that comes again when it is closed. @param {number} port @param {Case} what @param {AbortSignal} until */
function badClient(port, what, until) {
  if (until.aborted) return
  const socket = connect({ port, host: '127.0.0.1' })
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  socket.on('error', () => undefined)
  socket.on('connect', () => {
    if (what.first !== '') socket.write(what.first)
    if (what.more !== undefined) timer = setInterval(() => socket.write(what.more ?? ''), what.every)
  })
  if (what.reads) socket.resume()
  else socket.pause()
  const end = () => socket.destroy()
  until.addEventListener('abort', end, { once: true })
  socket.on('close', () => {
    clearInterval(timer)
    until.removeEventListener('abort', end)
    if (!until.aborted) setTimeout(() => badClient(port, what, until), 50)
  })
}

/** Milliseconds of one request. @param {string} url @param {Agent} agent @returns {Promise<number>} */
function once(url, agent) {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      response.resume()
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - begun)
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    request.on('timeout', () => request.destroy(new Error('10 s')))
    request.on('error', reject)
  })
}

/** A normal client: a request every 5 ms, on connections that it keeps. @param {string} url @param {number} forSeconds */
async function normalClient(url, forSeconds) {
  const agent = new Agent({ keepAlive: true })
  /** @type {number[]} */
  const times = []
  let failed = 0
  const end = performance.now() + forSeconds * 1000
  while (performance.now() < end) {
    try {
      times.push(await once(url, agent))
    } catch {
      failed++
    }
    await delay(5)
  }
  agent.destroy()
  times.sort((one, other) => one - other)
  return { p99: times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY, requests: times.length + failed, failed }
}

async function startPlait() {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const words = ['--listen', 'tcp:0:interface=127.0.0.1', '--threads', '4', '--processes', '1']
  const app = ['--wsgi', 'slow_clients.application', '--chdir', `${root}/bench/apps`]
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, 'web', ...words, ...app], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text))
  for (let turn = 0; turn < 600; turn++) {
    const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1]
    if (port !== undefined) return { child, port: Number(port) }
    if (child.exitCode !== null) break
    await delay(50)
  }
  child.kill('SIGKILL')
  throw new Error(`Plait did not start\n${log}`)
}

/** @param {number} pid @param {number} port @param {Case} what */
async function measure(pid, port, what) {
  const url = `http://127.0.0.1:${port}/`
  const alone = await normalClient(url, seconds)
  const before = memoryOf(pid)
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  for (let count = 0; count < clients; count++) badClient(port, what, stop.signal)
  // They get what is ready for them: what comes then is what lasts.
  await delay(1500)
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, memoryOf(pid))), 200)
  const among = await normalClient(url, seconds)
  clearInterval(watch)
  stop.abort()
  await delay(300)
  return {
    case: what.name,
    aloneP99: alone.p99,
    p99: among.p99,
    requests: alone.requests + among.requests,
    failed: alone.failed + among.failed,
    memory: (Math.max(peak, memoryOf(pid)) - before) / 1024 ** 2,
  }
}

const { child, port } = await startPlait()
try {
  await normalClient(`http://127.0.0.1:${port}/`, 2)
  const results = []
  for (const what of cases) results.push(await measure(/** @type {number} */ (child.pid), port, what))
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  else {
    const rows = results.map((row) => [
      row.case,
      row.aloneP99.toFixed(1),
      row.p99.toFixed(1),
      (row.p99 / row.aloneP99).toFixed(1),
      `${row.failed} of ${row.requests}`,
      row.memory.toFixed(1),
    ])
    const head = [`${clients} clients with`, 'p99 alone, ms', 'p99 among them, ms', 'ratio', 'failed', 'memory, MiB more']
    process.stdout.write(`${markdownTable(head, rows)}\n`)
  }
} finally {
  child.kill('SIGTERM')
}
