// `npm run chaos`: what clients notice while a server is killed, reloaded, overloaded and abused; Plait beside its peers.
import { existsSync } from 'node:fs'
import { describeMachine } from '../../bench/machine.mjs'
import { servers } from '../../bench/servers.mjs'
import { markdownTable, mebibytes } from '../../bench/table.mjs'
import { ensureVenv } from '../../bench/venv.mjs'
import { parseOptions, usage } from './options.mjs'
import { play } from './play.mjs'
import { scenarios } from './scenarios.mjs'

const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`)
const progress = (/** @type {string} */ text) => process.stderr.write(`${text}\n`)

/**
 * @typedef {object} Played
 * @property {string} scenario
 * @property {string} server
 * @property {import('./scenarios.mjs').Outcome} [outcome] none when it cannot play
 * @property {string} [why]
 */

/** @param {import('./options.mjs').Options} options @returns {Promise<Played[]>} */
async function playAll(options) {
  const alone = options.servers.every((name) => name === 'plait')
  if (!alone) ensureVenv(options.python)
  /** @type {Played[]} */
  const played = []
  for (const scenario of scenarios.filter(({ name }) => options.scenarios.includes(name))) {
    for (const server of servers.filter(({ name }) => options.servers.includes(name))) {
      const known = { scenario: scenario.name, server: server.name }
      const cannot = scenario.cannot?.[server.name]
      if (cannot !== undefined) played.push({ ...known, why: cannot })
      else {
        const outcome = await play(scenario, server, { ...options, python: alone ? options.python : undefined })
        played.push({ ...known, outcome })
        progress(`${scenario.name} ${server.name}: ${outcome.lost} of ${outcome.asked} lost; ${outcome.remark}`)
      }
    }
  }
  return played
}

/** @param {readonly Played[]} played */
function table(played) {
  const rows = played.map(({ scenario, server, outcome, why }) =>
    outcome === undefined
      ? [scenario, server, '–', '–', '–', why ?? '']
      : [
          scenario,
          server,
          `${outcome.lost} of ${outcome.asked}`,
          Number.isNaN(outcome.p99) ? '–' : outcome.p99.toFixed(outcome.p99 < 10 ? 1 : 0),
          mebibytes(outcome.memory),
          outcome.remark,
        ],
  )
  return markdownTable(['scenario', 'server', 'lost', 'p99 ms', 'MiB above idle', ''], rows)
}

/** @param {import('./options.mjs').Options} options */
async function run(options) {
  const machine = describeMachine(servers.filter(({ name }) => options.servers.includes(name)))
  const played = await playAll(options)
  if (options.json) say(JSON.stringify({ machine, played }))
  else {
    say(`${machine.cores} cores (${machine.cpu}), ${machine.memory}, Linux ${machine.linux}. ${machine.versions.join(', ')}.\n`)
    for (const { name, title } of scenarios.filter(({ name }) => options.scenarios.includes(name))) say(`- ${name}: ${title}`)
    say(`\n${table(played)}`)
  }
  // The others may lose what they lose.
  const losses = played.filter(({ server, outcome }) => server === 'plait' && outcome !== undefined && outcome.lost > 0)
  for (const { scenario, outcome } of losses) progress(`Plait lost ${outcome?.lost} requests in ${scenario}`)
  if (losses.length > 0) process.exitCode = 1
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') say(usage)
  else {
    if (!existsSync('/proc/self/smaps_rollup')) throw new Error('It reads processes and memory from /proc: run it on Linux')
    process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143))
    await run(options)
  }
} catch (error) {
  progress(error instanceof Error ? (error.stack ?? error.message) : String(error))
  // Clients of a scenario that broke off would go on.
  process.exit(1)
}
