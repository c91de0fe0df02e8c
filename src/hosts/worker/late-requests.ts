import { PlaitError } from '../../errors.ts'
import { Deadline } from './watch.ts'
import type { WorkerJob } from './worker-job.ts'
import type { WorkerThread } from './worker-thread.ts'

/** Milliseconds between two tries to interrupt a request. */
const BETWEEN_TRIES_MS = 10

/** What {@link LateRequests} need of their host. */
export interface LateRequestsOptions {
  readonly threads: () => readonly WorkerThread[]
  /** Seconds that one request may take; 0 = no limit. One with a limit of its own has the smaller of both. */
  readonly timeout: number
  /** Milliseconds that a request has to end after it was interrupted; undefined: it is not. Then its thread is ended. */
  readonly grace: number | undefined
  /** Of the host and its application, for messages. */
  readonly names: { readonly application: string; readonly host: string }
}

/** Ends requests that take longer than they may: by an interrupt where their interpreter can do that, else with their thread. */
export class LateRequests {
  readonly #options: LateRequestsOptions
  readonly #deadline: Deadline
  /** Threads that are ended because their job takes too long, and where they stood. */
  readonly #ended = new WeakMap<WorkerThread, string | undefined>()

  constructor(options: LateRequestsOptions) {
    this.#options = options
    const limitOf = ({ job }: WorkerJob): number => leastLimit(job.timeout ?? 0, options.timeout)
    this.#deadline = new Deadline(options.threads, limitOf, (thread, seconds) => this.#isLate(thread, seconds))
  }

  /** A thread has got a job. */
  watch(job: WorkerJob): void {
    this.#deadline.start(job)
  }

  stop(): void {
    this.#deadline.stop()
  }

  /** The end of a job whose thread was ended because it took too long; undefined for another thread. @param what happened */
  lost(thread: WorkerThread, what: string): PlaitError | undefined {
    if (!this.#ended.has(thread)) return undefined
    const detail = this.#ended.get(thread)
    return new PlaitError('PLAIT_TIMEOUT', what, { status: 504, ...(detail === undefined ? {} : { detail }) })
  }

  /** What a job's end means, when it was interrupted. */
  outcomeOf({ interruptedAfter: seconds }: WorkerJob, outcome: PlaitError | undefined): PlaitError | undefined {
    if (seconds === undefined || outcome === undefined) return outcome
    const { application, host } = this.#options.names
    const { detail, cause } = outcome
    const what = `A request to ${application} (host ${host}) was interrupted: it took longer than ${seconds} s`
    return new PlaitError('PLAIT_TIMEOUT', what, { status: 504, cause, ...(detail === undefined ? {} : { detail }) })
  }

  /** The first job of a thread has run out of time. */
  #isLate(thread: WorkerThread, seconds: number): void {
    const { front: job } = thread
    const { grace } = this.#options
    if (job === undefined) return
    if (grace === undefined) return void this.#endWithStack(thread, job, seconds)
    this.#interrupt(thread, job, { seconds, until: performance.now() + grace })
  }

  /** Again and again until it can be: it may be about to begin, or have ended with its last word on the way. */
  #interrupt(thread: WorkerThread, job: WorkerJob, limits: { seconds: number; until: number }): void {
    const { seconds, until } = limits
    if (job.over || job.thread !== thread) return
    const given = job.interruptedAfter === undefined && thread.interrupt(job)
    if (given) job.interruptedAfter = seconds
    const left = until - performance.now()
    if (left <= 0) return this.#end(thread, seconds)
    const pause = job.interruptedAfter === undefined ? Math.min(left, BETWEEN_TRIES_MS) : left
    setTimeout(() => this.#interrupt(thread, job, limits), pause).unref()
  }

  /** Asks it first where it stands. It may come to an end just then: the thread would run another job by now. */
  async #endWithStack(thread: WorkerThread, job: WorkerJob, seconds: number): Promise<void> {
    const stack = await thread.stack()
    if (!job.over && job.thread === thread) return this.#end(thread, seconds, stack)
    // What came behind it has been waiting for a look since.
    if (thread.front !== undefined) this.#deadline.start(thread.front)
  }

  #end(thread: WorkerThread, seconds: number, stack?: string): void {
    this.#ended.set(thread, stack)
    thread.kill(`was ended: its request took longer than ${seconds} s`)
  }
}

/** The smaller of two limits, of which 0 is none. */
function leastLimit(one: number, other: number): number {
  return one === 0 || (other > 0 && other < one) ? other : one
}
