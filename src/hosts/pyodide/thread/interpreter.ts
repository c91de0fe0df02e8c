import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FileView } from '../mounts.ts'
import { hostFiles } from './host-files.ts'
import { limitMemory } from './memory.ts'
import type { Pyodide, ThreadModule } from './pyodide.ts'

/** What an interpreter is made of. */
export interface InterpreterOptions {
  /** Folder of the package `pyodide`. */
  readonly pyodide: string
  /** Folder that has `plait_host`. */
  readonly ownPython: string
  readonly files: FileView
  /** MiB that it may have. */
  readonly memory: number
  /** The memory of an interpreter of the same host that has just started. @default it starts from the beginning */
  readonly snapshot?: SharedArrayBuffer
}

/** An interpreter that has started. */
export interface Started {
  readonly pyodide: Pyodide
  /** Its memory as it was then, where it started from the beginning. */
  readonly snapshot: SharedArrayBuffer | undefined
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
export async function startInterpreter(options: InterpreterOptions): Promise<Started> {
  limitMemory(options.memory)
  const { pyodide, snapshot } = await load(options)
  pyodide.setStdin({ stdin: () => null })
  const { FS } = pyodide
  const readOnly = hostFiles(pyodide, false)
  const writable = hostFiles(pyodide, true)
  // Where /tmp itself is a folder of the machine, `tempfile` takes this one.
  FS.mkdirTree('/var/tmp')
  const mount = (at: string, folder: string, mayWrite: boolean): void => {
    try {
      FS.mkdirTree(at)
      FS.mount(mayWrite ? writable : readOnly, { root: folder }, at)
    } catch (error) {
      // Emscripten's errors have a number and no words.
      throw new Error(`Cannot show ${folder} to the application (errno ${(error as { errno?: number }).errno})`, { cause: error })
    }
  }
  mount(OWN, options.ownPython, false)
  const { mounts, links } = options.files
  for (const { folder, writable: mayWrite } of mounts) mount(folder, folder, mayWrite)
  for (const { at, folder } of links) {
    try {
      // Maybe a link that is seen already leads there.
      if (FS.analyzePath(at).exists) continue
      FS.mkdirTree(path.dirname(at))
      FS.symlink(folder, at)
    } catch {
      // On the way there is a link to something that is not shown, in a folder that is read-only. It has its real name too.
    }
  }
  return { pyodide, snapshot }
}

/** To start from the beginning takes a second or two; to take over the memory of one that has just started, a quarter of that. */
async function load({ pyodide: folder, snapshot }: InterpreterOptions): Promise<Started> {
  const module = (await import(new URL('pyodide.mjs', pathToFileURL(`${folder}/`)).href)) as {
    loadPyodide(options: object): Promise<Pyodide>
  }
  const settings = { env: environment(), indexURL: folder, packages: [] }
  if (snapshot !== undefined) {
    const pyodide = await module.loadPyodide({ ...settings, _loadSnapshot: new Uint8Array(snapshot) })
    // It has the random numbers of the other one ahead.
    pyodide.runPython('import sys; "random" in sys.modules and sys.modules["random"].seed()')
    return { pyodide, snapshot: undefined }
  }
  const pyodide = await module.loadPyodide({ ...settings, _makeSnapshot: true })
  const memory = pyodide.makeMemorySnapshot()
  const made = new SharedArrayBuffer(memory.length)
  new Uint8Array(made).set(memory)
  return { pyodide, snapshot: made }
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
