import type { DelayedCall } from './reactor.ts'

/** A call on Node's timers. They do not keep the process alive: listening ports and running hosts do. */
export class TimerCall implements DelayedCall {
  readonly #callable: () => void
  #timer: NodeJS.Timeout | undefined
  #time = 0

  constructor(seconds: number, callable: () => void) {
    this.#callable = callable
    this.reset(seconds, true)
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  reset(seconds: number, first = false): void {
    if (!first && this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#time = now() + seconds
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#callable()
    }, seconds * 1000)
    this.#timer.unref()
  }

  active(): boolean {
    return this.#timer !== undefined
  }

  getTime(): number {
    return this.#time
  }
}

/** Seconds of a clock that only goes forward. */
export function now(): number {
  return performance.now() / 1000
}
