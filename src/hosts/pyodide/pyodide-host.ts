import { existsSync, realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'
import type { Application } from '../application.ts'
import type { Host, HostOptions } from '../host.ts'
import { letLoopsEnd } from '../worker/endless-loops.ts'
import { WorkerHost } from '../worker/worker-host.ts'
import { findPackages, type FoundPackages } from './find-packages.ts'
import { findPyodide } from './installed.ts'
import { planMounts } from './mounts.ts'
import type { ThreadData } from './thread/main.ts'

/** How to get it, for messages. */
export const HOW_TO_INSTALL = 'npm install pyodide'

/** The machine's time zones; see PYTHONTZPATH in `thread/interpreter.ts`. */
const ZONES = '/usr/share/zoneinfo'
/** Milliseconds that an application has to end a request in which it was interrupted. */
const GRACE_MS = 1000
/** Each has an interpreter, of about 80 MiB. */
const MOST_STREAMS = 8

/** Our Python package: it travels inside the package. */
const OWN_PYTHON = fileURLToPath(new URL('../../../python', import.meta.url))

/**
 * Worker threads with an interpreter each: CPython in WebAssembly.
 * @param because why not the machine's own Python, in words
 * @throws PlaitError `PLAIT_PYODIDE_NOT_FOUND`, `PLAIT_CONFIGURATION`
 */
export function createPyodideHost(options: HostOptions, because: string): Host {
  const { application, maxThreads, maxStreams = 0, multiprocess } = options
  const installed = findPyodide()
  if (installed === undefined) {
    throw new PlaitError('PLAIT_PYODIDE_NOT_FOUND', `Pyodide is not installed: ${HOW_TO_INSTALL}`, { status: 500 })
  }
  letLoopsEnd()
  const { cwd, env, python, memory, timeout } = application
  const environment = { ...process.env, ...env }
  const packages = findPackages({ cwd, env: environment, python })
  const paths = [...application.pythonPath, ...(packages === undefined ? [] : [packages.folder])]
  const data: ThreadData & { snapshot?: SharedArrayBuffer } & Record<string, unknown> = {
    pyodide: installed.folder,
    ownPython: OWN_PYTHON,
    files: planMounts([cwd, ...scriptFolder(application), ...paths, ...timeZones()], application.writable),
    memory: memory ?? defaults.pyodideMemory,
    settings: {
      application: application.name,
      // Over links they may not be seen.
      cwd: realpathSync(cwd),
      paths: paths.map((folder) => realpathSync(folder)),
      // What one thread keeps in its modules, another does not see.
      multiprocess: multiprocess || maxThreads + maxStreams > 1,
      reportImports: options.onImported !== undefined,
      responseWindow: defaults.responseWindow,
      inputWindow: defaults.inputWindow,
    },
  }
  return new WorkerHost(options, {
    runtime: {
      name: `CPython ${installed.python} in WebAssembly, Pyodide ${installed.version}`,
      executable: 'pyodide',
      why: because,
      notes: notes(application, packages),
    },
    language: 'Python',
    entry: new URL('./thread/main.js', import.meta.url),
    data,
    onLoaded: ({ snapshot }) => {
      if (snapshot !== undefined) data.snapshot = snapshot
    },
    env: environment,
    timeout,
    grace: GRACE_MS,
    startsAtOnce: availableParallelism(),
    mostStreams: MOST_STREAMS,
  })
}

/** `../legacy/wsgi.py:application` may lie outside the directory. */
function scriptFolder({ name, cwd }: Application): string[] {
  const [file] = /^[^:]*\.py(?=:|$)/.exec(name) ?? []
  return file === undefined ? [] : [path.dirname(path.resolve(cwd, file))]
}

/** Pyodide has no time zones of its own, and `zoneinfo` not even UTC without them. */
function timeZones(): string[] {
  return existsSync(ZONES) ? [ZONES] : []
}

/** What is different, for the start-up lines. */
function notes({ pythonPath, writable }: Application, packages: FoundPackages | undefined): string[] {
  const folders = [...pythonPath, ...(packages === undefined ? [] : [`${packages.folder} (${packages.why})`])]
  return [
    'each thread has an interpreter of its own; no threads, subprocesses or sockets in the application',
    'packages of pure Python only; of those in C, the ones that Pyodide brings (sqlite3, ssl, lzma …)',
    folders.length === 0 ? 'packages: no venv found; --python-path DIR shows some' : `packages: ${folders.join(', ')}`,
    `files: read-only; ${writable.length === 0 ? '--writable DIR for those that it may change' : `writable: ${writable.join(', ')}`}`,
  ]
}
