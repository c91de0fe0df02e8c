import { parseArgs } from 'node:util'
import { cases } from './cases.mjs'
import { servers } from './servers.mjs'

export const usage = `npm run bench -- [options]

  --case NAME      only this case, repeatable: ${[...cases.map((entry) => entry.name), 'memory'].join(', ')}
  --server NAME    only this server, repeatable: ${servers.map((server) => server.name).join(', ')}
  --rounds N       rounds; every server is started anew in every round (default 3)
  --seconds N      seconds of load in each round, after 1 s of warm-up (default 5)
  --connections N  connections of the loader (default 64)
  --python PATH    the interpreter of the environment, Python 3.10 or newer (default python3)
  --json FILE      also write every single measurement
  --profile DIR    write a CPU profile of each server that Node runs, then show it: node bench/profile.mjs FILE
  --help
`

/**
 * @typedef {object} Options
 * @property {readonly string[]} cases names, `memory` among them
 * @property {readonly string[]} servers names
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} connections
 * @property {string} python
 * @property {string | undefined} json
 * @property {string | undefined} profile
 */

/**
 * @param {readonly string[]} args
 * @returns {Options | 'help'}
 * @throws {Error} naming the option that is wrong and what it may be
 */
export function parseOptions(args) {
  const number = { type: /** @type {const} */ ('string') }
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      server: { type: 'string', multiple: true },
      rounds: number,
      seconds: number,
      connections: number,
      python: { type: 'string', default: 'python3' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    cases: chosen('--case', values.case, [...cases.map((entry) => entry.name), 'memory']),
    servers: chosen(
      '--server',
      values.server,
      servers.map((server) => server.name),
    ),
    rounds: wholeNumber('--rounds', values.rounds, 3),
    seconds: wholeNumber('--seconds', values.seconds, 5),
    connections: wholeNumber('--connections', values.connections, 64),
    python: values.python,
    json: values.json,
    profile: values.profile,
  }
}

/** @param {string} option @param {string[] | undefined} names @param {string[]} known @returns {readonly string[]} */
function chosen(option, names, known) {
  const wanted = names?.flatMap((name) => name.split(',')) ?? known
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`${option} does not know '${unknown}': use ${known.join(', ')}`)
  return known.filter((name) => wanted.includes(name))
}

/** @param {string} option @param {string | undefined} text @param {number} fallback */
function wholeNumber(option, text, fallback) {
  if (text === undefined) return fallback
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${option} must be a whole number of at least 1, not '${text}'`)
  return Number(text)
}
