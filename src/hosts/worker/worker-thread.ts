import { Worker, type ResourceLimits } from 'node:worker_threads'
import { PlaitError } from '../../errors.ts'
import type { JobBody } from '../host.ts'
import { eachLine } from '../output-lines.ts'
import type { ResponseHeads } from '../response-heads.ts'
import { LAST, ONE_PIECE, ToServer, ToThread, type FailureReport, type LoadReport, type SentBody } from './messages.ts'
import { Signals, SLOTS } from './signals.ts'
import type { WorkerJob } from './worker-job.ts'

/** What a {@link WorkerThread} tells. */
export interface ThreadEvents {
  loaded(thread: WorkerThread, report: LoadReport): void
  /** The run of a job is over, and its slot free. */
  finished(thread: WorkerThread, job: WorkerJob, outcome: PlaitError | undefined): void
  /** What the thread has done since it last said so: jobs, and milliseconds in them. */
  worked(thread: WorkerThread, jobs: number, milliseconds: number): void
  /** A line of the application's standard output or error, or of `wsgi.errors`. */
  output(thread: WorkerThread, stream: 'stdout' | 'stderr', line: string): void
  /** The thread has ended. Its jobs are still in it. Last, once. */
  died(thread: WorkerThread, reason: string): void
}

/** What a thread is made of. */
export interface ThreadOptions {
  /** The script that it runs. */
  readonly entry: URL
  /** What the script gets beside the shared memory. */
  readonly data: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  readonly resourceLimits: ResourceLimits
  readonly heads: ResponseHeads
}

/** One worker thread, with the jobs that it has. It runs one at a time, in the order in which they were sent. */
export class WorkerThread {
  readonly signals: Signals = new Signals()
  /** Milliseconds of the server's clock at which it last had nothing to do. */
  idleSince = 0
  ready = false
  /** Jobs that it has, the running one included. */
  load = 0
  /** Jobs that it has finished. */
  served = 0
  /** The same at the last look, and how many looks in a row have seen no other number. */
  servedThen = 0
  looks = 0
  readonly #worker: Worker
  readonly #events: ThreadEvents
  readonly #heads: ResponseHeads
  readonly #jobs: (WorkerJob | undefined)[] = Array.from({ length: SLOTS })
  readonly #freeSlots = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index)
  #outgoing: unknown[] = []
  #scheduled = false
  #fault: Error | undefined
  #killed: string | undefined
  #gone = false
  readonly #flush = (): void => this.flush()

  constructor(options: ThreadOptions, events: ThreadEvents) {
    this.#events = events
    this.#heads = options.heads
    this.#worker = new Worker(options.entry, {
      workerData: { ...options.data, plaitThread: true, signals: this.signals.memory },
      env: options.env,
      resourceLimits: options.resourceLimits,
      stdout: true,
      stderr: true,
      // The flags of the server's own command line are not the application's affair.
      execArgv: [],
      argv: [],
    })
    this.#worker.on('message', (message: readonly unknown[]) => this.#receive(message))
    this.#worker.on('error', (error) => (this.#fault = error))
    this.#worker.on('exit', (code) => this.#end(code))
    eachLine(this.#worker.stdout, (line) => events.output(this, 'stdout', line))
    eachLine(this.#worker.stderr, (line) => events.output(this, 'stderr', line))
    // Ports keep a program alive, not the threads behind them.
    this.#worker.unref()
  }

  /** Jobs that it may be sent now. */
  get room(): number {
    return this.#freeSlots.length
  }

  /** It was ended on purpose, or by the limit of its memory. */
  get wasEnded(): boolean {
    return this.#killed !== undefined || (this.#fault as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  }

  /** The jobs that it has, in no order. */
  get jobs(): WorkerJob[] {
    return this.#jobs.filter((job) => job !== undefined)
  }

  /** Sends a job, with all others of this turn of the event loop. Only while a slot is free. */
  send(job: WorkerJob, now: number): void {
    const slot = this.#freeSlots.pop() as number
    job.thread = this
    job.slot = slot
    job.sentAt = now
    this.#jobs[slot] = job
    this.load++
    this.signals.offer(slot)
    this.#outgoing.push(ToThread.JOB, slot, job.job.environ, sentBody(job.job.body))
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  /** Says something now, behind what was said before. */
  tell(...words: unknown[]): void {
    this.#outgoing.push(...words)
    this.flush()
  }

  flush(): void {
    this.#scheduled = false
    if (this.#gone || this.#outgoing.length === 0) return
    const message = this.#outgoing
    this.#outgoing = []
    this.#worker.postMessage(message)
    this.signals.wake()
  }

  credit(slot: number, bytes: number): void {
    if (this.signals.acknowledge(slot, bytes)) this.tell(ToThread.NEWS, slot)
  }

  abandon(job: WorkerJob): void {
    // One that has not begun never does.
    if (this.withdraw(job)) this.#events.finished(this, job, undefined)
    else if (this.signals.tellGone(job.slot)) this.tell(ToThread.NEWS, job.slot)
  }

  /** Takes a job back. False: it has begun. Its slot is free when the thread says that it has passed over it. */
  withdraw(job: WorkerJob): boolean {
    if (!this.signals.withdraw(job.slot)) return false
    this.#letGo(job)
    return true
  }

  #letGo(job: WorkerJob): void {
    this.#jobs[job.slot] = undefined
    this.load--
    job.thread = undefined
  }

  /** Lets it end by itself. */
  stop(): void {
    this.tell(ToThread.STOP)
  }

  /** Ends it at once, whatever it does. @param reason in words, for the log */
  kill(reason: string): void {
    this.#killed ??= reason
    void this.#worker.terminate()
  }

  #receive(message: readonly unknown[]): void {
    for (let at = 0; at < message.length;) at = this.#take(message, at)
  }

  /** @returns where the next word begins */
  #take(message: readonly unknown[], at: number): number {
    const kind = message[at]
    if (kind === ToServer.LOADED) {
      const report = message[at + 1] as LoadReport
      this.ready = report.ok
      this.#events.loaded(this, report)
      return at + 2
    }
    if (kind === ToServer.ERRORS) {
      this.#events.output(this, 'stderr', message[at + 1] as string)
      return at + 2
    }
    if (kind === ToServer.WORKED) {
      this.#events.worked(this, message[at + 1] as number, message[at + 2] as number)
      return at + 3
    }
    const job = this.#jobs[message[at + 1] as number]
    if (kind === ToServer.RESPOND) {
      if (job !== undefined) this.#respond(job, message, at)
      return at + 5
    }
    return this.#rareWord(kind as number, job, message, at)
  }

  #respond(job: WorkerJob, message: readonly unknown[], at: number): void {
    const body = message[at + 3] as Uint8Array | string
    const flags = message[at + 4] as number
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
    job.sink.respond(this.#heads.read(message[at + 2] as string), bytes, (flags & ONE_PIECE) !== 0)
    if ((flags & LAST) !== 0) this.#finish(job, undefined)
  }

  #rareWord(kind: number, job: WorkerJob | undefined, message: readonly unknown[], at: number): number {
    const value = message[at + 2]
    switch (kind) {
      case ToServer.DATA:
        job?.sink.data(value as Uint8Array)
        return at + 3
      case ToServer.SKIPPED:
        this.#freeSlots.push(message[at + 1] as number)
        return at + 2
      case ToServer.END:
        if (job !== undefined) this.#finish(job, undefined)
        return at + 2
      case ToServer.FAILED: {
        const { type, message: text, traceback } = value as FailureReport
        const what = text === '' ? type : `${type}: ${text}`
        const failure = new PlaitError('PLAIT_APPLICATION', what, { status: 500, detail: traceback.trimEnd() })
        if (job !== undefined) this.#finish(job, failure)
        return at + 3
      }
      case ToServer.FILE:
        job?.sink.respondFile(this.#heads.read(value as string), {
          path: message[at + 3] as string,
          offset: message[at + 4] as number,
          size: message[at + 5] as number,
          dev: message[at + 6] as bigint,
          ino: message[at + 7] as bigint,
        })
        return at + 8
      case ToServer.INPUT_WANTED:
        job?.sink.inputWanted(value as number)
        return at + 3
      case ToServer.EARLY_HINTS:
        job?.sink.earlyHints(value as readonly string[])
        return at + 3
      default:
        throw new PlaitError('PLAIT_PROTOCOL', `A thread said a word that is none: ${kind}`)
    }
  }

  #finish(job: WorkerJob, outcome: PlaitError | undefined): void {
    this.#letGo(job)
    this.#freeSlots.push(job.slot)
    this.served++
    this.#events.finished(this, job, outcome)
  }

  #end(code: number): void {
    if (this.#gone) return
    this.#gone = true
    this.ready = false
    this.#events.died(this, this.#killed ?? describeEnd(this.#fault, code))
  }
}

function sentBody(body: JobBody | undefined): SentBody {
  if (body === undefined) return undefined
  if (body.kind === 'stream') return true
  if (body.kind === 'file') return body.path
  // Joined into memory of its own: a view of a larger one would take all of that along.
  const bytes = new Uint8Array(body.size)
  let at = 0
  for (const chunk of body.chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function describeEnd(fault: Error | undefined, code: number): string {
  if (fault === undefined) return `ended with exit code ${code}`
  if ((fault as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') return 'ended because it reached its memory limit'
  return `ended by an error that nobody caught: ${fault.stack ?? String(fault)}`
}
