// A new server takes over from the running one, while clients ask.
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Load, howLost, isRight, lateness, percentile } from './clients.mjs'
import { MemoryAbove } from './memory.mjs'
import { writeVersion } from './version.mjs'

const upgrades = 3

/** @type {import('./scenarios.mjs').Scenario} */
export const upgrade = {
  name: 'upgrade',
  title: `A new server takes over, ${upgrades} times`,
  processes: 2,
  threads: 20,
  seconds: 30,
  cannot: { granian: 'no upgrade', uwsgi: 'no upgrade without a second service', waitress: 'no upgrade' },
  run,
}

/** @param {import('./scenarios.mjs').Scene} scene @returns {Promise<import('./scenarios.mjs').Outcome>} */
async function run({ url, pid, server, folder, seconds }) {
  const memory = new MemoryAbove(pid)
  const load = new Load(url, { clients: 16 })
  let leader = pid
  let done = 0
  for (let version = 1; version <= upgrades; version++) {
    await delay(500)
    writeVersion(folder, version)
    process.kill(leader, 'SIGUSR2')
    const next = await serverOf(load, { version: String(version), before: leader, seconds })
    if (next === undefined) break
    // gunicorn's old one goes on until it is told to go.
    if (server === 'gunicorn') process.kill(leader, 'SIGTERM')
    if (!(await ends(leader, seconds))) break
    leader = next
    done++
  }
  await load.stop()
  const peak = memory.end()
  process.kill(leader, 'SIGTERM')
  await ends(leader, 10)
  const failed = load.asked.filter((nap) => !isRight(nap))
  const refused = failed.filter(({ answer }) => answer?.error === 'ECONNREFUSED').length
  const counts = { upgrades: done, refused }
  const remark = `${done} of ${upgrades} upgrades, ${refused} connections refused${howLost(failed)}`
  return {
    asked: load.asked.length,
    lost: failed.length,
    p99: percentile(lateness(load.asked), 0.99),
    memory: peak,
    counts,
    remark,
  }
}

/** Process id of the server whose application has this version; the old one may have started a process late. @param {Load} load @param {{ version: string, before: number, seconds: number }} wanted */
async function serverOf(load, { version, before, seconds }) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const found = load.asked.findLast(({ answer }) => answer?.version === version && answer.server !== String(before))
    if (found !== undefined) return Number(found.answer?.server)
    await delay(20)
  }
  return undefined
}

/** @param {number} pid @param {number} seconds */
async function ends(pid, seconds) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    if (!isAlive(pid)) return true
    await delay(50)
  }
  return false
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
