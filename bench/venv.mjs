import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '../.venvs/bench')
const requirements = `${import.meta.dirname}/requirements.txt`
const stamp = `${folder}/bench-requirements.txt`

/**
 * Makes .venvs/bench and installs the pinned servers and frameworks, when that has not been done for these pins yet.
 * @param {string} python the interpreter that the environment is made of, 3.10 or newer
 */
export function ensureVenv(python) {
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write(`Installing the servers to compare with into ${folder}\n`)
  const run = (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  run(python, '-m', 'venv', folder)
  run(`${folder}/bin/python`, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements)
  writeFileSync(stamp, wanted)
}

/** Version of every pinned distribution. @returns {Map<string, string>} */
export function pinnedVersions() {
  const lines = readFileSync(requirements, 'utf8')
    .split('\n')
    .filter((line) => line.includes('=='))
  return new Map(lines.map((line) => /** @type {[string, string]} */ (line.trim().split('=='))))
}

/** `Python 3.x.y` of the environment; undefined where there is none, because nothing that was measured needs it. */
export function pythonVersion() {
  if (!existsSync(`${folder}/bin/python`)) return undefined
  return execFileSync(`${folder}/bin/python`, ['--version'], { encoding: 'utf8' }).trim()
}
