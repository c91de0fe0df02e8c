// What a server has at a time when it does nothing: memory, descriptors, processes, files.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { processesOf } from '../../../bench/processes.mjs'

/**
 * @typedef {object} Snapshot
 * @property {number} server bytes of resident memory
 * @property {number} heap bytes of the server's heap and buffers, after a collection
 * @property {number} hosts bytes of resident memory of all Python processes
 * @property {string[]} descriptors of the server, with what they lead to
 * @property {string[]} hostDescriptors
 * @property {string[]} processes
 * @property {number[]} pids of all processes, the server first
 * @property {string[]} files
 */

/**
 * @param {{ pid: number, url: string, folder: string }} of `folder` has the temporary files of the server and of its processes
 * @returns {Promise<Snapshot>}
 */
export async function snapshot({ pid, url, folder }) {
  const response = await fetch(`${url}/heap`, { headers: { connection: 'close' } })
  const { heap } = /** @type {{ heap: number }} */ (await response.json())
  // The connection that has brought it is to be gone.
  await delay(1000)
  const others = processesOf(pid).filter((one) => one.pid !== pid)
  return {
    server: resident(pid),
    heap,
    hosts: others.reduce((sum, one) => sum + resident(one.pid), 0),
    descriptors: descriptorsOf(pid),
    hostDescriptors: others.flatMap((one) => descriptorsOf(one.pid)).sort(),
    pids: [pid, ...others.map((one) => one.pid)],
    processes: [pid, ...others.map((one) => one.pid)].map(commandOf).sort(),
    files: readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
  }
}

/** @param {number} pid */
export function resident(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
}

/** Without the numbers that are new each time. @param {number} pid */
export function descriptorsOf(pid) {
  const found = []
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.push(
        readlinkSync(`/proc/${pid}/fd/${name}`)
          .replace(/^(socket|pipe):\[\d+\]$/, '$1')
          .replace(/^\/proc\/\d+\//, '/proc/PID/'),
      )
    } catch {
      // It was the one that lists them.
    }
  }
  return found.sort()
}

/** @param {number} pid */
function commandOf(pid) {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').filter(Boolean)
  return words.length === 0
    ? '(a zombie)'
    : words
        .map((word) => word.slice(word.lastIndexOf('/') + 1))
        .join(' ')
        .slice(0, 80)
}

/**
 * What is in one list and not in the other, as often as it is.
 * @param {readonly string[]} before
 * @param {readonly string[]} after
 * @returns {string[]} with `+` and `-` in front
 */
export function difference(before, after) {
  const left = [...before]
  const more = []
  for (const one of after) {
    const index = left.indexOf(one)
    if (index >= 0) left.splice(index, 1)
    else more.push(`+ ${one}`)
  }
  return [...more, ...left.map((one) => `- ${one}`)]
}
