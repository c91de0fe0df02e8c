// Requests that never end, one each second, among others.
import { setTimeout as delay } from 'node:timers/promises'
import { Load, ask, isRight, lateness, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'

const threads = 4

/** @type {import('./scenarios.mjs').Scenario} */
export const stuck = {
  name: 'stuck',
  title: `A request that never ends, each second, on ${threads} threads with a limit of 2 s`,
  processes: 1,
  threads,
  seconds: 8,
  words: {
    plait: ['--timeout=2', '--graceful-timeout=2'],
    // Looks whether the process lives, not its threads.
    gunicorn: ['--timeout=2', '--graceful-timeout=2'],
    uwsgi: ['--harakiri=2'],
    // The others have none.
  },
  run,
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, seconds }) {
  const memory = new MemoryAbove(pid)
  const load = new Load(url, { clients: 2, times: [5, 100] })
  /** @type {Promise<import('./clients.mjs').Answer>[]} */
  const hangs = []
  for (let number = 0; number < seconds; number++) {
    hangs.push(ask(url, { path: `/hang?id=hang-${number}` }))
    await delay(1000)
  }
  const endings = new Map()
  for (const { status, error } of await Promise.all(hangs)) {
    const ending = status === 0 ? (error === 'GAVE_UP' ? 'no answer' : 'cut') : String(status)
    endings.set(ending, (endings.get(ending) ?? 0) + 1)
  }
  await load.stop()
  const back = await threadsBack(url)
  const failed = load.asked.filter((nap) => !isRight(nap))
  const counts = {
    hangs: hangs.length,
    timedOut: endings.get('504') ?? 0,
    unanswered: endings.get('no answer') ?? 0,
    threadsBack: back,
  }
  const shown = [...endings].map(([ending, count]) => `${count} × ${ending}`).join(', ')
  const remark = `the ${hangs.length} that never end: ${shown}; threads at work afterwards: ${back} of ${threads}`
  return {
    asked: load.asked.length,
    lost: failed.length,
    p99: percentile(lateness(load.asked), 0.99),
    memory: memory.end(),
    counts,
    remark,
  }
}

/** How many requests run side by side. @param {string} url */
async function threadsBack(url) {
  const naps = Array.from({ length: threads }, (_, number) => ask(url, { path: `/nap?ms=1500&id=back-${number}`, limit: 2900 }))
  return (await Promise.all(naps)).filter(({ status }) => status === 200).length
}
