import { PlaitError } from '../../../errors.ts'
import { ModuleLoader } from '../../../modules/module-loader.ts'
import { inertPlait } from './inert-plait.ts'
import type { LoadReport } from '../../worker/messages.ts'
import type { WSGIApplication } from '../wsgi.ts'
import { reportError } from './report.ts'

/** The application that a module exports, or why there is none. In this thread `plait` means its inert face. */
export async function loadApplication(module: string, exportName: string): Promise<WSGIApplication | LoadReport> {
  const modules = new ModuleLoader({ plait: inertPlait })
  let exports: Readonly<Record<string, unknown>>
  try {
    exports = (await modules.load(module)).exports
  } catch (error) {
    return loadFailure(error)
  }
  const found = exports[exportName]
  if (typeof found === 'function') return found as WSGIApplication
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function')
  return {
    ok: false,
    kind: found === undefined ? 'attribute-not-found' : 'not-callable',
    message:
      found === undefined
        ? `${module} exports no ${exportName}`
        : `${exportName} of ${module} is of the type ${typeof found}: a WSGI application is a function (environ, startResponse)`,
    detail: names.length === 0 ? 'it exports no function' : `functions that it exports: ${names.join(', ')}`,
  }
}

function loadFailure(error: unknown): LoadReport {
  if (!(error instanceof PlaitError))
    return { ok: false, kind: 'import-failed', message: String(error), report: reportError(error) }
  // What the user's own code threw is what they want to see.
  const { cause, message, detail = '' } = error
  if (cause instanceof Error && detail === '')
    return { ok: false, kind: 'import-failed', message: cause.message, report: reportError(cause) }
  return { ok: false, kind: 'import-failed', message, detail }
}
