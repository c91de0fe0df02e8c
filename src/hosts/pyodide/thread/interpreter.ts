import { pathToFileURL } from 'node:url'
import type { Mount } from '../mounts.ts'
import { hostFiles } from './host-files.ts'
import { limitMemory } from './memory.ts'
import type { Pyodide, ThreadModule } from './pyodide.ts'

/** What an interpreter is made of. */
export interface InterpreterOptions {
  /** Folder of the package `pyodide`. */
  readonly pyodide: string
  /** Folder that has `plait_host`. */
  readonly ownPython: string
  readonly mounts: readonly Mount[]
  /** MiB that it may have. */
  readonly memory: number
}

/** Where our own Python is mounted. */
const OWN = '/plait/python'
/** They are about this machine's Python, libraries and folders, not about the interpreter's. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'PYTHONHOME',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONINSPECT',
  'LD_LIBRARY_PATH',
  'TMPDIR',
  'VIRTUAL_ENV',
])

/** Starts an interpreter: its files, its environment; our package can be imported. */
export async function startInterpreter(options: InterpreterOptions): Promise<Pyodide> {
  limitMemory(options.memory)
  const module = (await import(new URL('pyodide.mjs', pathToFileURL(`${options.pyodide}/`)).href)) as {
    loadPyodide(options: object): Promise<Pyodide>
  }
  const pyodide = await module.loadPyodide({ env: environment(), indexURL: options.pyodide, packages: [] })
  pyodide.setStdin({ stdin: () => null })
  const { FS } = pyodide
  const readOnly = hostFiles(pyodide, false)
  const writable = hostFiles(pyodide, true)
  // Where /tmp itself is a folder of the machine, `tempfile` takes this one.
  FS.mkdirTree('/var/tmp')
  for (const mount of [{ at: OWN, folder: options.ownPython, writable: false }, ...options.mounts]) {
    FS.mkdirTree(mount.at)
    FS.mount(mount.writable ? writable : readOnly, { root: mount.folder }, mount.at)
  }
  return pyodide
}

function environment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    PYTHONTZPATH: '/usr/share/zoneinfo',
    ...Object.fromEntries(entries.filter(([name]) => !NOT_OURS.has(name))),
    HOME: '/home/pyodide',
  }
}

/** Imports `plait_host.worker_thread`. Our folder is no place where the application's imports are looked for. */
export function importHost(pyodide: Pyodide): ThreadModule {
  pyodide.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(OWN)})`)
  const module = pyodide.pyimport('plait_host.worker_thread') as ThreadModule
  pyodide.runPython(`import sys; sys.path.remove(${JSON.stringify(OWN)})`)
  return module
}
