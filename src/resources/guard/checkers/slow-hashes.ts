/** Hashes that are slow on purpose, computed beside the event loop. */
import { Worker } from 'node:worker_threads'
import { PlaitError } from '../../../errors.ts'
import type { HashAnswer, HashQuestion } from './hash-thread.ts'

interface Waiting {
  resolve(matches: boolean): void
  reject(error: Error): void
}

/**
 * One thread, started at the first question, that answers one question after the other. It does not keep the program alive.
 *
 * bcryptjs has an asynchronous interface too, but that holds the event loop for up to 100 ms at a time.
 */
export class SlowHashes {
  readonly #most: number
  readonly #waiting = new Map<number, Waiting>()
  #thread: Worker | undefined
  #asked = 0

  /** @param most questions that may wait: more are refused, because nobody would wait for the answer */
  constructor(most: number) {
    this.#most = most
  }

  /** Is `password` the one of `hash`? Rejected with `PLAIT_OVERLOADED` (503) when too many ask. */
  verify(password: string, hash: string): Promise<boolean> {
    if (this.#waiting.size >= this.#most) {
      const message = `Cannot check a password now: ${this.#most} others wait to be checked`
      return Promise.reject(new PlaitError('PLAIT_OVERLOADED', message, { status: 503 }))
    }
    const thread = (this.#thread ??= this.#start())
    const id = this.#asked++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      thread.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      thread.postMessage({ id, password, hash } satisfies HashQuestion)
    })
  }

  #start(): Worker {
    // The compiled name: this runs from dist/ only.
    const thread = new Worker(new URL('./hash-thread.js', import.meta.url))
    thread.on('message', ({ id, matches }: HashAnswer) => {
      this.#waiting.get(id)?.resolve(matches)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) thread.unref()
    })
    thread.on('error', (error) => this.#lost(thread, error))
    thread.on('exit', () => this.#lost(thread, new Error('The thread that checks passwords has ended')))
    return thread
  }

  /** Those who wait are told; the next question starts another thread. */
  #lost(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
