import type { WorkerJob } from './worker-job.ts'
import type { WorkerThread } from './worker-thread.ts'

/** Milliseconds between two looks at threads that have jobs waiting in them. One that has finished none for so many looks gives those back that wait. */
const LOOK_MS = 4
const STUCK_LOOKS = 4
/** A look that is late by more says that the machine is busy, and nothing about the threads: they may be waiting for a core as well. */
const LATE_MS = 2

/** Looks after threads that have jobs behind the one that runs: one that takes its time gives them back. Costs nothing while there are none. */
export class StuckWatch {
  readonly #threads: () => readonly WorkerThread[]
  readonly #stuck: (thread: WorkerThread) => void
  readonly #seen = new WeakMap<WorkerThread, { served: number; looks: number }>()
  #timer: NodeJS.Timeout | undefined
  #due = 0

  /** @param stuck called with a thread that should give back what waits in it */
  constructor(threads: () => readonly WorkerThread[], stuck: (thread: WorkerThread) => void) {
    this.#threads = threads
    this.#stuck = stuck
  }

  /** Call it when a thread has more than one job. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#due = performance.now() + LOOK_MS
    this.#timer = setTimeout(() => this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    const isLate = performance.now() - this.#due > LATE_MS
    for (const thread of this.#threads()) {
      if (thread.load < 2) {
        this.#seen.delete(thread)
        continue
      }
      const { served } = thread
      const before = this.#seen.get(thread)
      const looks = before?.served === served ? before.looks + (isLate ? 0 : 1) : 0
      this.#seen.set(thread, { served, looks })
      if (looks >= STUCK_LOOKS) this.#stuck(thread)
      if (thread.load > 1) this.start()
    }
  }
}

/** Milliseconds between two looks at requests that may be late: a tenth of their time, within these. */
const SHORTEST_MS = 10
const LONGEST_MS = 1000

/** Looks for requests that take longer than they may. Time that the client takes does not count. */
export class Deadline {
  readonly #threads: () => readonly WorkerThread[]
  readonly #late: (thread: WorkerThread, seconds: number) => void
  readonly #limitOf: (job: WorkerJob) => number
  #timer: NodeJS.Timeout | undefined
  #due = Infinity

  /** @param limitOf seconds that a job may take, 0: no limit @param late called with a thread whose job takes longer, and what that job may take */
  constructor(
    threads: () => readonly WorkerThread[],
    limitOf: (job: WorkerJob) => number,
    late: (thread: WorkerThread, seconds: number) => void,
  ) {
    this.#threads = threads
    this.#limitOf = limitOf
    this.#late = late
  }

  /** Call it when a thread has got a job. */
  start(job: WorkerJob): void {
    const limit = this.#limitOf(job)
    if (limit === 0) return
    const pause = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, limit * 100))
    const due = performance.now() + pause
    if (due >= this.#due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(() => this.#look(), pause).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    this.#due = Infinity
    const now = performance.now()
    for (const thread of this.#threads()) {
      const job = thread.front
      const limit = job === undefined ? 0 : this.#limitOf(job)
      if (job === undefined || limit === 0) continue
      if (now - thread.frontSince > limit * 1000 && !job.waitsForClient) this.#late(thread, limit)
      else this.start(job)
    }
  }
}
