import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const here = import.meta.dirname

/**
 * @typedef {object} LoadResult
 * @property {number} requests answered requests
 * @property {number} seconds time measured
 * @property {number} p50 median latency, µs
 * @property {number} p99 99th percentile of the latency, µs
 * @property {number} errors connect, read, write and timeout errors and statuses of 400 and above
 */

/** The first line of `wrk --version`, undefined where wrk is not installed. @returns {string | undefined} */
export function wrkVersion() {
  try {
    return execFileSync('wrk', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0]
  } catch (error) {
    // wrk exits with 1 after it has printed its version.
    const output = /** @type {{ stdout?: string }} */ (error).stdout
    return output?.startsWith('wrk') ? output.split('\n')[0]?.replace(/ Copyright.*/, '') : undefined
  }
}

/**
 * Loads one URL from its own process, so that the loader has a core of its own.
 * @param {object} load
 * @param {string} load.url
 * @param {number} load.connections
 * @param {number} load.seconds
 * @param {number} load.bodyBytes size of the POSTed body, 0 for GET
 * @param {boolean} load.wrk whether wrk is installed
 * @returns {Promise<LoadResult>}
 */
export async function runLoad({ url, connections, seconds, bodyBytes, wrk }) {
  const [command, args] = wrk
    ? ['wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', `${here}/wrk.lua`, url, '--', String(bodyBytes)]]
    : [process.execPath, [`${here}/node-load.mjs`, url, String(connections), String(seconds), String(bodyBytes)]]
  const { stdout } = await execute(command, args, { timeout: (seconds + 30) * 1000 })
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`Cannot read the loader's output: ${stdout.slice(0, 500)}`)
  return JSON.parse(line)
}
