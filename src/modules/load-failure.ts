/** What is said when a file of the user's cannot be loaded. */
import { PlaitError } from '../errors.ts'

const ours = new URL('.', import.meta.url).href

/** An error for a file that cannot be read. @param error of the file system */
export function readFailure(file: string, error: unknown): PlaitError {
  const { code, message } = error as NodeJS.ErrnoException
  const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : message
  return withoutTrace(new PlaitError('PLAIT_MODULE', `Cannot load ${file}: ${why}`, { cause: error }))
}

/** An error for a file that failed as it ran. One that speaks of a file that it imports remains as it is. @param error what was thrown */
export function runFailure(file: string, error: unknown): PlaitError {
  if (error instanceof PlaitError && error.code === 'PLAIT_MODULE') return error
  const thrown = error instanceof Error
  const why = thrown ? `${error.name}: ${error.message.split('\n')[0]}` : `it threw ${String(error)}, which is no Error`
  const detail = thrown ? { detail: traceOf(error) } : {}
  return withoutTrace(new PlaitError('PLAIT_MODULE', `Cannot load ${file}: ${why}`, { cause: error, ...detail }))
}

/** An error for a file that names something that is not there, or cannot be parsed. */
export function sourceFailure(message: string, detail?: string): PlaitError {
  return withoutTrace(new PlaitError('PLAIT_MODULE', message, detail === undefined ? {} : { detail }))
}

/** The trace of such an error would lead through Plait only; the detail tells the place. */
function withoutTrace(failure: PlaitError): PlaitError {
  failure.stack = `${failure.name}: ${failure.message}`
  return failure
}

/** Down to where Plait called the module. */
function traceOf(error: Error): string {
  const lines = (error.stack ?? error.message).split('\n')
  const end = lines.findIndex((line) => line.includes(ours))
  return (end < 0 ? lines : lines.slice(0, end)).join('\n')
}
