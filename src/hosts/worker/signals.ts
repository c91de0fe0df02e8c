/**
 * The memory that the server and one worker thread share: a thread that waits for the server sleeps on it (`Atomics.wait`), and a job that was sent ahead can be taken
 * back from it as long as it has not begun.
 *
 *     [ signal │ slot 0: state, acked, gone, listens │ slot 1: … ]
 */

/** Jobs that one thread may hold: the one that runs, and those that were sent ahead of it. */
export const SLOTS = 32

const PER_SLOT = 4
const HEAD = 1

/** What became of a job that was sent. `offered` → `begun` (by the thread) or `withdrawn` (by the server): whoever comes first. */
const OFFERED = 1
const BEGUN = 2
const WITHDRAWN = 3

/** Both sides' view. Numbers that grow (`acked`) wrap around at 2³²; only differences are looked at. */
export class Signals {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer((HEAD + SLOTS * PER_SLOT) * 4)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  // -- the server

  /** A job goes to the thread. */
  offer(slot: number): void {
    const at = HEAD + slot * PER_SLOT
    Atomics.store(this.#words, at + 1, 0)
    Atomics.store(this.#words, at + 2, 0)
    Atomics.store(this.#words, at + 3, 0)
    Atomics.store(this.#words, at, OFFERED)
  }

  /** Takes a job back. False: it has begun. */
  withdraw(slot: number): boolean {
    return Atomics.compareExchange(this.#words, HEAD + slot * PER_SLOT, OFFERED, WITHDRAWN) === OFFERED
  }

  /** True when the thread has begun it. */
  hasBegun(slot: number): boolean {
    return Atomics.load(this.#words, HEAD + slot * PER_SLOT) === BEGUN
  }

  /** `bytes` of the response have left. @returns true when the job may wait in the event loop, where only a message reaches it */
  acknowledge(slot: number, bytes: number): boolean {
    Atomics.add(this.#words, HEAD + slot * PER_SLOT + 1, bytes)
    return this.#wakeSleeper(slot)
  }

  /** Nobody waits for the response any more. @returns as {@link acknowledge} */
  tellGone(slot: number): boolean {
    Atomics.store(this.#words, HEAD + slot * PER_SLOT + 2, 1)
    return this.#wakeSleeper(slot)
  }

  #wakeSleeper(slot: number): boolean {
    this.wake()
    return Atomics.load(this.#words, HEAD + slot * PER_SLOT + 3) !== 0
  }

  /** Wakes the thread where it waits; call it behind every message. */
  wake(): void {
    Atomics.add(this.#words, 0, 1)
    Atomics.notify(this.#words, 0)
  }

  // -- the thread

  /** Claims a job. False: the server has taken it back. */
  begin(slot: number): boolean {
    return Atomics.compareExchange(this.#words, HEAD + slot * PER_SLOT, OFFERED, BEGUN) === OFFERED
  }

  /** Bytes of the response that have left, modulo 2³². */
  acked(slot: number): number {
    return Atomics.load(this.#words, HEAD + slot * PER_SLOT + 1)
  }

  isGone(slot: number): boolean {
    return Atomics.load(this.#words, HEAD + slot * PER_SLOT + 2) !== 0
  }

  /** The job waits in the event loop, now and then until its end: news have to come as messages. Look for news once more afterwards. */
  listen(slot: number): void {
    Atomics.store(this.#words, HEAD + slot * PER_SLOT + 3, 1)
  }

  /** To be taken before one looks for news, and given to {@link sleep} when there were none. */
  get mark(): number {
    return Atomics.load(this.#words, 0)
  }

  /** Sleeps until there may be news since `mark`. */
  sleep(mark: number): void {
    Atomics.wait(this.#words, 0, mark)
  }
}
