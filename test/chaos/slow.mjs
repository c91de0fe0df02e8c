// A normal client among 200 that behave badly, on four threads.
import { setMaxListeners } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { badClients, startBadClients } from '../../bench/load/bad-clients.mjs'
import { cpuSecondsOf } from '../../bench/processes.mjs'
import { ask, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'

const bad = 200

/** One scenario for each kind of bad client. @type {readonly import('./scenarios.mjs').Scenario[]} */
export const slow = badClients.map((kind) => ({
  name: kind.name.replaceAll(' ', '-'),
  title: `${bad} ${kind.name} on 4 threads`,
  processes: 1,
  threads: 4,
  seconds: 5,
  run: (scene) => run(scene, kind),
}))

/**
 * @param {import('./scenarios.mjs').Scene} scene
 * @param {import('../../bench/load/bad-clients.mjs').BadClient} kind
 * @returns {Promise<import('./scenarios.mjs').Outcome>}
 */
async function run({ url, pid, seconds }, kind) {
  await normalClient(url, 1)
  const alone = await normalClient(url, seconds)
  const memory = new MemoryAbove(pid)
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  startBadClients(Number(new URL(url).port), kind, { count: bad, until: stop.signal })
  await settled(pid)
  const among = await normalClient(url, seconds)
  const above = memory.end()
  stop.abort()
  const counts = { aloneP99: alone.p99, answered: among.asked - among.failed, ratio: among.p99 / alone.p99 }
  const remark = `alone: p99 ${alone.p99.toFixed(1)} ms; answered ${counts.answered} of ${among.asked}`
  const lost = alone.failed + among.failed
  return { asked: alone.asked + among.asked, lost, p99: among.p99, memory: above, counts, remark }
}

/** They get what is ready for them first, hundreds of MB: what comes then is what lasts. @param {number} pid */
async function settled(pid) {
  for (let turn = 0, before = NaN; turn < 10; turn++) {
    await delay(500)
    const now = cpuSecondsOf(pid)
    if (turn >= 2 && now - before < 0.1) return
    before = now
  }
}

/** A request every 5 ms, on connections that it keeps; gives up after 5 s. @param {string} url @param {number} seconds */
async function normalClient(url, seconds) {
  const agent = new Agent({ keepAlive: true })
  /** @type {number[]} */
  const times = []
  let failed = 0
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const { status, ms } = await ask(url, { path: '/', agent, limit: 5000 })
    if (status === 200) times.push(ms)
    else failed++
    await delay(5)
  }
  agent.destroy()
  return { p99: percentile(times, 0.99), asked: times.length + failed, failed }
}
