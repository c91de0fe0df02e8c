/** A right to so many things at once, that grows again with time. */
export class Allowance {
  readonly #most: number
  readonly #rate: number
  #left: number
  #at: number

  /**
   * @param most things at once
   * @param rate things that are allowed anew each second
   * @param now seconds of a clock that only goes forward
   */
  constructor(most: number, rate: number, now: number) {
    this.#most = most
    this.#rate = rate
    this.#left = most
    this.#at = now
  }

  /** One thing happens. Gives false when it was one too many. */
  take(now: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#rate)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
