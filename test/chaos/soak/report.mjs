import { markdownTable } from '../../../bench/table.mjs'
import { difference } from './snapshot.mjs'

/** How much more memory there may be than after the warm-up. */
const MORE = 0.1

/**
 * @typedef {object} Found
 * @property {import('./snapshot.mjs').Snapshot} before
 * @property {import('./snapshot.mjs').Snapshot} after
 * @property {import('./traffic.mjs').Traffic} traffic
 * @property {import('./trouble.mjs').Trouble} trouble
 * @property {{ code: number | string, processes: number, files: readonly string[] }} end when the server had been told to stop
 */

/** @param {Found} found @returns {{ text: string, passed: boolean }} */
export function report({ before, after, traffic, trouble, end }) {
  const memory = /** @type {const} */ ([
    ['memory of the server', 'server'],
    ['its heap and buffers, after a collection', 'heap'],
    ['memory of the Python processes', 'hosts'],
  ]).map(([what, key]) => ({ what, from: before[key], to: after[key], good: after[key] <= before[key] * (1 + MORE) }))
  const lists = /** @type {const} */ ([
    ['descriptors of the server', 'descriptors'],
    ['descriptors of the Python processes', 'hostDescriptors'],
    ['processes', 'processes'],
    ['temporary files', 'files'],
  ]).map(([what, key]) => ({ what, key, more: difference(before[key], after[key]) }))
  const rows = [
    ...memory.map(({ what, from, to, good }) => [
      what,
      mebibytes(from),
      mebibytes(to),
      `${percent(from, to)}${good ? '' : ' TOO MUCH'}`,
    ]),
    ...lists.map(({ what, key, more }) => [
      what,
      String(before[key].length),
      String(after[key].length),
      more.join(', ') || 'none',
    ]),
  ]
  const { wrong } = traffic
  const stopped = end.code === 0 && end.processes === 0 && end.files.length === 0
  const passed = memory.every(({ good }) => good) && lists.every(({ more }) => more.length === 0) && wrong.length === 0 && stopped
  const text = [
    `\n${markdownTable(['', 'after the warm-up', 'at the end', 'difference'], rows)}`,
    `\n${markdownTable(['traffic', 'right', 'cut by a kill, or by its deadline', 'wrong'], trafficRows(traffic))}`,
    `\n${trouble.kills} kills, ${trouble.reloads} reloads. Stopped with ${end.code}; left behind: ${end.processes} processes, ${end.files.length} files${end.files.length > 0 ? `: ${end.files.join(', ')}` : ''}.`,
    ...listed('After the warm-up', before),
    ...listed('At the end', after),
    passed ? '\nPassed.' : `\nFAILED.${wrong.length > 0 ? ` ${wrong.join('; ')}` : ''}`,
  ]
  return { text: text.join('\n'), passed }
}

/** @param {import('./traffic.mjs').Traffic} traffic */
function trafficRows(traffic) {
  const shown = (/** @type {Map<string, number>} */ counts) =>
    [...counts].map(([what, count]) => `${count} × ${what}`).join(', ') || '0'
  return [...traffic.counts].map(([name, { right, allowed, wrong }]) => [name, String(right), shown(allowed), shown(wrong)])
}

/** @param {string} when @param {import('./snapshot.mjs').Snapshot} found @returns {string[]} */
function listed(when, { pids, processes, descriptors, hostDescriptors, files }) {
  return [
    `\n${when}:\n`,
    `- processes ${pids.join(', ')}: ${tally(processes)}`,
    `- descriptors of the server: ${tally(descriptors)}`,
    `- descriptors of the Python processes: ${tally(hostDescriptors)}`,
    `- temporary files: ${tally(files) || 'none'}`,
  ]
}

/** @param {readonly string[]} list */
function tally(list) {
  const counts = new Map()
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].map(([what, count]) => (count === 1 ? what : `${count} × ${what}`)).join(', ')
}

/** @param {number} bytes */
const mebibytes = (bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
/** @param {number} from @param {number} to */
const percent = (from, to) => `${to >= from ? '+' : ''}${((to / from - 1) * 100).toFixed(1)} %`
