import { PlaitError } from '../errors.ts'
import type { Application } from './application.ts'

/** Why an application could not be imported, as the host tells it (`python/plait_host/loading.py`). */
export interface LoadFailure {
  readonly kind: string
  readonly message: string
  readonly detail: string
  readonly report: { readonly type: string; readonly message: string; readonly traceback: string } | null
}

/** Gives the error for the user: the message in one line, the traceback or the places searched as `detail`. */
export function loadError(application: Application, failure: LoadFailure): PlaitError {
  const message =
    failure.report === null
      ? `Cannot load the application ${JSON.stringify(application.name)}: ${failure.message}`
      : `The application ${JSON.stringify(application.name)} raised an exception while it was imported: ${failure.message}`
  const detail = failure.report?.traceback.trimEnd() || failure.detail
  return new PlaitError('PLAIT_APPLICATION', message, { status: 500, ...(detail === '' ? {} : { detail }) })
}
