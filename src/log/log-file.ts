import sonicBoom, { type SonicBoom } from 'sonic-boom'
import { PlaitError } from '../errors.ts'

/** A file (or descriptor) that lines are written to. */
export interface LogFile {
  readonly stream: SonicBoom
  write(line: string): void
  /** Opens the file anew, after it was moved away; a descriptor stays. */
  reopen(): void
  close(): void
}

/** Lines are held back at most this many milliseconds, or bytes. */
const FLUSH_MS = 100
const BUFFER = 8 * 1024

/**
 * Opens a log for appending. Throws `PLAIT_CONFIGURATION` when that cannot be done.
 * @param destination a path, or a descriptor (1, 2)
 */
export function openLogFile(destination: string | number, { buffered }: { buffered: boolean }): LogFile {
  const target = typeof destination === 'number' ? { fd: destination } : { dest: destination, append: true, mkdir: true }
  let stream: SonicBoom
  try {
    stream = new sonicBoom.SonicBoom({
      ...target,
      sync: true,
      minLength: buffered ? BUFFER : 0,
      ...(buffered ? { periodicFlush: FLUSH_MS } : {}),
    })
  } catch (error) {
    throw new PlaitError('PLAIT_CONFIGURATION', `Cannot write the log ${destination}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  // A full disk or a closed pipe must not end the server.
  stream.on('error', () => undefined)
  return {
    stream,
    write: (line) => void stream.write(line),
    reopen: () => {
      if (typeof destination === 'string') stream.reopen()
    },
    close: () => {
      try {
        stream.flushSync()
      } catch {
        // nowhere left to say it
      }
    },
  }
}
