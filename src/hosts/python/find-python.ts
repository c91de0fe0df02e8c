import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'

/** The oldest Python that a host runs on. */
const OLDEST: readonly [number, number] = [3, 8]
/** An interpreter that has not told its version after this many milliseconds is none. */
const ASK_MS = 10_000
const QUESTION = 'import sys,json;print(json.dumps([list(sys.version_info[:3]),sys.implementation.name,sys.executable or ""]))'

/** Where to look. */
export interface FindPythonOptions {
  /** What the user asked for: a path, the folder of a venv, or a name on PATH. Nothing else is tried then. */
  python?: string
  /** The application's directory. */
  cwd: string
  /** The environment in which the application will run. */
  env: Readonly<Record<string, string | undefined>>
}

/** A place that was looked at, and what was there. */
export interface Tried {
  readonly where: string
  readonly result: string
}

/** The interpreter that was chosen. */
export interface FoundPython {
  readonly path: string
  /** `3.11.7` */
  readonly version: string
  readonly versionInfo: readonly [number, number, number]
  /** `CPython`, `PyPy` … */
  readonly implementation: string
  /** Why this one, in words. */
  readonly why: string
  readonly tried: readonly Tried[]
}

interface Candidate {
  readonly where: string
  readonly command: string
}

/**
 * Finds the interpreter for an application: the one asked for, else `VIRTUAL_ENV`, `.venv` or `venv` of the directory, the environment
 * of its uv or poetry project, `python3`, `python`.
 * Throws `PLAIT_PYTHON_NOT_FOUND`, or `PLAIT_PYTHON_TOO_OLD` (with the places tried as `detail`).
 */
export async function findPython(options: FindPythonOptions): Promise<FoundPython> {
  const asked = options.python !== undefined
  const tried: Tried[] = []
  let tooOld = false
  for await (const { where, command } of asked ? [askedFor(options)] : candidates(options)) {
    const answer = await ask(command, options)
    if (typeof answer === 'string') {
      tried.push({ where, result: answer })
      continue
    }
    const [version, implementation, executable] = answer
    const text = version.join('.')
    if (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1])) {
      tried.push({ where, result: `Python ${text}` })
      // The path as found, not sys.executable's target: a venv's python is a link, and only under its own name it is the venv's.
      const found = path.isAbsolute(command) ? command : executable || command
      return { path: found, version: text, versionInfo: version, implementation: properName(implementation), why: where, tried }
    }
    tooOld = true
    tried.push({ where, result: `Python ${text} is too old` })
  }
  throw notFound(tried, tooOld, asked)
}

function askedFor({ python = '', cwd, env }: FindPythonOptions): Candidate {
  const full = path.resolve(cwd, expandHome(python, env))
  if (existsSync(full) && statSync(full).isDirectory()) return { where: `the venv ${python}`, command: inVenv(full) }
  const isName = !python.includes('/') && !existsSync(full)
  return { where: `asked for: ${python}`, command: isName ? python : full }
}

function expandHome(file: string, env: FindPythonOptions['env']): string {
  return file.startsWith('~/') && env['HOME'] !== undefined ? path.join(env['HOME'], file.slice(2)) : file
}

async function* candidates({ cwd, env }: FindPythonOptions): AsyncGenerator<Candidate> {
  const { VIRTUAL_ENV, UV_PROJECT_ENVIRONMENT } = env
  if (VIRTUAL_ENV) yield { where: `VIRTUAL_ENV (${VIRTUAL_ENV})`, command: inVenv(VIRTUAL_ENV) }
  for (const name of ['.venv', 'venv']) {
    const folder = path.join(cwd, name)
    if (existsSync(folder)) yield { where: `the ${name} of ${cwd}`, command: inVenv(folder) }
  }
  const project = projectFolder(cwd)
  if (project !== undefined) {
    const uv = path.resolve(project, UV_PROJECT_ENVIRONMENT || '.venv')
    if (existsSync(uv)) yield { where: `the environment of the uv project ${project}`, command: inVenv(uv) }
    if (existsSync(path.join(project, 'poetry.lock'))) {
      const poetry = await run('poetry', ['env', 'info', '-p'], project, env)
      if (poetry.ok && poetry.output !== '')
        yield { where: `the environment of the poetry project ${project}`, command: inVenv(poetry.output) }
    }
  }
  yield { where: 'python3 on PATH', command: 'python3' }
  yield { where: 'python on PATH', command: 'python' }
}

/** The nearest folder upwards that has a pyproject.toml. */
function projectFolder(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'pyproject.toml'))) return folder
    if (folder === path.dirname(folder)) return undefined
  }
}

function inVenv(folder: string): string {
  return path.join(folder, 'bin', 'python')
}

type Answer = [version: [number, number, number], implementation: string, executable: string]

/** Asks an interpreter who it is; gives what went wrong as text. */
async function ask(command: string, { cwd, env }: FindPythonOptions): Promise<Answer | string> {
  const { ok, output } = await run(command, ['-I', '-c', QUESTION], cwd, env)
  if (!ok) return output
  try {
    return JSON.parse(output) as Answer
  } catch {
    return 'is no Python 3'
  }
}

function run(
  command: string,
  args: string[],
  cwd: string,
  env: FindPythonOptions['env'],
): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: existsSync(cwd) ? cwd : '/', env, timeout: ASK_MS, encoding: 'utf8' }, (error, stdout) => {
      if (error === null) resolve({ ok: true, output: stdout.trim() })
      else resolve({ ok: false, output: describe(error as NodeJS.ErrnoException & { killed?: boolean }) })
    })
  })
}

function describe(error: NodeJS.ErrnoException & { killed?: boolean }): string {
  if (error.code === 'ENOENT') return 'is not there'
  if (error.code === 'EACCES') return 'may not be executed'
  if (error.killed === true) return `gave no answer in ${ASK_MS / 1000} s`
  return 'is no Python 3'
}

function properName(implementation: string): string {
  return { cpython: 'CPython', pypy: 'PyPy' }[implementation] ?? implementation
}

function notFound(tried: readonly Tried[], tooOld: boolean, asked: boolean): PlaitError {
  const detail = tried.map(({ where, result }) => `  ${where}: ${result}`).join('\n')
  const advice = asked
    ? 'check --python'
    : 'install Python, make a venv in the directory of the application, or say --python PATH'
  const oldest = OLDEST.join('.')
  if (tooOld)
    return new PlaitError('PLAIT_PYTHON_TOO_OLD', `Plait needs Python ${oldest} or newer: ${advice}`, { status: 500, detail })
  return new PlaitError('PLAIT_PYTHON_NOT_FOUND', `There is no Python to run the application with: ${advice}`, {
    status: 500,
    detail,
  })
}
