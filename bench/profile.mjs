// Where the time of a Node process went: `node bench/profile.mjs FILE.cpuprofile [ROWS]`, self time by function and by file.
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} ProfileNode
 * @property {number} id
 * @property {{ functionName: string, url: string, lineNumber: number }} callFrame
 */

const [file = '', rows = '25'] = process.argv.slice(2)
/** @type {{ nodes: ProfileNode[], samples: number[], timeDeltas: number[] }} */
const profile = JSON.parse(readFileSync(file, 'utf8'))
const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
/** @type {Map<string, number>} */
const byFunction = new Map()
/** @type {Map<string, number>} */
const byFile = new Map()
let busy = 0

profile.samples.forEach((id, i) => {
  const frame = nodes.get(id)
  const microseconds = profile.timeDeltas[i] ?? 0
  if (frame === undefined || frame.functionName === '(idle)') return
  busy += microseconds
  const place = frame.url.replace(/^.*\/(dist|node_modules)\//, '$1/') || '(native)'
  add(byFile, place, microseconds)
  add(byFunction, `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`, microseconds)
})
print('self time by function', byFunction)
print('self time by file', byFile)

/** @param {Map<string, number>} totals @param {string} key @param {number} microseconds */
function add(totals, key, microseconds) {
  totals.set(key, (totals.get(key) ?? 0) + microseconds)
}

/** @param {string} title @param {ReadonlyMap<string, number>} totals */
function print(title, totals) {
  const sorted = [...totals].sort((a, b) => b[1] - a[1]).slice(0, Number(rows))
  process.stdout.write(`\n${title} (${(busy / 1e6).toFixed(2)} s busy)\n`)
  for (const [key, microseconds] of sorted)
    process.stdout.write(`${((microseconds * 100) / busy).toFixed(1).padStart(6)} %  ${key}\n`)
}
