/**
 * Every error that Plait throws on purpose. Match by `code`, not by class: codes are stable.
 */

/** The stable codes; `docs/errors.md` explains each. */
export type ErrorCode =
  | 'PLAIT_CONFIGURATION'
  | 'PLAIT_APPLICATION'
  | 'PLAIT_PYTHON_NOT_FOUND'
  | 'PLAIT_PYTHON_TOO_OLD'
  | 'PLAIT_PYODIDE_NOT_FOUND'
  | 'PLAIT_LISTEN'
  | 'PLAIT_CERTIFICATE'
  | 'PLAIT_HOST_LOST'
  | 'PLAIT_HOST_ENDED'
  | 'PLAIT_POOL_FULL'
  | 'PLAIT_POOL_STOPPED'
  | 'PLAIT_QUEUE_TIMEOUT'
  | 'PLAIT_TIMEOUT'
  | 'PLAIT_START_TIMEOUT'
  | 'PLAIT_NOT_CLONEABLE'
  | 'PLAIT_CLIENT_GONE'
  | 'PLAIT_PROTOCOL'
  | 'PLAIT_RESOURCE'
  | 'PLAIT_MODULE'
  | 'PLAIT_OVERLOADED'
  | 'PLAIT_STORAGE'
  | 'PLAIT_SESSION_STORE'
  | 'PLAIT_UPGRADE'

/** Options of {@link PlaitError}. */
export interface PlaitErrorOptions {
  /** The error that led to this one. */
  cause?: unknown
  /** The HTTP status that a client gets when this error ends its request. */
  status?: number
  /** Text for the user that does not fit on one line (a Python traceback, a list of places searched). */
  detail?: string
}

/** Base of all errors of Plait: `code` (stable), `status` (HTTP, where one fits), `detail` (longer text). */
export class PlaitError extends Error {
  readonly code: ErrorCode
  readonly status: number | undefined
  readonly detail: string | undefined

  constructor(code: ErrorCode, message: string, options: PlaitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PlaitError'
    this.code = code
    this.status = options.status
    this.detail = options.detail
  }
}
