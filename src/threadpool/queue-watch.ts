import { PlaitError } from '../errors.ts'
import type { PoolClock } from './clock.ts'
import type { JobQueue } from './job-queue.ts'
import type { PoolJob } from './pool-job.ts'

/** What a {@link QueueWatch} needs of its pool. */
export interface QueueOwner {
  readonly clock: PoolClock
  queues(): Iterable<JobQueue>
  /** Seconds that a job may wait in all, 0 = no limit. */
  patience(job: PoolJob): number
}

/** Refuses jobs that have waited too long in their queue, by one timer: it is set to the first of them, and most have left before. */
export class QueueWatch {
  readonly #owner: QueueOwner
  #timer: { cancel(): void } | undefined
  /** When it looks. */
  #next = Infinity

  constructor(owner: QueueOwner) {
    this.#owner = owner
  }

  /** Call it with a job that begins to wait. */
  watch(job: PoolJob): void {
    job.queuedAt = this.#owner.clock.seconds()
    this.moved(job)
  }

  /** Call it with a job that waits on in another queue. */
  moved(job: PoolJob): void {
    const patience = this.#owner.patience(job)
    if (patience > 0 && job.queuedAt + patience < this.#next) this.#lookAt(job.queuedAt + patience)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#next = Infinity
  }

  #lookAt(time: number): void {
    this.#timer?.cancel()
    this.#next = time
    this.#timer = this.#owner.clock.callLater(Math.max(0, time - this.#owner.clock.seconds()), () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    this.#next = Infinity
    let next = Infinity
    for (const queue of this.#owner.queues()) next = Math.min(next, this.#lookThrough(queue))
    if (next < this.#next) this.#lookAt(next)
  }

  /** @returns when the next of its jobs has waited too long */
  #lookThrough(queue: JobQueue): number {
    const now = this.#owner.clock.seconds()
    let next = Infinity
    for (let job = queue.first, after = job?.next; job !== undefined; job = after, after = job?.next) {
      // What was refused before it has let others in, and this one is past us: look again.
      if (job.queue !== queue) return now
      const patience = this.#owner.patience(job)
      const end = patience > 0 ? job.queuedAt + patience : Infinity
      if (end <= now) {
        queue.remove(job)
        job.refuse(tooLate(job, patience))
        continue
      }
      next = Math.min(next, end)
      // Those behind it came later. But what runs once more stands in front and waits anew, and a lane may have more patience than the pool.
      if (!job.repeated && job.job.lane === undefined) break
    }
    return next
  }
}

function tooLate({ lane, job }: PoolJob, seconds: number): PlaitError {
  const none =
    lane === undefined && job.lane !== undefined ? `None of the ${job.lane.maxRunning} places of ${job.lane.name}` : 'No thread'
  return new PlaitError('PLAIT_QUEUE_TIMEOUT', `${none} was free for ${seconds} s`, { status: 503 })
}
