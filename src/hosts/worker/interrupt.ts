/**
 * Memory that the server and a thread share, by which the server interrupts the request that runs there, where the thread's interpreter looks at it.
 *
 *     [ signal for the interpreter │ who runs: slot + 1, negative when it is to be interrupted │ the signal was given ]
 *
 * The thread says what runs before it runs it, and takes that back behind it. Only one side can change it in between, so that an interrupt never meets the
 * request behind the one that it is meant for.
 */

/** What an interpreter of Python reads as SIGINT. */
const SIGINT = 2
const SIGNAL = 0
const WHO = 1
const GIVEN = 2
/** Milliseconds between two looks whether the signal has been given: the server is about to. */
const SOON_MS = 5

/** Both sides' view. */
export class Interrupt {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(3 * 4)) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  // -- the server

  /** Interrupts the request with this slot. False: it does not run now, or is being interrupted. */
  give(slot: number): boolean {
    if (Atomics.compareExchange(this.#words, WHO, slot + 1, -slot - 1) !== slot + 1) return false
    Atomics.store(this.#words, SIGNAL, SIGINT)
    Atomics.store(this.#words, GIVEN, 1)
    Atomics.notify(this.#words, SIGNAL)
    return true
  }

  // -- the thread

  /** What the interpreter looks at, and sets to 0 when it has seen it. */
  get signal(): Uint8Array {
    return new Uint8Array(this.memory, 0, 1)
  }

  /** The interpreter has not seen it yet. */
  get isPending(): boolean {
    return Atomics.load(this.#words, SIGNAL) !== 0
  }

  begin(slot: number): void {
    Atomics.store(this.#words, WHO, slot + 1)
  }

  end(): void {
    if (Atomics.exchange(this.#words, WHO, 0) >= 0) return
    while (Atomics.load(this.#words, GIVEN) === 0) Atomics.wait(this.#words, GIVEN, 0, SOON_MS)
    Atomics.store(this.#words, GIVEN, 0)
    Atomics.store(this.#words, SIGNAL, 0)
  }

  /** Sleeps for so many milliseconds, or until it is interrupted. */
  nap(milliseconds: number): void {
    Atomics.wait(this.#words, SIGNAL, 0, milliseconds)
  }
}
