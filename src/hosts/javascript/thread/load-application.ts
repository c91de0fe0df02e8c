import { workerData } from 'node:worker_threads'
import { PlaitError } from '../../../errors.ts'
import { ModuleLoader } from '../../../modules/module-loader.ts'
import type { Transpiled } from '../../../modules/transpile.ts'
import type { LoadReport } from '../../worker/messages.ts'
import type { WSGIApplication } from '../wsgi.ts'
import { inertPlait, markedFunctions } from './inert-plait.ts'
import { reportError } from './report.ts'

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>

// Parsing takes longer than all the rest: what the first thread has parsed, the others get.
const { transpiled } = workerData as { transpiled: Transpiled }
const before = new Set(transpiled.values())
const modules = new ModuleLoader({ plait: inertPlait, transpiled })

/** The files that were loaded, or tried. */
export function loadedFiles(): string[] {
  return modules.files
}

/** The code of the files that this thread was the first to load. */
export function newlyTranspiled(): Transpiled {
  return new Map([...transpiled].filter(([, one]) => !before.has(one)))
}

/** Loads a module, with the inert face of `plait`. @returns its exports, or why there are none */
export async function loadExports(module: string): Promise<{ exports: Exports } | LoadReport> {
  try {
    return { exports: (await modules.load(module)).exports }
  } catch (error) {
    return loadFailure(error)
  }
}

/**
 * The application of a module, or why there is none.
 * @param which the name of its export, or which of the functions that `wsgiApplication` marks in that file
 */
export async function loadApplication(module: string, which: string | number): Promise<WSGIApplication | LoadReport> {
  const loading = loadExports(module)
  // A program may wait for something that never comes here; the function is there before that.
  const loaded = typeof which === 'number' ? await Promise.race([loading, markedFunctions.when(module, which)]) : await loading
  if (typeof loaded === 'function') return loaded
  if (!('exports' in loaded)) return loaded
  const { exports } = loaded
  if (typeof which === 'number') {
    const found = markedFunctions.get(module, which)
    return found ?? noMark(module)
  }
  const found = exports[which]
  return typeof found === 'function' ? (found as WSGIApplication) : noExport(module, which, exports)
}

function noExport(module: string, name: string, exports: Exports): LoadReport {
  const found = exports[name]
  const names = Object.keys(exports).filter((one) => typeof exports[one] === 'function')
  const what =
    found === undefined
      ? `${module} exports no ${name}`
      : `${name} of ${module} is of the type ${typeof found}: a WSGI application is a function (environ, startResponse)`
  const there = names.length === 0 ? 'it exports no function' : `functions that it exports: ${names.join(', ')}`
  return { ok: false, kind: found === undefined ? 'attribute-not-found' : 'not-callable', message: `${what}; ${there}` }
}

function noMark(module: string): LoadReport {
  const message = `${module} did not come to its wsgiApplication(import.meta, function) when a thread loaded it: call it at the top level of the module, not within a function`
  return { ok: false, kind: 'attribute-not-found', message }
}

function loadFailure(error: unknown): LoadReport {
  if (!(error instanceof PlaitError))
    return { ok: false, kind: 'import-failed', message: String(error), report: reportError(error) }
  // What the user's own code threw is what they want to see.
  const { cause, message, detail = '' } = error
  if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === undefined)
    return { ok: false, kind: 'import-failed', message: `${cause.name}: ${cause.message}`, report: reportError(cause) }
  return { ok: false, kind: 'import-failed', message, detail }
}
