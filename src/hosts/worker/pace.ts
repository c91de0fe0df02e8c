/** An application whose requests take no longer than this (milliseconds, mean) gets several at a time. */
const QUICK_MS = 0.1
/** Requests after which one that got stuck is tried again; doubled each time, up to a limit. */
const FIRST_PENALTY = 64
const LONGEST_PENALTY = 4096
/** After so many without another, the next one is the first again. */
const FORGIVEN = 20_000
/** How much of the mean a message counts, whatever number of requests it is about. */
const WEIGHT = 0.2

/** How fast an application answers, as its threads measure it. */
export class Pace {
  #mean = QUICK_MS
  #known = 0
  #penalty = 0
  #next = FIRST_PENALTY
  #sinceStuck = 0

  /** True when a request may wait behind others for the short time that they take. */
  get isQuick(): boolean {
    return this.#penalty === 0 && this.#known >= FIRST_PENALTY && this.#mean < QUICK_MS
  }

  worked(jobs: number, milliseconds: number): void {
    this.#mean += WEIGHT * (milliseconds / jobs - this.#mean)
    this.#known += jobs
    this.#penalty = Math.max(0, this.#penalty - jobs)
    this.#sinceStuck += jobs
    if (this.#sinceStuck > FORGIVEN) this.#next = FIRST_PENALTY
  }

  /** A request took long: for a while nothing waits behind another. */
  gotStuck(): void {
    this.#penalty = this.#next
    this.#sinceStuck = 0
    this.#next = Math.min(this.#next * 2, LONGEST_PENALTY)
  }
}
