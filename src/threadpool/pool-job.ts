import type { PlaitError } from '../errors.ts'
import type { FileResponse, Host, HostSink, JobSink, Outcome, ResponseHead, RunningJob } from '../hosts/host.ts'
import type { ApplicationGroup } from './application-group.ts'
import type { JobQueue } from './job-queue.ts'
import type { Lane, LaneJob } from './lane.ts'

/** What a {@link PoolJob} tells its pool. */
export interface JobOwner {
  /** The run is over: its permit is free. */
  jobFinished(job: PoolJob): void
  /** The host gave it back: it has not begun. */
  jobReturned(job: PoolJob): void
  /** Its host died, and it may run once more. @returns false when it cannot */
  jobLost(job: PoolJob): boolean
  /** Nobody waits for a job that is still in the queue. */
  jobAbandoned(job: PoolJob): void
  /** It has waited in its lane, and has a place there now. */
  jobAdmitted(job: PoolJob): void
}

/**
 * One job's way through the pool: queued, then running in a host, then over. It is what the gateway holds (`RunningJob`) and what the
 * host reports to (`JobSink`).
 */
export class PoolJob implements RunningJob, HostSink {
  readonly owner: JobOwner
  /** The hosts that it may run in. */
  readonly group: ApplicationGroup
  readonly job: LaneJob
  readonly sink: JobSink
  /** In which it has a place. */
  lane: Lane | undefined
  /** The host that has it. */
  host: Host | undefined
  /** Seconds of the pool's clock when it was queued; 0 if it never was. */
  queuedAt = 0
  /** Its place in the order of all that ever came to the pool. */
  number = 0
  /** The queue that it waits in, and its neighbours there. */
  queue: JobQueue | undefined
  previous: PoolJob | undefined
  next: PoolJob | undefined
  /** It runs, or ran, for the second time. */
  repeated = false
  /** Of its response, when that has begun and is not over. */
  head: ResponseHead | undefined
  /** Seconds of the pool's clock when that was seen. */
  openSince: number | undefined
  /** It waited for its client then, the last time. */
  wasHeldUp = false
  /** It has given its permit back: see `Streams`. */
  isStream = false
  #running: RunningJob | undefined
  /** Something of the response is out, or something of a streamed body is in. */
  #begun = false
  #abandoned = false
  #over = false

  constructor(owner: JobOwner, group: ApplicationGroup, job: LaneJob, sink: JobSink) {
    this.owner = owner
    this.group = group
    this.job = job
    this.sink = sink
  }

  /** The pool gives it to a host. */
  startIn(host: Host): void {
    this.host = host
    this.sink.begun?.(host.id)
    this.#running = host.run(this.job, this)
  }

  /** Its response stays open. */
  becomeStream(): void {
    this.isStream = true
    this.#running?.streams?.()
  }

  /** The pool ends it before it ran. */
  refuse(error: PlaitError): void {
    this.#over = true
    this.sink.finished(error)
    this.lane?.leave(this)
  }

  // -- RunningJob, for the gateway

  get waitsForClient(): boolean {
    return this.#running?.waitsForClient === true
  }

  get threadNumber(): number | undefined {
    return this.#running?.threadNumber
  }
  drained(bytes: number): void {
    this.#running?.drained(bytes)
  }
  input(chunk: Uint8Array): void {
    this.#begun = true
    this.#running?.input(chunk)
  }
  inputEnd(): void {
    this.#begun = true
    this.#running?.inputEnd()
  }
  inputFailed(reason: string): void {
    this.#begun = true
    this.#running?.inputFailed(reason)
  }
  abandon(): void {
    if (this.#over) return
    this.#abandoned = true
    if (this.queue !== undefined) this.owner.jobAbandoned(this)
    else this.#running?.abandon()
  }
  fileTaken(taken: boolean): void {
    this.#running?.fileTaken(taken)
  }

  // -- JobSink, for the host

  earlyHints(headers: readonly string[]): void {
    this.#begun = true
    this.sink.earlyHints(headers)
  }
  respond(head: ResponseHead, body: Uint8Array, onePiece: boolean): void {
    this.#begun = true
    this.head = head
    this.sink.respond(head, body, onePiece)
  }
  respondFile(head: ResponseHead, file: FileResponse): void {
    this.#begun = true
    this.head = head
    this.sink.respondFile(head, file)
  }
  data(chunk: Uint8Array): void {
    this.sink.data(chunk)
  }
  inputWanted(bytes: number): void {
    this.#begun = true
    this.sink.inputWanted(bytes)
  }
  result(value: unknown): void {
    this.sink.result?.(value)
  }
  finished(outcome: Outcome): void {
    if (this.#over) return
    if (outcome !== undefined && this.#runsAgain(outcome)) return
    this.#over = true
    this.head = undefined
    this.sink.finished(outcome)
    // Before its permit is free: who gets the place may have waited longest of all.
    this.lane?.leave(this)
    this.owner.jobFinished(this)
  }
  /** After the death of its host, if nobody can have noticed that it had begun. Once: what kills its host must not walk through the pool. */
  #runsAgain({ code }: PlaitError): boolean {
    if (code !== 'PLAIT_HOST_LOST' || this.job.repeatable !== true || this.repeated) return false
    // A spooled body is gone as soon as the application has opened it.
    if (this.#begun || this.#abandoned || this.job.body?.kind === 'file') return false
    const before = this.#running
    this.#running = undefined
    this.repeated = true
    if (this.owner.jobLost(this)) return true
    this.#running = before
    return false
  }
  returned(): void {
    if (this.#over) return
    // Nobody waits for it any more.
    if (this.#abandoned) return this.finished(undefined)
    this.#running = undefined
    this.owner.jobReturned(this)
  }
}
