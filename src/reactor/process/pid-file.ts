import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'
import type { Logger } from '../../log/logger.ts'
import { isAlive } from './is-alive.ts'

/** Tries, when others make and remove the same file meanwhile. */
const TRIES = 5
const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOENT: 'there is no such directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
})

/** A file with the id of this process (Twisted: `twistd --pidfile`), so that it runs once only. */
export class PidFile {
  readonly path: string
  /** Stays open: a process that has become another user may not remove the file, but it can empty it. */
  readonly #descriptor: number

  /** The process before this one has left it. */
  readonly inherited: boolean

  private constructor(file: string, descriptor: number, inherited = false) {
    this.path = file
    this.inherited = inherited
    this.#descriptor = descriptor
  }

  /**
   * Makes the file. One that a dead process left is removed, and that is logged.
   * @throws PlaitError `PLAIT_CONFIGURATION` when the process in it lives, or the file cannot be made
   */
  static create(file: string, logger: Logger): PidFile {
    const full = path.resolve(file)
    try {
      for (let left = TRIES; left > 0; left -= 1) {
        const descriptor = publish(full)
        if (descriptor !== undefined) return new PidFile(full, descriptor)
        removeStale(full, logger)
      }
    } catch (error) {
      if (error instanceof PlaitError) throw error
      const { code, message } = error as NodeJS.ErrnoException
      throw refused(full, REASONS[code ?? ''] ?? message, error)
    }
    throw refused(full, 'others make it at the same time, again and again')
  }

  /**
   * The file of a process that gives its place to this one, by the descriptor that it has left: a user who may not write the file by its name can.
   * @returns undefined when the file is another one by now, or none
   */
  static inherit(file: string, descriptor: number): PidFile | undefined {
    const pidFile = new PidFile(path.resolve(file), descriptor, true)
    return pidFile.#isThere() ? pidFile : undefined
  }

  /** Open for reading and writing. */
  get descriptor(): number {
    return this.#descriptor
  }

  /** Writes the id of this process over that of the one before. Who reads meanwhile finds a whole one. */
  takeOver(): void {
    const text = `${process.pid}\n`
    writeSync(this.#descriptor, text, 0)
    ftruncateSync(this.#descriptor, text.length)
  }

  /** Removes the file, if it is still this process's own. */
  remove(): void {
    try {
      if (this.#isThere() && this.#isOurs()) this.#unlink()
      closeSync(this.#descriptor)
    } catch {
      // At the end nobody is left who could do more about it.
    }
  }

  #isThere(): boolean {
    const [own, there] = [fstatSync(this.#descriptor), statSync(this.path, { throwIfNoEntry: false })]
    return own.ino === there?.ino && own.dev === there.dev
  }

  /** No process that took our place has written its id there. */
  #isOurs(): boolean {
    const bytes = Buffer.alloc(16)
    return bytes.toString('latin1', 0, readSync(this.#descriptor, bytes, 0, bytes.length, 0)) === `${process.pid}\n`
  }

  #unlink(): void {
    try {
      unlinkSync(this.path)
    } catch {
      ftruncateSync(this.#descriptor)
    }
  }
}

/**
 * Puts a file with our id at `file`, whole from the start: who finds an empty one knows that it is left over.
 * @returns its descriptor; undefined when there is a file already
 */
function publish(file: string): number | undefined {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(draft, 'wx+', 0o644)
  try {
    writeSync(descriptor, `${process.pid}\n`)
    linkSync(draft, file)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return undefined
  } finally {
    unlinkSync(draft)
  }
}

function removeStale(file: string, logger: Logger): void {
  const text = read(file)
  if (text === undefined) return
  if (!/^\d{0,10}$/.test(text)) {
    throw refused(file, `there is a file already, and ${JSON.stringify(text.slice(0, 40))} is no process id`)
  }
  const pid = Number(text)
  // In a container the same id comes again and again.
  if (pid !== 0 && pid !== process.pid && isAlive(pid)) throw refused(file, `process ${pid}, which wrote it, is running`)
  // Another server may have found it too and have put its own there by now: what is taken away is looked at once more.
  const aside = `${file}.${randomBytes(6).toString('hex')}`
  renameSync(file, aside)
  if (read(aside) !== text) linkSync(aside, file)
  unlinkSync(aside)
  logger.info(`Removed the pidfile ${file}, which ${pid === 0 ? 'was empty' : `process ${pid} left`}`)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function refused(file: string, why: string, cause?: unknown): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot use the pidfile ${file}: ${why}`, { cause })
}
