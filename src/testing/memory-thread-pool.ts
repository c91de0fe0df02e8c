/** A thread pool without threads: what it is given runs at once, on the event loop. */
import { PlaitError } from '../errors.ts'
import type { Application } from '../hosts/application.ts'
import type { Job, JobSink, RunningJob } from '../hosts/host.ts'
import type { ReactorThreadPool } from '../reactor/reactor.ts'

/** A job that {@link MemoryThreadPool} was given, with what the server told it since. */
export class MemoryJob implements RunningJob {
  readonly application: Application
  readonly job: Job
  readonly sink: JobSink
  /** The environ as an object. */
  readonly environ: Readonly<Record<string, string>>
  /** Bytes of the response that left for the client. */
  drainedBytes = 0
  /** How many times the server gave the job up. */
  abandoned = 0
  /** The pieces of a streamed body, in order. */
  readonly inputs: Buffer[] = []
  inputEnded = false
  /** Called when a streamed body has ended. One slot. */
  onInputEnd: (() => void) | undefined
  inputFailure: string | undefined
  /** The answers to `respondFile`. */
  readonly filesTaken: boolean[] = []

  constructor(application: Application, job: Job, sink: JobSink) {
    this.application = application
    this.job = job
    this.sink = sink
    const environ: Record<string, string> = {}
    for (let at = 0; at < job.environ.length; at += 2) environ[job.environ[at] as string] = job.environ[at + 1] as string
    this.environ = environ
  }

  drained(bytes: number): void {
    this.drainedBytes += bytes
  }

  input(chunk: Uint8Array): void {
    this.inputs.push(Buffer.from(chunk))
  }

  inputEnd(): void {
    this.inputEnded = true
    this.onInputEnd?.()
  }

  inputFailed(reason: string): void {
    this.inputFailure = reason
  }

  abandon(): void {
    this.abandoned += 1
  }

  fileTaken(taken: boolean): void {
    this.filesTaken.push(taken)
  }

  /** Answers with a whole response of one block, and finishes. */
  answer(status: number, headers: readonly string[], body: string | Uint8Array): void {
    this.sink.respond({ status, reason: 'OK', headers }, typeof body === 'string' ? Buffer.from(body) : body, true)
    this.sink.finished(undefined)
  }
}

/** Options of {@link MemoryThreadPool}. */
export interface MemoryThreadPoolOptions {
  /** `now`: a job runs in the turn in which it is given. `perform`: when the test calls {@link MemoryThreadPool.perform}. @default 'now' */
  runs?: 'now' | 'perform'
}

/**
 * Runs a function in place of applications, so that `WSGIResource` is tested without processes:
 *
 *     const pool = new MemoryThreadPool((job) => job.answer(200, [], `You asked for ${job.environ.PATH_INFO}`))
 *     const resource = new WSGIResource(reactor, pool, 'any.name')
 *
 * The function may also keep the job and tell its `sink` later. For a whole application see `inlineApplication`.
 */
export class MemoryThreadPool implements ReactorThreadPool {
  /** Every job given, in order. */
  readonly jobs: MemoryJob[] = []
  started = false
  size: readonly [minThreads: number, maxThreads: number] = [0, 10]
  readonly #run: (job: MemoryJob) => void
  readonly #waits: boolean
  #waiting: MemoryJob[] = []

  /** @param run called with each job. @default ends the job with an error */
  constructor(run: (job: MemoryJob) => void = refuse, options: MemoryThreadPoolOptions = {}) {
    this.#run = run
    this.#waits = options.runs === 'perform'
  }

  /** Jobs that wait for {@link perform}; those that were given up meanwhile do not. */
  get waiting(): number {
    this.#waiting = this.#waiting.filter((job) => job.abandoned === 0)
    return this.#waiting.length
  }

  /**
   * Runs jobs that wait, oldest first (Twisted: `MemoryWorker.perform`).
   * @param most how many. @default all that wait now
   * @returns how many ran
   */
  perform(most: number = this.waiting): number {
    const ready = this.waiting > 0 ? this.#waiting.splice(0, most) : []
    for (const job of ready) this.#run(job)
    return ready.length
  }

  submit(application: Application, job: Job, sink: JobSink): RunningJob {
    const given = new MemoryJob(application, job, sink)
    this.jobs.push(given)
    if (this.#waits) this.#waiting.push(given)
    else this.#run(given)
    return given
  }

  start(): void {
    this.started = true
  }

  async stop(): Promise<void> {
    this.started = false
  }

  adjustPoolSize(minThreads: number, maxThreads: number): void {
    this.size = [minThreads, maxThreads]
  }
}

function refuse(job: MemoryJob): void {
  job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'This MemoryThreadPool was given no function to run'))
}
