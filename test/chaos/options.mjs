import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.mjs'

/** Those of the bench that can meet trouble. */
export const players = ['plait', 'granian', 'uwsgi', 'gunicorn', 'waitress']

export const usage = `npm run chaos -- [options]

  --scenario NAME  only this one, repeatable: ${scenarios.map(({ name }) => name).join(', ')}
  --server NAME    only this server, repeatable: ${players.join(', ')}
  --seconds N      seconds of load in each scenario (default: each has its own, up to 30)
  --python PATH    Python 3.10 or newer, for the environment of the others; for Plait, when it is alone (default python3)
  --json           what was measured, and nothing else
  --help
`

/**
 * @typedef {object} Options
 * @property {readonly string[]} scenarios
 * @property {readonly string[]} servers
 * @property {number | undefined} seconds
 * @property {string} python
 * @property {boolean} json
 */

/**
 * @param {readonly string[]} args
 * @returns {Options | 'help'}
 * @throws {Error} naming the option that is wrong and what it may be
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      server: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.seconds !== undefined && !/^[1-9]\d{0,3}$/.test(values.seconds))
    throw new Error(`--seconds must be a whole number of at least 1, not '${values.seconds}'`)
  return {
    scenarios: chosen('--scenario', values.scenario, {
      known: scenarios.map(({ name }) => name),
    }),
    servers: chosen('--server', values.server, { known: players }),
    seconds: values.seconds === undefined ? undefined : Number(values.seconds),
    python: values.python,
    json: values.json,
  }
}

/** @param {string} option @param {string[] | undefined} names @param {{ known: readonly string[] }} among @returns {readonly string[]} */
function chosen(option, names, { known }) {
  const wanted = names?.flatMap((name) => name.split(',')) ?? known
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`${option} does not know '${unknown}': use ${known.join(', ')}`)
  return known.filter((name) => wanted.includes(name))
}
