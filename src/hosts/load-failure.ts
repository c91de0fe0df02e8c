import { PlaitError } from '../errors.ts'
import type { Application } from './application.ts'

/** Why an application could not be imported, as the host tells it (`python/plait_host/loading.py`). */
export interface LoadFailure {
  /** `pre-fork` and `post-fork`: a hook; `fork`: the system had no process to give; else the application. */
  readonly kind: string
  readonly message: string
  readonly detail: string
  readonly report: { readonly type: string; readonly message: string; readonly traceback: string } | null
}

const HOOKS: ReadonlySet<string> = new Set(['pre-fork', 'post-fork'])

/** Gives the error for the user: the message in one line, the traceback or the places searched as `detail`. */
export function loadError(application: Application, failure: LoadFailure): PlaitError {
  const message = HOOKS.has(failure.kind)
    ? `The hook --${failure.kind} of ${JSON.stringify(application.name)} failed: ${failure.message}`
    : failure.kind === 'fork'
      ? `Cannot fork a process of ${JSON.stringify(application.name)}: ${failure.message}`
      : failure.report === null
        ? `Cannot load the application ${JSON.stringify(application.name)}: ${failure.message}`
        : `The application ${JSON.stringify(application.name)} raised an exception while it was imported: ${failure.message}`
  const detail = failure.report?.traceback.trimEnd() || failure.detail
  return new PlaitError('PLAIT_APPLICATION', message, { status: 500, ...(detail === '' ? {} : { detail }) })
}
