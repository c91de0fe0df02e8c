import type { WorkerThread } from './worker-thread.ts'

/** Milliseconds between two looks at threads that have jobs waiting in them. One that has finished none for so many looks gives those back that wait. */
const LOOK_MS = 4
const STUCK_LOOKS = 2

/** Looks after threads that have jobs behind the one that runs: one that takes its time gives them back. Costs nothing while there are none. */
export class StuckWatch {
  readonly #threads: () => readonly WorkerThread[]
  readonly #stuck: (thread: WorkerThread) => void
  readonly #seen = new WeakMap<WorkerThread, { served: number; looks: number }>()
  #timer: NodeJS.Timeout | undefined

  /** @param stuck called with a thread that should give back what waits in it */
  constructor(threads: () => readonly WorkerThread[], stuck: (thread: WorkerThread) => void) {
    this.#threads = threads
    this.#stuck = stuck
  }

  /** Call it when a thread has more than one job. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    for (const thread of this.#threads()) {
      if (thread.load < 2) {
        this.#seen.delete(thread)
        continue
      }
      const { served } = thread
      const before = this.#seen.get(thread)
      const looks = before?.served === served ? before.looks + 1 : 0
      this.#seen.set(thread, { served, looks })
      if (looks >= STUCK_LOOKS) this.#stuck(thread)
      if (thread.load > 1) this.start()
    }
  }
}

/** Milliseconds between two looks at requests that may be late: a tenth of their time, within these. */
const SHORTEST_MS = 10
const LONGEST_MS = 1000

/** Looks for requests that take longer than they may. */
export class Deadline {
  readonly #threads: () => readonly WorkerThread[]
  readonly #late: (thread: WorkerThread) => void
  readonly #limit: number
  #timer: NodeJS.Timeout | undefined

  /** @param seconds 0: no limit @param late called with a thread whose first job takes longer */
  constructor(seconds: number, threads: () => readonly WorkerThread[], late: (thread: WorkerThread) => void) {
    this.#limit = seconds * 1000
    this.#threads = threads
    this.#late = late
  }

  /** Call it when a thread has got a job. */
  start(): void {
    if (this.#limit === 0) return
    const pause = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, this.#limit / 10))
    this.#timer ??= setTimeout(() => this.#look(), pause).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const thread of this.#threads()) {
      if (thread.load > 0 && now - thread.frontSince > this.#limit) this.#late(thread)
    }
    if (this.#threads().some(({ load }) => load > 0)) this.start()
  }
}
