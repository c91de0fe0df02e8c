import { defaults } from '../../defaults.ts'
import type { HostSink, Job, RunningJob } from '../host.ts'
import { ToThread } from './messages.ts'
import type { WorkerThread } from './worker-thread.ts'

/** A job in a host of worker threads: waiting for a thread, in one, or over. */
export class WorkerJob implements RunningJob {
  readonly job: Job
  readonly sink: HostSink
  /** The thread that has it. */
  thread: WorkerThread | undefined
  /** The number of that thread, also when it is over. */
  threadNumber: number | undefined
  /** Its place there. */
  slot = -1
  /** Its place in the order of all that ever came to its host. */
  readonly number: number
  over = false
  /** The application has asked for a streamed body, of which more may come. */
  inputOpen = false
  /** Seconds that it might have taken, when it took longer and was told so. */
  interruptedAfter: number | undefined
  /** Bytes of the response that the client has not taken. */
  #undrained = 0
  #gone = false
  readonly #abandonWaiting: (job: WorkerJob) => void

  /** @param abandonWaiting called when nobody waits for it any more, and no thread has it yet */
  constructor(
    job: Job,
    sink: HostSink,
    { number, abandonWaiting }: { number: number; abandonWaiting: (job: WorkerJob) => void },
  ) {
    this.number = number
    this.job = job
    this.sink = sink
    this.#abandonWaiting = abandonWaiting
  }

  /** What was transferred to a thread cannot be sent to another one. */
  get hasMoved(): boolean {
    return this.job.call !== undefined && this.job.call.transfer.length > 0
  }

  /** A piece of the response goes to the sink. */
  sent(bytes: number): void {
    this.#undrained += bytes
  }

  /** It may be the client that takes its time: it has not taken what is there, or not sent its body. */
  get waitsForClient(): boolean {
    return !this.#gone && (this.inputOpen || this.#undrained * 2 >= defaults.responseWindow)
  }

  drained(bytes: number): void {
    const waited = this.waitsForClient
    this.#undrained -= bytes
    if (waited && !this.waitsForClient) this.#renewDeadline()
    if (!this.over) this.thread?.credit(this.slot, bytes)
  }

  /** The client's part is done, for now: from here on it is the application that takes its time. */
  #renewDeadline(): void {
    if (this.thread !== undefined) this.thread.frontSince = performance.now()
  }

  #inputOver(): void {
    if (this.inputOpen) this.#renewDeadline()
    this.inputOpen = false
  }

  input(chunk: Uint8Array): void {
    // A copy: the bytes are the caller's.
    if (!this.over) this.thread?.tell(ToThread.INPUT, this.slot, chunk.slice())
  }

  inputEnd(): void {
    this.#inputOver()
    if (!this.over) this.thread?.tell(ToThread.INPUT_END, this.slot)
  }

  inputFailed(reason: string): void {
    this.#inputOver()
    if (!this.over) this.thread?.tell(ToThread.INPUT_FAILED, this.slot, reason)
  }

  abandon(): void {
    if (this.over || this.#gone) return
    this.#gone = true
    if (this.thread === undefined) this.#abandonWaiting(this)
    else this.thread.abandon(this)
  }

  streams(): void {
    if (this.thread !== undefined) this.thread.stream = this
  }

  fileTaken(taken: boolean): void {
    if (!this.over) this.thread?.tell(ToThread.FILE_TAKEN, this.slot, taken)
  }
}
