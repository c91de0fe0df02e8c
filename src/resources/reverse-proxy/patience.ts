import type { DelayedCall, Reactor } from '../../reactor/reactor.ts'

/** A time limit that starts anew with every sign of life. A sign costs no timer: what is left is looked at when the limit is over. */
export class Patience {
  readonly #reactor: Reactor
  readonly #over: () => void
  #call: DelayedCall | undefined
  #seconds = 0
  #since = 0

  constructor(reactor: Reactor, over: () => void) {
    this.#reactor = reactor
    this.#over = over
  }

  /** Waits `seconds` from now on; 0 = for ever. */
  wait(seconds: number): void {
    this.stop()
    this.#seconds = seconds
    this.sign()
    if (seconds > 0) this.#call = this.#reactor.callLater(seconds, () => this.#look())
  }

  /** Something happened. */
  sign(): void {
    this.#since = this.#reactor.seconds()
  }

  /** Waits as long as before, from now on. */
  resume(): void {
    this.wait(this.#seconds)
  }

  /** Nobody is late until `resume` or `wait`. */
  stop(): void {
    this.#call?.cancel()
    this.#call = undefined
  }

  #look(): void {
    const left = this.#since + this.#seconds - this.#reactor.seconds()
    this.#call = undefined
    if (left <= 0) this.#over()
    else this.#call = this.#reactor.callLater(left, () => this.#look())
  }
}
