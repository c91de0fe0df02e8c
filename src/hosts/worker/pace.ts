/** An application whose requests take no longer than this (milliseconds, mean) gets several at a time. */
const QUICK_MS = 0.1
/** Requests that have to be known before that. */
const FIRST_SIGHT = 64
/** Requests after one that got stuck before others wait behind one again; doubled each time, up to a limit. Small: a machine that is busy lets every application look stuck. */
const FIRST_PENALTY = 32
const LONGEST_PENALTY = 512
/** After so many without another, the next one is the first again. */
const FORGIVEN = 4096
/** How much of the mean a message counts, whatever number of requests it is about. */
const WEIGHT = 0.2
/** What one message can do to the mean: a thread that the system put aside for a while says nothing about the application. */
const MOST_MS = 4 * QUICK_MS

/** How fast an application answers, as its threads measure it. */
export class Pace {
  #mean = QUICK_MS
  #known = 0
  #penalty = 0
  #next = FIRST_PENALTY
  #sinceStuck = 0

  /** True when a request may wait behind others for the short time that they take. */
  get isQuick(): boolean {
    return this.#penalty === 0 && this.#known >= FIRST_SIGHT && this.#mean < QUICK_MS
  }

  /** @param jobs that a thread has done @param milliseconds that it took */
  worked(jobs: number, milliseconds: number): void {
    this.#mean += WEIGHT * (Math.min(milliseconds / jobs, MOST_MS) - this.#mean)
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
