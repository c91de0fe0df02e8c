import type { WorkerThread } from './worker-thread.ts'

/** Jobs that one thread holds at most while its application answers at once. */
const BATCH = 16

/** The threads of a host, and which of them gets a job. */
export class Crew {
  /** Threads that there may be. */
  most: number
  readonly #threads = new Set<WorkerThread>()
  /** Without a job; the last one that had work last. */
  readonly #idle: WorkerThread[] = []
  /** Those that have loaded the application. */
  #ready = 0
  /** Gets one job behind the other while the application answers at once. */
  #favourite: WorkerThread | undefined

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.#threads.size
  }

  /** Threads that load the application. */
  get starting(): number {
    return this.#threads.size - this.#ready
  }

  /** Threads that have work. */
  get busy(): number {
    return this.#ready - this.#idle.length
  }

  get all(): readonly WorkerThread[] {
    return [...this.#threads]
  }

  /** Jobs that threads with work can take, were they all quick. @param given jobs that they have @param streams those of them that keep a thread to themselves */
  roomAhead(given: number, streams: number): number {
    return Math.max(0, (this.busy - streams) * BATCH - (given - streams))
  }

  add(thread: WorkerThread): void {
    this.#threads.add(thread)
  }

  /** It has loaded the application. */
  admit(thread: WorkerThread): void {
    this.#ready++
    thread.readySince = performance.now()
    this.rest(thread)
  }

  /** It has nothing to do. @param suspect it did not get to its last jobs: others come first */
  rest(thread: WorkerThread, suspect = false): void {
    thread.idleSince = performance.now()
    if (suspect) this.#idle.unshift(thread)
    else this.#idle.push(thread)
  }

  /** @returns false when it is forgotten already */
  forget(thread: WorkerThread): boolean {
    if (!this.#threads.delete(thread)) return false
    if (thread.readySince > 0) this.#ready--
    const at = this.#idle.indexOf(thread)
    if (at >= 0) this.#idle.splice(at, 1)
    this.disfavour(thread)
    return true
  }

  /** What comes next goes elsewhere. */
  disfavour(thread: WorkerThread): void {
    if (this.#favourite === thread) this.#favourite = undefined
  }

  /**
   * The thread for a job; undefined: it has to wait for one.
   * @param permits jobs that may run at the same time
   * @param quick whether a job may wait behind others. To wake a thread costs more than a small request: one that has work takes more, as long as it gets
   * through it at once
   */
  choose(permits: number, quick: boolean): WorkerThread | undefined {
    const favourite = this.#favourite
    if (quick && favourite !== undefined && takesMore(favourite)) return favourite
    const found = this.busy < permits ? this.#takeIdle() : undefined
    return (this.#favourite = found ?? (quick ? this.#leastLoaded() : undefined))
  }

  #takeIdle(): WorkerThread | undefined {
    const at = this.#idle.findLastIndex(({ room }) => room > 0)
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0]
  }

  #leastLoaded(): WorkerThread | undefined {
    let best: WorkerThread | undefined
    for (const thread of this.#threads) {
      if (takesMore(thread) && (best === undefined || thread.load < best.load)) best = thread
    }
    return best
  }

  /** Idle threads, those without work for longest first, that there are beyond `least` and have been idle since `since`. */
  spare(least: number, since: number): WorkerThread[] {
    const old = this.#idle.filter(({ idleSince }) => idleSince <= since).toSorted((a, b) => a.idleSince - b.idleSince)
    return old.slice(0, Math.max(0, this.size - least))
  }
}

/** It has work, and would get to one more job soon. */
function takesMore({ load, room, stream }: WorkerThread): boolean {
  return load > 0 && load < BATCH && room > 0 && stream === undefined
}
