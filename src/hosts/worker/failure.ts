import { PlaitError, type ErrorCode } from '../../errors.ts'
import type { FailureReport } from './messages.ts'

/** What an application threw, as an error of the server's. Its `cause` is as much of the error itself as can travel. */
export function failureOf({ type, message, traceback, code }: FailureReport): PlaitError {
  // Said by our side of the thread, not thrown there.
  if (code?.startsWith('PLAIT_') === true && traceback === '') return new PlaitError(code as ErrorCode, message, { status: 500 })
  const cause = Object.assign(new Error(message), { name: type, stack: traceback, ...(code === undefined ? {} : { code }) })
  const what = message === '' ? type : `${type}: ${message}`
  return new PlaitError('PLAIT_APPLICATION', what, { status: 500, detail: traceback.trimEnd(), cause })
}
