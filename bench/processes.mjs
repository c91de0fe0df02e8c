import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/**
 * @typedef {object} Stat
 * @property {number} pid
 * @property {number} parent
 * @property {number} session
 * @property {number} cpu seconds of user and system time, with that of reaped children
 */

/** One process's line of /proc, undefined when it has gone. @param {number} pid @returns {Stat | undefined} */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // proc(5): the command, field 2, may hold spaces and parentheses; field 3 follows the last ')'.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
    return { pid, parent: fields[1] ?? 0, session: fields[3] ?? 0, cpu: (utime + stime + cutime + cstime) / ticksPerSecond }
  } catch {
    return undefined
  }
}

/**
 * All processes of a server: its session (it was started as leader of its own) and every descendant.
 * @param {number} leader
 * @returns {Stat[]}
 */
export function processesOf(leader) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => stat(Number(name)))
  const known = all.filter((entry) => entry !== undefined)
  const members = new Set(known.filter((entry) => entry.pid === leader || entry.session === leader).map((entry) => entry.pid))
  for (let before = -1; before !== members.size;) {
    before = members.size
    for (const entry of known) if (members.has(entry.parent)) members.add(entry.pid)
  }
  return known.filter((entry) => members.has(entry.pid))
}

/**
 * CPU seconds that a server has used so far. A child that is reaped in between moves to its parent's share: nothing is lost.
 * @param {number} leader
 */
export function cpuSecondsOf(leader) {
  return processesOf(leader).reduce((sum, entry) => sum + entry.cpu, 0)
}

/** CPU seconds of the children that this process has reaped: the loader's. */
export function cpuSecondsOfReaped() {
  const text = readFileSync('/proc/self/stat', 'latin1')
  const [cutime = 0, cstime = 0] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .map(Number)
  return (cutime + cstime) / ticksPerSecond
}

/** Busy CPU seconds of the whole machine since it started. */
export function cpuSecondsOfMachine() {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) / ticksPerSecond
}

/**
 * Memory of a server in bytes: the proportional set size, which counts a page shared by n processes as 1/n in each.
 * @param {number} leader
 */
export function memoryOf(leader) {
  let kibibytes = 0
  for (const { pid } of processesOf(leader)) {
    try {
      kibibytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0)
    } catch {
      // The process has ended since it was listed.
    }
  }
  return kibibytes * 1024
}
