import { randomBytes } from 'node:crypto'
import { close, openSync, unlinkSync, write } from 'node:fs'
import path from 'node:path'
import type { PlaitError } from '../errors.ts'

/** Who keeps the account of the files; `Spool` fits. */
export interface SpoolAccount {
  /**
   * So many bytes more, of a file that has `before` already, and for which room is promised.
   * @throws PlaitError `PLAIT_STORAGE` when there is no room for them
   */
  take(bytes: number, before: number, promised: number): void
  /** So much more room is kept for what is still to come of a file; less, when it is negative. */
  promise(bytes: number): void
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
  readonly #expected: number | undefined
  #size = 0
  #promised = 0
  #writing = false
  #state: 'open' | 'closing' | 'closed' = 'open'
  #removed = false
  /** Who counts on it: its owner, and those that {@link hold}. */
  #holders = 1

  private constructor(file: string, account: SpoolAccount, expected: number | undefined) {
    this.path = file
    this.#account = account
    this.#expected = expected
    this.#descriptor = openSync(file, 'wx', 0o600)
  }

  /**
   * Throws what the file system throws.
   * @param expected bytes that it will have
   */
  static create(folder: string, account: SpoolAccount, expected?: number): SpoolFile {
    return new SpoolFile(path.join(folder, randomBytes(12).toString('hex')), account, expected)
  }

  /** Writes at its end; `done` may be called at once. One write at a time. Not after {@link close} or {@link remove}. */
  write(bytes: Uint8Array, done: SpoolDone): void {
    try {
      this.#account.take(bytes.length, this.#size, this.#promised)
    } catch (error) {
      return done(error as PlaitError)
    }
    this.#size += bytes.length
    this.#promise((this.#expected ?? 0) - this.#size)
    this.#writing = true
    this.#writeFrom(bytes, 0, done)
  }

  /**
   * Room is kept for what still comes, so that of many uploads at the same time some come to their end, and not all of them fail half way. But for no more than has come already: else whoever
   * announces much could keep all others out.
   */
  #promise(remaining: number): void {
    const promised = Math.max(0, Math.min(remaining, this.#size))
    this.#account.promise(promised - this.#promised)
    this.#promised = promised
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
    this.#promise(0)
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
    this.#promise(0)
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
