import { PlaitError } from '../../errors.ts'
import type { FileResponse, HostRuntime } from '../host.ts'
import type { FoundPython } from './find-python.ts'
import type { HostProcess } from './host-process.ts'

/** The JSON of a frame: an object, or a list. Throws `PLAIT_PROTOCOL` when it is none. */
export function parse(buffer: Buffer, start: number, end: number): unknown {
  const text = buffer.toString('utf8', start, end)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new PlaitError('PLAIT_PROTOCOL', `The host sent no JSON where it should: ${JSON.stringify(text.slice(0, 80))}`)
}

/** The file of a `FILE` frame. Throws `PLAIT_PROTOCOL` when it is none. */
export function fileOf(value: unknown): FileResponse {
  const { path, offset, size, dev, ino } = value as Record<string, unknown>
  const numbers = [dev, ino].every((number) => /^\d{1,20}$/.test(String(number)))
  const bounds = [offset, size].every((bytes) => Number.isSafeInteger(bytes) && (bytes as number) >= 0)
  if (typeof path !== 'string' || !numbers || !bounds) throw new PlaitError('PLAIT_PROTOCOL', 'The host sent a file that is none')
  return { path, offset: offset as number, size: size as number, dev: BigInt(String(dev)), ino: BigInt(String(ino)) }
}

/** The JSON of a `HELLO` frame. */
export interface Hello {
  readonly pid: number
  readonly version: string
  readonly sample: unknown
  /** Descriptor of the marks, see `BegunMarks`. */
  readonly marks: number | null
}

/** What runs an application, for the start-up lines. */
export function runtimeOf({ implementation, version, path, why }: FoundPython, { note }: HostProcess): HostRuntime {
  return { name: `${implementation} ${version}`, executable: path, why, ...(note === undefined ? {} : { notes: [note] }) }
}

/** Whoever waits for a host to be ready. */
export interface Waiter {
  resolve(): void
  reject(error: PlaitError): void
}
