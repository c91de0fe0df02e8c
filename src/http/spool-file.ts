import { randomBytes } from 'node:crypto'
import { close, openSync, unlinkSync, write } from 'node:fs'
import path from 'node:path'
import type { PlaitError } from '../errors.ts'

/** Who keeps the account of the files; `Spool` fits. */
export interface SpoolAccount {
  /**
   * So many bytes more, of a file that has `before` already.
   * @throws PlaitError `PLAIT_STORAGE` when there is no room for them
   */
  take(bytes: number, before: number): void
  give(bytes: number): void
  /** The disk failed. @returns what the client is told */
  failed(error: Error): PlaitError
  /** The disk has taken something. */
  worked(): void
}

/** What is told when something is done, or why it could not be. */
export type SpoolDone = (error: PlaitError | undefined) => void

/** A private file for bytes that are too many for memory. Its bytes count until it is removed, closed, and nobody holds it any more. */
export class SpoolFile {
  readonly path: string
  readonly #account: SpoolAccount
  readonly #descriptor: number
  #size = 0
  #writing = false
  #state: 'open' | 'closing' | 'closed' = 'open'
  #removed = false
  /** Who counts on it: its owner, and those that {@link hold}. */
  #holders = 1

  private constructor(file: string, account: SpoolAccount) {
    this.path = file
    this.#account = account
    this.#descriptor = openSync(file, 'wx', 0o600)
  }

  /** Throws what the file system throws. */
  static create(folder: string, account: SpoolAccount): SpoolFile {
    return new SpoolFile(path.join(folder, randomBytes(12).toString('hex')), account)
  }

  /** Writes at its end; `done` may be called at once. One write at a time. Not after {@link close} or {@link remove}. */
  write(bytes: Uint8Array, done: SpoolDone): void {
    try {
      this.#account.take(bytes.length, this.#size)
    } catch (error) {
      return done(error as PlaitError)
    }
    this.#size += bytes.length
    this.#writing = true
    this.#writeFrom(bytes, 0, done)
  }

  #writeFrom(bytes: Uint8Array, from: number, done: SpoolDone): void {
    write(this.#descriptor, bytes, from, bytes.length - from, null, (error, written) => {
      if (error === null && from + written < bytes.length && !this.#removed) return this.#writeFrom(bytes, from + written, done)
      this.#writing = false
      if (error === null) this.#account.worked()
      const failure = error === null ? undefined : this.#account.failed(error)
      if (this.#removed) this.close()
      done(failure)
    })
  }

  /** All is written. Some disks tell only now that they failed. */
  close(done: SpoolDone = ignored): void {
    if (this.#state !== 'open') return done(undefined)
    this.#state = 'closing'
    close(this.#descriptor, (error) => {
      this.#state = 'closed'
      if (this.#removed) this.#release()
      done(error ? this.#account.failed(error) : undefined)
    })
  }

  /**
   * Its bytes count until the function is called, also when it is removed before: what somebody has open takes room on the disk, on no path any more.
   */
  hold(): () => void {
    this.#holders++
    let held = true
    return () => {
      if (held) this.#release()
      held = false
    }
  }

  /** Removes it; whoever opened it may have done that already. Idempotent. */
  remove(): void {
    if (this.#removed) return
    this.#removed = true
    try {
      unlinkSync(this.path)
    } catch {
      // gone already
    }
    if (this.#state === 'closed') this.#release()
    // Else whoever still is at it does the rest.
    else if (!this.#writing) this.close()
  }

  #release(): void {
    this.#holders--
    if (this.#holders === 0) this.#account.give(this.#size)
  }
}

function ignored(): void {
  // nobody waits for it
}
