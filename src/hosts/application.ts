import { existsSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../errors.ts'
import { callingModule } from '../modules/calling-module.ts'
import type { WSGIApplication } from './javascript/wsgi.ts'
import { functionOrigin } from './javascript/function-origin.ts'
import { checkPreload } from './python/preload/check-preload.ts'

/** Where an application may run: in processes of the user's own Python, in threads as TypeScript, or in threads as Python in WebAssembly. */
export type RunIn = 'python' | 'javascript' | 'pyodide'

/** An application with its own interpreter, directory or environment. */
export interface ApplicationSpec {
  /**
   * Its name: `foo.application`, `pkg.mod:attr`, `pkg:create_app()` (literal arguments), `./legacy/wsgi.py:application`. In TypeScript: `./app.ts#application`, or the
   * function itself, where a module exports it.
   */
  application: string | WSGIApplication
  /** @default by the name; a Python application runs in `pyodide` where no usable Python is found */
  runIn?: RunIn
  /** Interpreter: a path, the folder of a venv, or a name on PATH. @default found, see `findPython` */
  python?: string
  /**
   * Directory in which the application runs and from which it is imported.
   * @default for a script or service file that has the application beside it: its own directory; else the server's working directory
   */
  cwd?: string
  /**
   * Linux: one process imports it, and those that serve are forked from that one. They share its memory, and start in milliseconds.
   * @default false
   */
  preload?: boolean
  /** With `preload`: a function of Python, `module:function`, that is called without arguments in the process that has imported, before each fork. @default none */
  preFork?: string
  /** A function of Python, likewise, that is called in each process before its first request, with `preload` and without. @default none */
  postFork?: string
  /** Environment variables set beside the server's own. @default none */
  env?: Readonly<Record<string, string>>
  /**
   * For worker threads: MiB that each may have, buffers included. In TypeScript one that keeps more is replaced when it has nothing to do, and one that takes twice as much
   * (garbage included, and 32 MiB) is ended at once: 502. In Pyodide it gets `MemoryError`.
   * @default 1024
   */
  memory?: number
  /** For Pyodide: folders of packages beside those of the venv. @default none */
  pythonPath?: readonly string[]
  /** For Pyodide: folders that the application may write to; everything else that it sees of the machine is read-only. @default none */
  writable?: readonly string[]
  /** For worker threads: seconds that a request may take; then its thread is ended, and another one made. 0 = no limit. @default 0 */
  timeout?: number
}

/** How users name an application. */
export type ApplicationReference = string | WSGIApplication | ApplicationSpec

/** An application, settled: equal keys mean the same application, which then shares hosts. */
export interface Application {
  readonly key: string
  /** Undefined: Python, where it runs is found out when it starts. */
  readonly runIn: RunIn | undefined
  /** Of an application in TypeScript. */
  readonly module: ModuleExport | undefined
  readonly memory: number | undefined
  readonly timeout: number
  /** Absolute, both. */
  readonly pythonPath: readonly string[]
  readonly writable: readonly string[]
  /** As the user wrote it. */
  readonly name: string
  readonly python: string | undefined
  readonly preload: boolean
  readonly preFork: string | undefined
  readonly postFork: string | undefined
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** An export of a module, or a function that it has marked. */
export interface ModuleExport {
  /** Absolute path of its file. */
  readonly file: string
  /** A name, or which of the functions that the file marks by `wsgiApplication`. Undefined: found out when it starts. */
  readonly name: string | number | undefined
  /** The function itself, where it was given in place of a name. */
  readonly application: WSGIApplication | undefined
}

/** Settles a reference. Throws `PLAIT_CONFIGURATION` when it is none. Nothing is imported yet. */
export function resolveApplication(reference: ApplicationReference): Application {
  const spec: ApplicationSpec = isSpec(reference) ? reference : { application: reference }
  const { application: given, python, preload = false, preFork, postFork, memory, timeout = 0 } = spec
  if (typeof given !== 'function' && (typeof given !== 'string' || given.trim() === '')) throw noApplication(reference)
  const module = typeof given === 'function' ? functionOrigin(given) : moduleExport(given.trim(), spec.cwd)
  const name = typeof given === 'string' ? given.trim() : `${given.name || 'a function'} of ${module?.file}`
  const runIn = spec.runIn ?? (module === undefined ? undefined : 'javascript')
  if ((runIn === 'javascript') !== (module !== undefined)) throw wrongPlace(name, runIn)
  checkPreload(name, spec, runIn)
  if (memory !== undefined && !(memory >= 1)) throw wrongLimit(name, `memory is a number of MiB from 1, not ${memory}`)
  if (!(timeout >= 0)) throw wrongLimit(name, `timeout is a number of seconds from 0, not ${timeout}`)
  const cwd = path.resolve(spec.cwd ?? (module === undefined ? directoryOfCaller(name) : undefined) ?? '.')
  const env = Object.freeze({ ...spec.env })
  const [pythonPath = [], writable = []] = [spec.pythonPath, spec.writable].map((folders = []) =>
    folders.map((one) => path.resolve(cwd, one)),
  )
  const identity = [
    name,
    python ?? null,
    cwd,
    Object.entries(env).toSorted(),
    runIn ?? null,
    module?.file ?? null,
    memory ?? 0,
    timeout,
    pythonPath,
    writable,
    preload,
    preFork ?? null,
    postFork ?? null,
  ]
  const key = JSON.stringify(identity) + (typeof given === 'function' ? `#${numberOf(given)}` : '')
  const where = { runIn, module, python, cwd, env, pythonPath, writable }
  return Object.freeze({ key, name, ...where, memory, timeout, preload, preFork, postFork })
}

/**
 * A module whose functions are called in threads (`callInThread`).
 * @param file relative to the script that names it, or to the working directory
 * @throws PlaitError `PLAIT_CONFIGURATION` for what is no file of TypeScript or JavaScript
 */
export function resolveFunctions(file: string): Application {
  const found = moduleExport(file, undefined)?.file
  if (found === undefined) {
    const message = `Cannot call a function of ${JSON.stringify(file)} in a thread: say './tasks.ts#name', with a file of TypeScript or JavaScript`
    throw new PlaitError('PLAIT_CONFIGURATION', message)
  }
  const module = { file: found, name: undefined, application: undefined }
  const nothing = { python: undefined, memory: undefined, timeout: 0, pythonPath: [], writable: [], env: Object.freeze({}) }
  const noForks = { preload: false, preFork: undefined, postFork: undefined }
  return Object.freeze({
    key: `functions of ${found}`,
    name: file,
    runIn: 'javascript',
    module,
    cwd: path.resolve('.'),
    ...nothing,
    ...noForks,
  })
}

function isSpec(reference: ApplicationReference): reference is ApplicationSpec {
  return typeof reference === 'object' && reference !== null
}

/** True for what names an export of a TypeScript or JavaScript file. */
export function namesModule(text: string): boolean {
  return moduleName.test(text.trim())
}

const moduleName = /^(.+\.[cm]?[jt]s)(?:#(.+))?$/

/** `./app.ts#application`: a file of TypeScript or JavaScript, and the name of an export, `application` without one. */
function moduleExport(text: string, cwd: string | undefined): ModuleExport | undefined {
  const [, file, name = 'application'] = moduleName.exec(text) ?? []
  if (file === undefined) return undefined
  const script = cwd === undefined ? callingModule() : undefined
  const beside = script === undefined ? undefined : path.resolve(path.dirname(script), file)
  const found = beside !== undefined && existsSync(beside) ? beside : path.resolve(cwd ?? '.', file)
  return { file: found, name, application: undefined }
}

const numbers = new WeakMap<object, number>()
let lastNumber = 0

/** Functions have no name that would tell one from another. */
function numberOf(application: object): number {
  const number = numbers.get(application) ?? ++lastNumber
  numbers.set(application, number)
  return number
}

function noApplication(reference: unknown): PlaitError {
  return new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot serve ${JSON.stringify(reference) ?? String(reference)}: an application is named like 'foo.application', 'pkg.mod:attr', './wsgi.py:application' or './app.ts#application'`,
  )
}

function wrongPlace(name: string, runIn: RunIn | undefined): PlaitError {
  return new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot run ${name} in ${runIn}: 'javascript' is for files of TypeScript and JavaScript, 'python' and 'pyodide' are for Python`,
  )
}

function wrongLimit(name: string, why: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot run ${name}: ${why}`)
}

/** The directory of the script that names the application, where it lies there. */
function directoryOfCaller(name: string): string | undefined {
  const script = callingModule()
  if (script === undefined) return undefined
  const directory = path.dirname(script)
  const [file] = /^[^:]*\.py(?=:|$)/.exec(name) ?? []
  const [top = ''] = name.split(/[.:]/)
  const places = file === undefined ? [`${top}.py`, `${top}/__init__.py`] : [file]
  return places.some((place) => existsSync(path.resolve(directory, place))) ? directory : undefined
}
