import { fileURLToPath } from 'node:url'
import { inspect, types } from 'node:util'
import type { FailureReport } from '../../worker/messages.ts'

const LONGEST_MESSAGE = 2000
const LONGEST_TRACE = 60_000
/** Plait's own files: frames there are no business of the application's author. */
const own = fileURLToPath(new URL('../../..', import.meta.url))

/** An exception as data: what is told to the server. */
export function reportError(error: unknown): FailureReport {
  try {
    if (!isError(error))
      return { type: 'Error', message: cut(`thrown value that is no Error: ${inspect(error)}`, LONGEST_MESSAGE), traceback: '' }
    const { code } = error as NodeJS.ErrnoException
    return {
      type: String(error.name),
      message: cut(String(error.message), LONGEST_MESSAGE),
      traceback: cut(traceOf(error), LONGEST_TRACE),
      ...(typeof code === 'string' ? { code } : {}),
    }
  } catch {
    return { type: 'Error', message: '', traceback: '(the exception could not be described)' }
  }
}

/** Errors of another realm (`node:vm`) are instances of another class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}

function traceOf(error: Error): string {
  const lines = (error.stack ?? String(error)).split('\n')
  const shown = lines.filter((line) => !/^\s+at /.test(line) || !(line.includes(own) || line.includes('node:internal')))
  const cause =
    error.cause === undefined ? '' : `\nCaused by: ${isError(error.cause) ? traceOf(error.cause) : inspect(error.cause)}`
  return shown.join('\n') + cause
}

/** Leaves out the middle of a text that is too long. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most / 2)}\n... ${text.length - most} characters left out ...\n${text.slice(-most / 2)}`
}
