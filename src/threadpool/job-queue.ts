import type { PoolJob } from './pool-job.ts'

/** How many jobs wait in all the queues that share it. */
export interface QueueTotal {
  queued: number
}

/**
 * First in, first out, and out of the middle too (a client that leaves takes its request along): a doubly linked list through the
 * jobs themselves, so every operation takes the same short time.
 *
 *     first ⇄ … ⇄ last
 */
export class JobQueue {
  #first: PoolJob | undefined
  #last: PoolJob | undefined
  #size = 0
  readonly #total: QueueTotal

  constructor(total: QueueTotal) {
    this.#total = total
  }

  get size(): number {
    return this.#size
  }

  /** The job that has waited longest. */
  get first(): PoolJob | undefined {
    return this.#first
  }

  /** What waits now, first to last. */
  jobs(): PoolJob[] {
    const jobs: PoolJob[] = []
    for (let job = this.#first; job !== undefined; job = job.next) jobs.push(job)
    return jobs
  }

  push(job: PoolJob): void {
    job.queue = this
    job.previous = this.#last
    if (this.#last === undefined) this.#first = job
    else this.#last.next = job
    this.#last = job
    this.#size++
    this.#total.queued++
  }

  /** Puts a job that has waited before to the front. */
  unshift(job: PoolJob): void {
    job.queue = this
    job.next = this.#first
    if (this.#first === undefined) this.#last = job
    else this.#first.previous = job
    this.#first = job
    this.#size++
    this.#total.queued++
  }

  /** Puts a job where it belongs by the time at which it came. */
  insert(job: PoolJob): void {
    let after = this.#first
    while (after !== undefined && after.number < job.number) after = after.next
    if (after === undefined) return this.push(job)
    const before = after.previous
    if (before === undefined) return this.unshift(job)
    job.queue = this
    job.previous = before
    job.next = after
    before.next = job
    after.previous = job
    this.#size++
    this.#total.queued++
  }

  remove(job: PoolJob): void {
    if (job.queue !== this) return
    job.queue = undefined
    if (job.previous === undefined) this.#first = job.next
    else job.previous.next = job.next
    if (job.next === undefined) this.#last = job.previous
    else job.next.previous = job.previous
    job.previous = undefined
    job.next = undefined
    this.#size--
    this.#total.queued--
  }

  shift(): PoolJob | undefined {
    const job = this.#first
    if (job !== undefined) this.remove(job)
    return job
  }
}
