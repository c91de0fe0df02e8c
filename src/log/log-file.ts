import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import sonicBoom, { type SonicBoom } from 'sonic-boom'
import { PlaitError } from '../errors.ts'

/** A file (or descriptor) that lines are written to. Nothing that happens to it ends or stops the server. */
export interface LogFile {
  /** Lines that are lost since it was opened: the disk was full for too long. */
  readonly lost: number
  write(line: string): void
  /** Opens the file anew, after it was moved away; a descriptor stays. */
  reopen(): void
  close(): void
}

/** Options of {@link openLogFile}. */
export interface LogFileOptions {
  /** Lines may be held back for a moment, so that many are written at once. */
  readonly buffered: boolean
  /** What it is, for messages. */
  readonly name: string
  /** Called when lines cannot be written, at most once a minute. */
  readonly failed?: (message: string) => void
  /** Called when they can be written again. */
  readonly worked?: (message: string) => void
}

/** Lines are held back at most this many milliseconds, or bytes. */
const FLUSH_MS = 100
const BUFFER = 8 * 1024
/** Bytes that are kept for a disk that takes nothing; what comes then is lost. */
const HELD = 1024 * 1024
/** Milliseconds between two complaints. */
const QUIET = 60_000

/**
 * Opens a log for appending. Throws `PLAIT_CONFIGURATION` when that cannot be done.
 * @param destination a path, or a descriptor (1, 2)
 */
export function openLogFile(destination: string | number, options: LogFileOptions): LogFile {
  const { buffered } = options
  const target =
    typeof destination === 'number' ? { fd: neverWaiting(destination) } : { dest: destination, append: true, mkdir: true }
  let stream: SonicBoom
  try {
    stream = new sonicBoom.SonicBoom({
      ...target,
      sync: true,
      // It would sleep, and all that is served with it.
      retryEAGAIN: () => false,
      minLength: buffered ? BUFFER : 0,
      maxLength: HELD,
      // Also where nothing is held back: what failed is tried again, though no line may come that would do it.
      periodicFlush: FLUSH_MS,
    })
  } catch (error) {
    throw new PlaitError('PLAIT_CONFIGURATION', `Cannot write the log ${destination}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const losses = watch(stream, typeof destination === 'string' ? `${options.name} ${destination}` : options.name, options)
  return {
    get lost() {
      return losses.lines
    },
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

/**
 * The same pipe or terminal, so that a write fails where it would wait: for a program that does not read, for Ctrl-S. A descriptor of our own, since the mode of the given one is also that of all who share it.
 * Others stay as they are: a disk takes or fails, and a socket cannot be opened anew.
 */
function neverWaiting(descriptor: number): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
  try {
    if (process.platform !== 'linux' || !(fstatSync(descriptor).isFIFO() || isatty(descriptor))) return descriptor
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return descriptor
  }
}

/** A full disk or a closed pipe must not end the server, nor fill its memory. */
function watch(stream: SonicBoom, name: string, { failed, worked }: LogFileOptions): { readonly lines: number } {
  const losses = { lines: 0 }
  let told = 0
  let saidAt = -Infinity
  let failing = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const now = performance.now()
    if (now - saidAt < QUIET) return
    saidAt = now
    failing = true
    const why =
      error.code === 'EAGAIN' ? 'whoever is to read it takes nothing. Let it go on' : `${error.message}. Make room there`
    failed?.(`Cannot write the ${name}: ${why}: lines are kept up to 1 MiB, and more are lost`)
  })
  stream.on('drop', () => losses.lines++)
  // All that was held is written.
  stream.on('drain', () => {
    if (!failing) return
    failing = false
    const lost = losses.lines - told
    told = losses.lines
    worked?.(`The ${name} is written again${lost === 0 ? '' : `, and ${lost} lines of it are lost`}`)
  })
  return losses
}

/** Says something where nobody may be left to read it. */
export function sayOnTerminal(message: string): void {
  try {
    writeSync(2, `plait: ${message}\n`)
  } catch {
    // a closed pipe
  }
}
