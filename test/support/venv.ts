/**
 * Python packages that tests need, in virtual environments below `.venvs/`: made when they are first needed, and again when the list of
 * packages changes or the interpreter is gone. Run it as a program to make them all before the tests start.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from './paths.ts'

const run = promisify(execFile)

/** A virtual environment. */
export interface Environment {
  /** Its folder, absolute. */
  readonly folder: string
  /** The list of its packages, absolute. */
  readonly requirements: string
  /** What is in it, in words. */
  readonly what: string
  /** The oldest Python that its packages take. */
  readonly wanted: readonly [major: number, minor: number]
}

/** The frameworks that the end-to-end tests serve. Django 5.2 is the most demanding of them. */
export const frameworks: Environment = {
  folder: `${root}/.venvs/test`,
  requirements: `${root}/test/fixtures/apps/requirements.txt`,
  what: 'Flask, Django, Bottle, Falcon and Pyramid',
  wanted: [3, 10],
}

/** Twisted itself, to compare with. */
export const twisted: Environment = {
  folder: `${root}/.venvs/twisted`,
  requirements: `${root}/test/fixtures/twisted/requirements.txt`,
  what: 'Twisted',
  wanted: [3, 10],
}

/** The environment's interpreter, or why there is none. */
export type Venv = { readonly python: string } | { readonly missing: string }

/**
 * The environment as it lies on the disk; makes nothing.
 * @returns `missing` says what to do, when there is none for the present list of packages.
 */
export function findVenv(environment: Environment = frameworks): Venv {
  const python = `${environment.folder}/bin/python`
  const stamp = stampOf(environment)
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8').split('\n')[0] === fingerprint(environment)) {
    return { python }
  }
  const failure = failureOf(environment)
  if (existsSync(failure)) return { missing: readFileSync(failure, 'utf8').trim() }
  return { missing: `Not installed: ${environment.what}. Run node build/test/support/venv.js` }
}

/**
 * Makes the environment unless it is there already.
 * @param python the interpreter that it is made of
 */
export async function makeVenv(environment: Environment, python: string = 'python3'): Promise<Venv> {
  const found = findVenv(environment)
  if ('python' in found) return found
  const { folder, requirements, what } = environment
  mkdirSync(path.dirname(folder), { recursive: true })
  try {
    await refuseOldPython(python, environment)
    process.stderr.write(`Installing ${what} into ${folder}\n`)
    rmSync(folder, { recursive: true, force: true })
    await run(python, ['-m', 'venv', folder])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]
    await run(`${folder}/bin/python`, pip)
    writeFileSync(stampOf(environment), `${fingerprint(environment)}\n`)
    rmSync(failureOf(environment), { force: true })
    return findVenv(environment)
  } catch (error) {
    const missing = `Could not be installed: ${what}: ${reason(error)}`
    writeFileSync(failureOf(environment), missing)
    return { missing }
  }
}

async function refuseOldPython(python: string, { wanted }: Environment): Promise<void> {
  const { stdout } = await run(python, ['-c', 'import sys; print(*sys.version_info[:2])'])
  const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number)
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1]))
    throw new Error(`${python} is Python ${major}.${minor}, and ${wanted.join('.')} is needed`)
}

function stampOf({ folder }: Environment): string {
  return `${folder}/made-of.txt`
}

/** Written when the packages could not be had, so that each test file does not wait for the network again. */
function failureOf({ folder }: Environment): string {
  return `${folder}-failed.txt`
}

function fingerprint({ requirements }: Environment): string {
  return createHash('sha256').update(readFileSync(requirements)).digest('hex')
}

/** The last line that the failed program wrote says most. */
function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  const lines = (stderr ?? '').trim().split('\n')
  return lines.findLast((line) => line.startsWith('ERROR')) || lines.at(-1) || message
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const environment of [frameworks, twisted]) {
    rmSync(failureOf(environment), { force: true })
    const venv = await makeVenv(environment)
    if ('missing' in venv) {
      const bar = '*'.repeat(72)
      process.stderr.write(`${bar}\n${venv.missing}\nThe tests that need it are skipped.\n${bar}\n`)
      if (process.env['CI'] === 'true') process.exitCode = 1
    }
  }
}
