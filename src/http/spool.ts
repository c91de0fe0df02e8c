import { statfsSync } from 'node:fs'
import { PlaitError } from '../errors.ts'
import { silentLogger, type Logger } from '../log/logger.ts'
import { PrivateFolder } from '../reactor/process/private-folder.ts'
import { SpoolFile, type SpoolAccount } from './spool-file.ts'

/** Options of {@link Spool}. */
export interface SpoolOptions {
  /** Where the private folder for the files is made. @default the system's folder for temporary files */
  directory?: string
  /** Bytes that all files may have together, 0 for any number. @default half of what is free there */
  maxSize?: number
  /** @default silent */
  logger?: Logger
}

/** Milliseconds between two lines of the log about the same thing. */
const QUIET = 60_000
/** The system has no more descriptors, or memory: that is over when others have ended. */
const passing: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])
/** Milliseconds for which it is believed how much is free. */
const BELIEVED = 1000

/**
 * Where request bodies and files of forms lie that are too large for memory, until their requests are over: private files (0600) in a private folder (0700). One may
 * serve several sites; then they share its limit.
 *
 *     const site = new Site(root, { spool: new Spool({ directory: '/var/spool/shop', maxSize: 10 * 1024 ** 3 }) })
 */
export class Spool implements SpoolAccount {
  readonly #folder: PrivateFolder
  readonly #maxSize: number | undefined
  readonly #logger: Logger
  #size = 0
  #promised = 0
  #half = 0
  #measuredAt = -Infinity
  readonly #saidAt = { disk: -Infinity, room: -Infinity }
  /** The log says that the disk fails. */
  #broken = false
  #swept = false

  /** @throws PlaitError `PLAIT_CONFIGURATION` for a maxSize that is no number of bytes */
  constructor({ directory, maxSize, logger = silentLogger }: SpoolOptions = {}) {
    if (maxSize !== undefined && !(maxSize >= 0)) {
      throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use the option maxSize: it must be bytes, 0 or more, not ${maxSize}`)
    }
    this.#folder = new PrivateFolder(directory)
    this.#maxSize = maxSize
    this.#logger = logger
  }

  /** Bytes of all files now; those that are open somewhere and on no path any more are among them. */
  get size(): number {
    return this.#size
  }

  /** Where its folder is made. */
  get directory(): string {
    return this.#folder.base
  }

  /**
   * Looks whether files can be kept, and removes what killed servers left. What others could do to them there is a warning in the log.
   * @throws PlaitError `PLAIT_CONFIGURATION` when they cannot
   */
  check(): void {
    for (const danger of this.#folder.check()) this.#logger.warn(danger)
    this.#sweep()
  }

  /**
   * Makes a file.
   * @param expected bytes that it will have, as far as its client says; undefined for any number
   * @throws PlaitError `PLAIT_STORAGE`
   */
  create(expected?: number): SpoolFile {
    try {
      if (!this.#swept) this.#sweep()
      return SpoolFile.create(this.#folder.path, this, expected)
    } catch (error) {
      throw this.failed(error as Error)
    }
  }

  /**
   * Would a body of this size find room? None is kept for what is only announced: a client that announces much and sends little takes nothing from others.
   * @throws PlaitError `PLAIT_STORAGE`
   */
  admit(bytes: number): void {
    const limit = this.#limit()
    if (this.#size + this.#promised + bytes > limit) throw this.#full(bytes, limit)
  }

  /** Removes the folder, if nothing is in it. It is made anew when it is needed. */
  close(): void {
    this.#folder.removeEmpty()
  }

  // -- SpoolAccount

  take(bytes: number, before: number, promised: number): void {
    const limit = this.#limit()
    if (this.#size + bytes + this.#promised - promised > limit) throw this.#full(before + bytes, limit)
    this.#size += bytes
  }

  give(bytes: number): void {
    this.#size -= bytes
  }

  promise(bytes: number): void {
    this.#promised += bytes
  }

  failed(error: Error): PlaitError {
    if (error instanceof PlaitError) return error
    if (this.#maySay('disk')) {
      this.#broken = true
      this.#logger.error(
        `Cannot keep request bodies in ${this.directory}: ${error.message}. Until that is mended, large requests are refused. ` +
          'Make room there, or choose another directory (--temp-dir, or directory of a Spool)',
      )
    }
    const status = passing.has((error as NodeJS.ErrnoException).code ?? '') ? 503 : 507
    return new PlaitError('PLAIT_STORAGE', 'The server cannot keep the request body', { status, cause: error })
  }

  worked(): void {
    if (!this.#broken) return
    this.#broken = false
    this.#logger.info(`Request bodies are kept in ${this.directory} again`)
  }

  // -- room

  /** Half of what is free leaves room to the others of the disk, whatever they do; and it is less where the disk is memory. */
  #limit(): number {
    if (this.#maxSize !== undefined) return this.#maxSize === 0 ? Infinity : this.#maxSize
    const now = performance.now()
    if (now - this.#measuredAt > BELIEVED) {
      this.#measuredAt = now
      this.#half = (freeIn(this.directory) + this.#size) / 2
    }
    return this.#half
  }

  /** @param alone bytes of the one that found no room */
  #full(alone: number, limit: number): PlaitError {
    if (this.#maySay('room')) {
      const most =
        this.#maxSize === undefined ? `${Math.floor(limit)} bytes, half of what is free in ${this.directory}` : `${limit} bytes`
      this.#logger.warn(
        `Request bodies have ${this.#size} bytes on disk, of at most ${most}: no room for one more of ${alone}. ` +
          'The limit is --max-temp, or maxSize of a Spool',
      )
    }
    // What would fit if it were alone will soon (RFC 9110 section 15.6.4). For what would not, asking again is of no use (RFC 4918 section 11.5).
    const status = alone > limit ? 507 : 503
    return new PlaitError('PLAIT_STORAGE', 'The server has no room for the request body', { status })
  }

  #maySay(what: 'disk' | 'room'): boolean {
    const now = performance.now()
    if (now - this.#saidAt[what] < QUIET) return false
    this.#saidAt[what] = now
    return true
  }

  #sweep(): void {
    this.#swept = true
    const swept = this.#folder.sweep()
    if (swept > 0)
      this.#logger.info(
        `Removed ${swept === 1 ? 'a folder' : `${swept} folders`} of request bodies that killed servers left in ${this.directory}`,
      )
  }
}

/** Bytes; any number where the file system does not tell: the write will. */
function freeIn(directory: string): number {
  try {
    const { bavail, bsize, blocks } = statfsSync(directory)
    return blocks === 0 ? Infinity : bavail * bsize
  } catch {
    return Infinity
  }
}
