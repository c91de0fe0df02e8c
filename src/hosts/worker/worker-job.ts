import type { HostSink, Job, RunningJob } from '../host.ts'
import { ToThread } from './messages.ts'
import type { WorkerThread } from './worker-thread.ts'

/** A job in a host of worker threads: waiting for a thread, in one, or over. */
export class WorkerJob implements RunningJob {
  readonly job: Job
  readonly sink: HostSink
  /** The thread that has it. */
  thread: WorkerThread | undefined
  /** Its place there. */
  slot = -1
  /** Its place in the order of all that ever came to its host. */
  readonly number: number
  over = false
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

  drained(bytes: number): void {
    if (!this.over) this.thread?.credit(this.slot, bytes)
  }

  input(chunk: Uint8Array): void {
    // A copy: the bytes are the caller's.
    if (!this.over) this.thread?.tell(ToThread.INPUT, this.slot, chunk.slice())
  }

  inputEnd(): void {
    if (!this.over) this.thread?.tell(ToThread.INPUT_END, this.slot)
  }

  inputFailed(reason: string): void {
    if (!this.over) this.thread?.tell(ToThread.INPUT_FAILED, this.slot, reason)
  }

  abandon(): void {
    if (this.over || this.#gone) return
    this.#gone = true
    if (this.thread === undefined) this.#abandonWaiting(this)
    else this.thread.abandon(this)
  }

  fileTaken(taken: boolean): void {
    if (!this.over) this.thread?.tell(ToThread.FILE_TAKEN, this.slot, taken)
  }
}
