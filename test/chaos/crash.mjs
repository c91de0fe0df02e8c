// One worker process is killed each second, while clients ask.
import { setTimeout as delay } from 'node:timers/promises'
import { Load, howLost, isRight, lateness, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'

/** @param {number} processes @returns {import('./scenarios.mjs').Scenario} */
export function crash(processes) {
  const many = processes > 1
  return {
    name: many ? 'crash' : 'crash-1',
    title: `SIGKILL of a process each second, ${many ? `${processes} processes` : 'a single process'}`,
    processes,
    threads: 20,
    seconds: 30,
    // Without these it waits 3.5 s, or ends when a process of its dies.
    words: { granian: ['--respawn-failed-workers', '--respawn-interval=0.1'] },
    cannot: { waitress: 'its only process is the server' },
    run,
  }
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, notes, seconds, exited }) {
  let ended = ''
  void exited.then(() => (ended = '; then the server ended'))
  const memory = new MemoryAbove(pid)
  const load = new Load(url, { clients: 16, posts: true })
  const killed = new Set()
  const begun = performance.now()
  for (let second = 1; second <= seconds && ended === ''; second++) {
    // Where those of the last kill took longer, this one waits for them.
    await delay(Math.max(200, begun + second * 1000 - performance.now()))
    const victim = notes.busyProcess(killed)
    if (victim === undefined || victim === pid) continue
    const then = [...load.flying]
    process.kill(victim, 'SIGKILL')
    killed.add(victim)
    // No request is to meet two deaths: that one would fail, as it should.
    for (let turn = 0; turn < 300 && then.some((nap) => load.flying.has(nap)); turn++) await delay(50)
  }
  await load.stop()
  const outcome = judge(load.asked, { runs: notes.runs(), killed, memory: memory.end() })
  return { ...outcome, remark: `${outcome.remark}${ended}` }
}

/**
 * @param {readonly import('./clients.mjs').Nap[]} asked
 * @param {{ runs: Map<string, import('./notes.mjs').Run[]>, killed: Set<number>, memory: number }} known
 * @returns {import('./scenarios.mjs').Outcome}
 */
function judge(asked, { runs, killed, memory }) {
  const of = (/** @type {string} */ id) => runs.get(id) ?? []
  // Begun in a process that was killed, and not ended there.
  const running = asked.filter(({ id }) => of(id).some((run) => killed.has(run.pid) && !run.ended))
  const posts = asked.filter((nap) => nap.method === 'POST' && !isRight(nap))
  // A server that answers 502 says that it had been begun; nobody may run it again.
  const allowed = posts.filter((nap) => running.includes(nap) || nap.answer?.status === 502)
  const lost = asked.filter((nap) => !isRight(nap) && !allowed.includes(nap))
  const counts = {
    kills: killed.size,
    running: running.length,
    getsFailed: lost.filter(({ method }) => method === 'GET').length,
    postsFailedNotRunning: lost.filter(({ method }) => method === 'POST').length,
    postsFailedRunning: allowed.length,
    postsUnheard: allowed.filter(({ id }) => of(id).length === 0).length,
    postsTwice: asked.filter(({ id, method }) => method === 'POST' && of(id).length > 1).length,
    getsTwice: asked.filter(({ id, method }) => method === 'GET' && of(id).length > 1).length,
  }
  const remark =
    `${counts.kills} kills, ${counts.running} requests running when killed; ` +
    `failed: ${counts.getsFailed} GETs, ${counts.postsFailedNotRunning} POSTs that did not run, ${counts.postsFailedRunning} that ran; ` +
    `POSTs run twice: ${counts.postsTwice}${howLost(lost)}`
  return { asked: asked.length, lost: lost.length, p99: percentile(lateness(asked), 0.99), memory, counts, remark }
}
