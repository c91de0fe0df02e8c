/** How many processes there may be at a time, and who waits for one. */
import { PlaitError } from '../../errors.ts'
import type { DelayedCall, Reactor } from '../../reactor/reactor.ts'

/** Options of {@link ProcessLimit}. */
export interface ProcessLimitOptions {
  /** Scripts that run at the same time. @default 32 */
  maxProcesses?: number
  /** Requests that wait for one of them; more are answered with 503. @default 100 */
  maxQueue?: number
  /** Seconds that a request waits (503). @default 30 */
  queueTimeout?: number
}

interface Waiting {
  readonly enter: (leave: () => void) => void
  timer: DelayedCall
}

/**
 * Bounds the processes of the CGI resources that share it. Without a limit a server starts as many processes as there are clients.
 *
 *     const limit = new ProcessLimit({ maxProcesses: 8 })
 *     root.putChild('cgi-bin', new CGIDirectory('cgi-bin', { limit }))
 */
export class ProcessLimit {
  readonly #maxProcesses: number
  readonly #maxQueue: number
  readonly #queueTimeout: number
  readonly #queue = new Set<Waiting>()
  #running = 0

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(options: ProcessLimitOptions = {}) {
    const { maxProcesses = 32, maxQueue = 100, queueTimeout = 30 } = options
    wholeNumber('maxProcesses', maxProcesses, 1)
    wholeNumber('maxQueue', maxQueue, 0)
    if (!(queueTimeout >= 0))
      throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use queueTimeout ${queueTimeout}: it must be 0 or more`)
    this.#maxProcesses = maxProcesses
    this.#maxQueue = maxQueue
    this.#queueTimeout = queueTimeout
  }

  /** Processes that run. */
  get running(): number {
    return this.#running
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /**
   * Waits for a place.
   * @param enter called once, now or later, with the function that gives the place back
   * @param refused called instead, when there are too many already or the wait was too long
   * @returns gives up waiting
   */
  acquire(reactor: Reactor, enter: (leave: () => void) => void, refused: () => void): () => void {
    if (this.#running < this.#maxProcesses) {
      this.#enter(enter)
      return nothing
    }
    if (this.#queue.size >= this.#maxQueue) {
      refused()
      return nothing
    }
    const waiting: Waiting = {
      enter,
      timer: reactor.callLater(this.#queueTimeout, () => {
        this.#queue.delete(waiting)
        refused()
      }),
    }
    this.#queue.add(waiting)
    return () => {
      waiting.timer.cancel()
      this.#queue.delete(waiting)
    }
  }

  #enter(enter: (leave: () => void) => void): void {
    this.#running++
    let left = false
    enter(() => {
      if (left) return
      left = true
      this.#running--
      this.#next()
    })
  }

  #next(): void {
    const [next] = this.#queue
    if (next === undefined || this.#running >= this.#maxProcesses) return
    this.#queue.delete(next)
    next.timer.cancel()
    this.#enter(next.enter)
  }
}

function wholeNumber(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot use ${option} ${value}: it must be a whole number from ${least} on`)
}

function nothing(): void {
  // it does not wait
}
