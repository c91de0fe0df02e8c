// SIGTERM while clients ask: what was accepted before is answered.
import { setTimeout as delay } from 'node:timers/promises'
import { Load, howLost, isRight, lateness, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'

/** @type {import('./scenarios.mjs').Scenario} */
export const stop = {
  name: 'stop',
  title: 'SIGTERM under load',
  processes: 2,
  threads: 20,
  seconds: 2,
  // uWSGI's own SIGTERM reloads, and --die-on-term ends what runs.
  words: { uwsgi: ['--hook-master-start=unix_signal:15 gracefully_kill_them_all'] },
  run,
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, notes, seconds, exited }) {
  const memory = new MemoryAbove(pid)
  const load = new Load(url, { clients: 16 })
  await delay(seconds * 1000)
  const peak = memory.end()
  // Those that the application has begun when the signal is sent, by its own notes; and those that it begins after it.
  const flying = new Set(load.flying)
  const then = performance.now()
  process.kill(pid, 'SIGTERM')
  const code = await Promise.race([exited, delay(40_000, 'still running after 40 s', { ref: false })])
  const took = performance.now() - then
  await load.stop()
  const runs = notes.runs()
  const failed = load.asked.filter((nap) => !isRight(nap))
  const begun = failed.filter(({ id }) => runs.has(id))
  const lost = failed.filter((nap) => flying.has(nap) || runs.has(nap.id) || nap.asked < then)
  for (const nap of lost) console.error({ ...nap, asked: nap.asked - then, runs: runs.get(nap.id), flying: flying.has(nap) })
  const counts = {
    running: flying.size,
    begunAndLost: begun.length,
    refusedAfter: failed.length - lost.length,
    exitCode: String(code),
  }
  const remark = `${flying.size} running at the signal; ended after ${(took / 1000).toFixed(1)} s with ${code}${howLost(lost)}`
  const before = load.asked.filter((nap) => nap.asked < then)
  return { asked: before.length, lost: lost.length, p99: percentile(lateness(before), 0.99), memory: peak, counts, remark }
}
