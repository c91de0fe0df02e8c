/** Time that passes only when a test says so (Twisted: `twisted.internet.task.Clock`). */
import type { DelayedCall } from '../reactor/reactor.ts'

class MemoryCall implements DelayedCall {
  readonly #clock: Clock
  readonly callable: () => void
  time: number
  #active = true

  constructor(clock: Clock, time: number, callable: () => void) {
    this.#clock = clock
    this.time = time
    this.callable = callable
  }

  cancel(): void {
    this.#active = false
  }

  reset(seconds: number): void {
    if (this.#active) this.time = this.#clock.seconds() + seconds
  }

  active(): boolean {
    return this.#active
  }

  getTime(): number {
    return this.time
  }

  run(): void {
    this.#active = false
    this.callable()
  }
}

/**
 * A clock that starts at 0 and stands still.
 *
 *     const clock = new Clock()
 *     clock.callLater(2, () => console.log('two'))
 *     clock.advance(2)
 */
export class Clock {
  #now = 0
  #calls: MemoryCall[] = []

  /** Seconds that have been let pass. */
  seconds(): number {
    return this.#now
  }

  /** Runs `callable` when `seconds` have been let pass. */
  callLater(seconds: number, callable: () => void): DelayedCall {
    if (!(seconds >= 0)) throw new RangeError(`Cannot call something in ${seconds} seconds: the delay must be 0 or more`)
    const call = new MemoryCall(this, this.#now + seconds, callable)
    this.#calls.push(call)
    return call
  }

  /** Lets `seconds` pass, then runs what is due, in order of time; also what becomes due by running it. */
  advance(seconds: number): void {
    this.#now += seconds
    for (let call = this.#nextDue(); call !== undefined; call = this.#nextDue()) call.run()
  }

  /** {@link advance} by each of `steps` in turn. */
  pump(steps: Iterable<number>): void {
    for (const seconds of steps) this.advance(seconds)
  }

  /** The calls that lie ahead, in order of time. */
  getDelayedCalls(): DelayedCall[] {
    return this.#ahead()
  }

  #ahead(): MemoryCall[] {
    // A stable sort: calls for the same time run in the order in which they were made.
    this.#calls = this.#calls.filter((call) => call.active()).toSorted((a, b) => a.time - b.time)
    return [...this.#calls]
  }

  #nextDue(): MemoryCall | undefined {
    const next = this.#ahead()[0]
    return next !== undefined && next.time <= this.#now ? next : undefined
  }
}
