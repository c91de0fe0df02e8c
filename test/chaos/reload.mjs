// Ten reloads while clients ask.
import { utimesSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Load, howLost, isRight, lateness, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'
import { writeVersion } from './version.mjs'

const reloads = 10

/** @param {number} processes @returns {import('./scenarios.mjs').Scenario} */
export function reload(processes) {
  return {
    name: processes > 1 ? 'reload' : 'reload-1',
    title: `Ten reloads, ${processes > 1 ? `${processes} processes` : 'a single process'}`,
    processes,
    threads: 20,
    seconds: 20,
    // The way that uWSGI's documentation gives for a reload that loses nothing: one process after the other, the router stays.
    words: (folder) => ({ uwsgi: ['--lazy-apps', `--touch-chain-reload=${folder}/version`] }),
    cannot: { waitress: 'no reload' },
    run,
  }
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, server, folder, seconds }) {
  const memory = new MemoryAbove(pid)
  const load = new Load(url, { clients: 16 })
  let done = 0
  for (let version = 1; version <= reloads; version++) {
    await delay(200)
    const before = load.asked.length
    writeVersion(folder, version)
    // What watches a file looks at whole seconds.
    if (server === 'uwsgi') utimesSync(`${folder}/version`, new Date(), new Date(Date.now() + version * 1000))
    else process.kill(pid, 'SIGHUP')
    if (!(await answersWith(load, { version: String(version), after: before, seconds }))) break
    done++
  }
  await load.stop()
  const failed = load.asked.filter((nap) => !isRight(nap))
  const refused = failed.filter(({ answer }) => answer?.error === 'ECONNREFUSED').length
  const counts = { reloads: done, refused, versions: new Set(load.asked.map(({ answer }) => answer?.version)).size }
  const p99 = percentile(lateness(load.asked), 0.99)
  const remark = `${done} of ${reloads} reloads, ${refused} connections refused${howLost(failed)}`
  return { asked: load.asked.length, lost: failed.length, p99, memory: memory.end(), counts, remark }
}

/** True when a request is answered by the new code. @param {Load} load @param {{ version: string, after: number, seconds: number }} wanted */
async function answersWith(load, { version, after, seconds }) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    if (load.asked.slice(after).some(({ answer }) => answer?.version === version)) return true
    await delay(20)
  }
  return false
}
