import { setTimeout as delay } from 'node:timers/promises'
import { runLoad } from './load/load.mjs'
import { cpuSecondsOf, cpuSecondsOfMachine, cpuSecondsOfReaped, memoryOf } from './processes.mjs'
import { startServer } from './running-server.mjs'

/**
 * @typedef {object} Measurement
 * @property {number} rate requests per second
 * @property {number} p50 µs
 * @property {number} p99 µs
 * @property {number} cpu µs of CPU per request, all processes of the server
 * @property {number} pss bytes, all processes of the server, under load
 * @property {number} errors
 * @property {number} loaderCores CPU of the loader: near 1 means that the loader was the limit
 * @property {number} otherCores CPU of everybody else on the machine: above 0.1 the figures are disturbed
 *
 * @typedef {object} MeasureOptions
 * @property {number} seconds
 * @property {number} warmup seconds
 * @property {number} connections
 * @property {boolean} wrk
 * @property {readonly string[]} nodeOptions for servers that Node runs
 */

/**
 * Starts a server, checks one answer, warms it up, measures it and stops it.
 * @param {import('./servers.mjs').Server} server
 * @param {import('./cases.mjs').Case} entry
 * @param {MeasureOptions} options
 * @returns {Promise<Measurement>}
 */
export async function measure(server, entry, options) {
  const running = await startServer(server, entry, { nodeOptions: options.nodeOptions })
  try {
    await checkAnswer(server.name, running.url, entry)
    const load = { url: running.url, connections: options.connections, bodyBytes: entry.bodyBytes, wrk: options.wrk }
    if (options.warmup > 0) await runLoad({ ...load, seconds: options.warmup })
    await delay(200)
    return await measureLoad(running.pid, { ...load, seconds: options.seconds })
  } finally {
    await running.stop()
  }
}

/**
 * @param {number} pid
 * @param {Parameters<typeof runLoad>[0]} load
 * @returns {Promise<Measurement>}
 */
async function measureLoad(pid, load) {
  const before = { server: cpuSecondsOf(pid), loader: cpuSecondsOfReaped(), machine: cpuSecondsOfMachine() }
  let pss = 0
  const running = runLoad(load)
  const sampled = delay(load.seconds * 500).then(() => (pss = memoryOf(pid)))
  const [result] = await Promise.all([running, sampled])
  const server = cpuSecondsOf(pid) - before.server
  const loader = cpuSecondsOfReaped() - before.loader
  const others = cpuSecondsOfMachine() - before.machine - server - loader
  return {
    rate: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpu: (server * 1e6) / Math.max(1, result.requests),
    pss,
    errors: result.errors,
    loaderCores: loader / result.seconds,
    otherCores: others / result.seconds,
  }
}

/** @param {string} name @param {string} url @param {import('./cases.mjs').Case} entry */
async function checkAnswer(name, url, entry) {
  const post = { method: 'POST', body: Buffer.alloc(entry.bodyBytes, 'x') }
  const response = await fetch(url, { ...(entry.bodyBytes > 0 && post), headers: { connection: 'close' } })
  const body = Buffer.from(await response.arrayBuffer())
  const uploaded = entry.bodyBytes === 0 || body.toString() === String(entry.bodyBytes)
  if (response.status !== 200 || body.length !== entry.expectedBytes || !uploaded) {
    throw new Error(`Cannot measure ${name}: wrong answer ${response.status} with ${body.length} bytes in the case ${entry.name}`)
  }
}
