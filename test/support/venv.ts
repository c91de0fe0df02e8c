/**
 * The Python frameworks that the end-to-end tests serve: `.venvs/test`, made when it is first needed and again when
 * test/fixtures/apps/requirements.txt changes or its interpreter is gone. Run it as a program to make it before the tests start.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from './paths.ts'

const run = promisify(execFile)

/** The folder of the environment. */
export const venvFolder: string = `${root}/.venvs/test`
const requirements = `${root}/test/fixtures/apps/requirements.txt`
const stamp = `${venvFolder}/made-of.txt`
/** Written when the packages could not be had, so that each test file does not wait for the network again. */
const failure = `${root}/.venvs/test-failed.txt`
/** Django 5.2 is the most demanding of the frameworks. */
const wanted: readonly [number, number] = [3, 10]

/** The environment's interpreter, or why there is none. */
export type Venv = { readonly python: string } | { readonly missing: string }

/**
 * The environment as it lies on the disk; makes nothing.
 * @returns `missing` says what to do, when there is none for the present list of packages.
 */
export function findVenv(): Venv {
  const python = `${venvFolder}/bin/python`
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8').split('\n')[0] === fingerprint()) return { python }
  if (existsSync(failure)) return { missing: readFileSync(failure, 'utf8').trim() }
  return { missing: 'The Python frameworks are not installed: run node build/test/support/venv.js' }
}

/**
 * Makes the environment unless it is there already.
 * @param python the interpreter that it is made of
 */
export async function makeVenv(python: string = 'python3'): Promise<Venv> {
  const found = findVenv()
  if ('python' in found) return found
  try {
    await refuseOldPython(python)
    process.stderr.write(`Installing Flask, Django, Bottle, Falcon and Pyramid into ${venvFolder}\n`)
    rmSync(venvFolder, { recursive: true, force: true })
    await run(python, ['-m', 'venv', venvFolder])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]
    await run(`${venvFolder}/bin/python`, pip)
    writeFileSync(stamp, `${fingerprint()}\n`)
    rmSync(failure, { force: true })
    return findVenv()
  } catch (error) {
    const missing = `The Python frameworks could not be installed: ${reason(error)}`
    writeFileSync(failure, missing)
    return { missing }
  }
}

async function refuseOldPython(python: string): Promise<void> {
  const { stdout } = await run(python, ['-c', 'import sys; print(*sys.version_info[:2])'])
  const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number)
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1]))
    throw new Error(`${python} is Python ${major}.${minor}, and they need ${wanted.join('.')}`)
}

function fingerprint(): string {
  return createHash('sha256').update(readFileSync(requirements)).digest('hex')
}

/** The last line that the failed program wrote says most. */
function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  const lines = (stderr ?? '').trim().split('\n')
  return lines.findLast((line) => line.startsWith('ERROR')) || lines.at(-1) || message
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(failure, { force: true })
  const venv = await makeVenv()
  if ('missing' in venv) {
    const bar = '*'.repeat(72)
    process.stderr.write(`${bar}\n${venv.missing}\nThe end-to-end tests that need them are skipped.\n${bar}\n`)
    if (process.env['CI'] === 'true') process.exitCode = 1
  }
}
