import type { Worker } from 'node:worker_threads'
import { memoryOf, type MemoryLimit } from './thread-memory.ts'

/** Milliseconds between two looks: so many that what a thread can take meanwhile is a part of what it may still take, within these. */
const SHORTEST_MS = 10
const LONGEST_MS = 250
/** Bytes per millisecond, four times of what a busy thread can take. */
const PACE = 4 * 1024 ** 2
/** Looks at a thread with nothing to do: one in so many. */
const IDLE_LOOKS = 4
/** Milliseconds between two words that garbage should be collected. */
const COLLECT_MS = 1000

/** What a {@link MemoryWatch} sees. */
export interface WatchedThread {
  /** It has something to do. */
  readonly isBusy: boolean
  /** It has more than it may keep, perhaps garbage. Again at the earliest after a second. */
  full(): void
  /** It has far too much. Last. */
  over(): void
}

/** Looks after the memory of one thread. */
export class MemoryWatch {
  readonly #worker: Worker
  readonly #limit: MemoryLimit
  readonly #thread: WatchedThread
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #skipped = 0
  #lastWord = -Infinity
  #pause = SHORTEST_MS

  /** Begins when the thread is online. */
  constructor(worker: Worker, limit: MemoryLimit, thread: WatchedThread) {
    this.#worker = worker
    this.#limit = limit
    this.#thread = thread
    worker.once('online', () => this.#wait())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #wait(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), this.#pause).unref()
  }

  async #look(): Promise<void> {
    if (!this.#thread.isBusy && ++this.#skipped < IDLE_LOOKS) return this.#wait()
    this.#skipped = 0
    const bytes = await memoryOf(this.#worker)
    if (this.#stopped) return
    if (bytes !== undefined) this.#judge(bytes)
    this.#wait()
  }

  #judge(bytes: number): void {
    const { kept, most } = this.#limit
    this.#pause = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (most - bytes) / PACE))
    if (bytes > most) {
      this.stop()
      return this.#thread.over()
    }
    if (bytes <= kept || performance.now() - this.#lastWord < COLLECT_MS) return
    this.#lastWord = performance.now()
    this.#thread.full()
  }
}
