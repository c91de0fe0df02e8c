// `npm run bench`: Plait beside its peers. README.md says what is measured and how.
import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cases } from './cases.mjs'
import { wrkVersion } from './load/load.mjs'
import { describeMachine } from './machine.mjs'
import { measure } from './measure.mjs'
import { measureMemory, memoryTable } from './memory.mjs'
import { parseOptions, usage } from './options.mjs'
import { servers, serves } from './servers.mjs'
import { caseTable, markdownTable, summarize } from './table.mjs'
import { isMet, targets } from './targets.mjs'
import { ensureVenv } from './venv.mjs'

const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`)
const progress = (/** @type {string} */ text) => process.stderr.write(`${text}\n`)

/**
 * Rounds of one case. The order of the servers shifts by one every round, so that none always runs first.
 * @param {import('./cases.mjs').Case} entry
 * @param {readonly import('./servers.mjs').Server[]} chosen
 * @param {import('./options.mjs').Options} options
 */
async function runCase(entry, chosen, options) {
  const able = chosen.filter((server) => serves(server, entry))
  /** @type {Map<string, import('./measure.mjs').Measurement[]>} */
  const rounds = new Map(able.map((server) => [server.name, []]))
  const nodeOptions = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`]
  const wrk = wrkVersion() !== undefined
  const load = { seconds: options.seconds, warmup: 1, connections: options.connections, wrk, nodeOptions }
  for (let round = 0; round < options.rounds; round++) {
    for (let i = 0; i < able.length; i++) {
      const server = able[(i + round) % able.length]
      if (server === undefined) continue
      const result = await measure(server, entry, load).catch((error) => failed(server, error))
      if (result === undefined) continue
      rounds.get(server.name)?.push(result)
      progress(`${entry.name} round ${round + 1} ${server.name}: ${result.rate.toFixed(0)} req/s, ${result.cpu.toFixed(1)} µs`)
    }
  }
  return new Map([...rounds].filter(([, results]) => results.length > 0))
}

/** A server that fails takes nothing from the others. @param {{ name: string }} server @param {unknown} error @returns {undefined} */
function failed(server, error) {
  progress(`${server.name}: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** @param {readonly import('./servers.mjs').Server[]} chosen */
async function runMemory(chosen) {
  /** @type {Map<string, import('./memory.mjs').MemoryResult>} */
  const results = new Map()
  for (const server of chosen.filter((candidate) => candidate.onlyCases === undefined)) {
    const result = await measureMemory(server).catch((error) => failed(server, error))
    if (result !== undefined) results.set(server.name, result)
  }
  return results
}

/** @param {import('./options.mjs').Options} options */
async function run(options) {
  const chosen = servers.filter((server) => options.servers.includes(server.name))
  const machine = describeMachine(chosen)
  say(`${machine.cores} cores (${machine.cpu}), ${machine.memory}, Linux ${machine.linux}. ${machine.versions.join(', ')}.`)
  say(`Loader: ${machine.loader}, ${options.connections} connections, ${options.seconds} s; medians of ${options.rounds} rounds.`)
  const measured = new Map()
  const summaries = new Map()
  for (const entry of cases.filter((candidate) => options.cases.includes(candidate.name))) {
    const rounds = await runCase(entry, chosen, options)
    const summary = new Map([...rounds].map(([name, results]) => [name, summarize(results)]))
    measured.set(entry.name, Object.fromEntries(rounds))
    summaries.set(entry.name, summary)
    say(`\n## ${entry.name}: ${entry.title}\n\n${caseTable(summary)}`)
  }
  const memory = options.cases.includes('memory') ? await runMemory(chosen) : new Map()
  if (memory.size > 0) say(`\n## memory: PSS of all processes, above idle\n\n${memoryTable(memory)}`)
  const promised = targets({ cases: summaries, memory })
  if (promised.length > 0) say(`\n## Targets\n\n${targetTable(promised)}`)
  const { json } = options
  if (json !== undefined) {
    writeFileSync(
      json,
      JSON.stringify(
        { machine, options, cases: Object.fromEntries(measured), memory: Object.fromEntries(memory), targets: promised },
        null,
        2,
      ),
    )
  }
}

/** Cases with files need no application. @param {import('./options.mjs').Options} options */
function needsPython(options) {
  return options.cases.some((name) => cases.find((entry) => entry.name === name)?.files !== true)
}

/** @param {readonly import('./targets.mjs').Target[]} list */
function targetTable(list) {
  const rows = list.map((t) => [t.what, `${t.direction} ${t.limit}`, (t.value ?? NaN).toFixed(2), isMet(t) ? 'met' : 'missed'])
  return markdownTable(['target', 'wanted', 'measured', ''], rows)
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') say(usage)
  else {
    if (!existsSync('/proc/self/smaps_rollup')) throw new Error('The bench reads CPU and memory from /proc: run it on Linux')
    if (needsPython(options)) ensureVenv(options.python)
    process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143))
    await run(options)
  }
} catch (error) {
  progress(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
