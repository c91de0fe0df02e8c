// More than threads and queue can take.
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { ask, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'

const threads = 4
const clients = 100

/** @type {import('./scenarios.mjs').Scenario} */
export const overload = {
  name: 'overload',
  title: `${clients} clients with requests of 200 ms on ${threads} threads, room for 20 to wait`,
  processes: 1,
  threads,
  seconds: 5,
  words: {
    plait: ['--max-queue=20', '--health=/health'],
    // What comes nearest to a bounded queue.
    granian: ['--backpressure=24'],
    waitress: ['--connection-limit=24'],
    gunicorn: ['--worker-connections=24'],
  },
  run,
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, seconds }) {
  const memory = new MemoryAbove(pid)
  const end = performance.now() + seconds * 1000
  /** @type {import('./clients.mjs').Answer[]} */
  const answers = []
  const loading = Array.from({ length: clients }, async (_, name) => {
    const agent = new Agent({ keepAlive: true })
    for (let number = 0; performance.now() < end; number++) {
      const answer = await ask(url, { path: `/nap?ms=200&id=${name}-${number}`, agent })
      answers.push(answer)
      // Less than Retry-After says: it is to stay overloaded.
      if (answer.status !== 200) await delay(500)
    }
    agent.destroy()
  })
  const checks = await health(url, end)
  await Promise.all(loading)
  const served = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status === 503)
  const lost = answers.length - served.length - refused.length
  const refusedP99 = percentile(
    refused.map(({ ms }) => ms),
    0.99,
  )
  const times = checks.map(({ ms }) => ms)
  const counts = {
    served: served.length,
    refused: refused.length,
    withoutRetryAfter: refused.filter(({ retryAfter }) => retryAfter === '').length,
    refusedMedian: percentile(
      refused.map(({ ms }) => ms),
      0.5,
    ),
    refusedP99,
    checks: checks.length,
    checksFailed: checks.filter(({ status }) => status !== 200).length,
    checkP99: percentile(times, 0.99),
  }
  const refusals = refused.length === 0 ? 'none refused' : `${refused.length} refused (503), p99 ${refusedP99.toFixed(0)} ms`
  const remark =
    `${served.length} answered, ${refusals}; health check: p99 ${counts.checkP99.toFixed(0)} ms, ` +
    `${counts.checksFailed} of ${checks.length} failed`
  const p99 = percentile(
    served.map(({ ms }) => Math.max(0, ms - 200)),
    0.99,
  )
  return { asked: answers.length, lost, p99, memory: memory.end(), counts, remark }
}

/** What asks whether the server lives sees: on a connection of its own, every 100 ms, with 5 s of patience. @param {string} url @param {number} end */
async function health(url, end) {
  const checks = []
  await delay(300)
  while (performance.now() < end) {
    checks.push(await ask(url, { path: '/health', limit: 5000 }))
    await delay(100)
  }
  return checks
}
