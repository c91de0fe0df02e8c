import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { PlaitError } from '../../errors.ts'
import { eachLine } from '../output-lines.ts'
import type { ResponseHeads } from '../response-heads.ts'
import { failureOf } from './failure.ts'
import { Interrupt } from './interrupt.ts'
import { MemoryWatch, type WatchedThread } from './memory-watch.ts'
import { LAST, ONE_PIECE, ToServer, ToThread, type FailureReport, type LoadReport } from './messages.ts'
import { sentBody } from './sent-body.ts'
import type { ThreadEvents, ThreadOptions } from './thread-events.ts'
import { stackOf } from './thread-stack.ts'
import { Signals, SLOTS } from './signals.ts'
import type { MemoryLimit } from './thread-memory.ts'
import type { WorkerJob } from './worker-job.ts'

/** One worker thread, with the jobs that it has. It runs one at a time, in the order in which they were sent. */
export class WorkerThread implements WatchedThread {
  readonly signals: Signals = new Signals()
  /** As node counts threads (`threadId`). */
  readonly number: number
  readonly #interrupt = new Interrupt()
  /** Milliseconds of the server's clock at which it had loaded; 0 before. */
  readySince = 0
  /** … at which it last had nothing to do. */
  idleSince = 0
  /** … at which the first of its jobs became the first. */
  frontSince = 0
  /** It has loaded the application, and takes jobs. */
  ready = false
  /** It takes no more jobs, and ends when it has none. */
  spent = false
  /** Jobs that it has, the running one included. */
  load = 0
  /** The job that keeps it to itself, because its response stays open. */
  stream: WorkerJob | undefined
  /** Jobs that it has finished. */
  served = 0
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #events: ThreadEvents
  readonly #heads: ResponseHeads
  readonly #memory: MemoryLimit | undefined
  readonly #watch: MemoryWatch | undefined
  readonly #startTimer: NodeJS.Timeout | undefined
  readonly #jobs: (WorkerJob | undefined)[] = Array.from({ length: SLOTS })
  readonly #freeSlots = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index)
  #outgoing: unknown[] = []
  #scheduled = false
  #fault: Error | undefined
  #gone = false
  #collects = false
  #wasEnded = false
  #onGone: (() => void) | undefined
  readonly #flush = (): void => this.flush()

  constructor(options: ThreadOptions, events: ThreadEvents) {
    this.#events = events
    this.#heads = options.heads
    this.#memory = options.memory
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(options.entry, {
      workerData: {
        ...options.data,
        plaitThread: true,
        signals: this.signals.memory,
        interrupt: this.#interrupt.memory,
        port: port2,
      },
      transferList: [port2],
      env: options.env,
      resourceLimits: options.memory?.resourceLimits ?? {},
      stdout: true,
      stderr: true,
      // The flags of the server's own command line are not the application's affair.
      execArgv: [],
      argv: [],
    })
    this.number = this.#worker.threadId
    port1.on('message', (message: unknown) => this.#receive(message))
    this.#worker.on('error', (error) => (this.#fault = error))
    this.#worker.on('exit', (code) => this.#exited(code))
    eachLine(this.#worker.stdout, (line) => events.output(this, 'stdout', line))
    eachLine(this.#worker.stderr, (line) => events.output(this, 'stderr', line))
    if (options.memory !== undefined) this.#watch = new MemoryWatch(this.#worker, options.memory, this)
    const { startTimeout } = options
    if (startTimeout > 0) this.#startTimer = setTimeout(() => void this.#startsTooLong(startTimeout), startTimeout * 1000).unref()
    // As a process of Python would, a thread keeps the program alive until the pool stops.
  }

  /** Jobs that it may be sent now. */
  get room(): number {
    return this.spent ? 0 : this.#freeSlots.length
  }

  /** It was ended on purpose, or by the limit of its memory. */
  get wasEnded(): boolean {
    return this.#wasEnded || (this.#fault as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  }

  /** The jobs that it has, oldest first. */
  get jobs(): WorkerJob[] {
    return this.#jobs.filter((job) => job !== undefined).toSorted((a, b) => a.number - b.number)
  }

  /** The job that it runs, or that it should get to first. */
  get front(): WorkerJob | undefined {
    const { jobs } = this
    return jobs.find(({ slot }) => this.signals.hasBegun(slot)) ?? jobs[0]
  }

  // -- to the thread

  /** Sends a job, with all others of this turn of the event loop. Only while there is {@link room}. */
  send(job: WorkerJob): void {
    const slot = this.#freeSlots.pop() as number
    job.thread = this
    job.threadNumber = this.number
    job.slot = slot
    this.#jobs[slot] = job
    if (this.load++ === 0) this.frontSince = performance.now()
    this.signals.offer(slot)
    const { environ, body, call } = job.job
    if (call !== undefined) return this.#sendCall(job, [ToThread.CALL, slot, call.name, call.args], call.transfer)
    this.#outgoing.push(ToThread.JOB, slot, environ, sentBody(body))
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  /** What is to be copied may turn out to be something that cannot be. */
  #sendCall(job: WorkerJob, words: readonly unknown[], transfer: NonNullable<WorkerJob['job']['call']>['transfer']): void {
    const { slot } = job
    this.flush()
    try {
      this.#port.postMessage(words, transfer)
      this.signals.wake()
    } catch (error) {
      const message = `Cannot send the arguments of ${job.job.call?.name} to a thread: ${(error as Error).message}`
      const failure = new PlaitError('PLAIT_NOT_CLONEABLE', message, { cause: error, status: 500 })
      // Later: whoever called has not got the job yet.
      setImmediate(() => {
        if (this.#jobs[slot] === job) this.#finish(job, failure)
        else this.#freeSlots.push(slot)
      })
    }
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
    this.#port.postMessage(message)
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

  /** Lets it end by itself; one that does not is ended. @param patience milliseconds. @returns fulfilled when it is gone */
  stop(patience: number): Promise<void> {
    this.ready = false
    if (this.#gone) return Promise.resolve()
    const timer = setTimeout(() => this.kill('did not end by itself'), patience)
    const gone = new Promise<void>((resolve) => {
      this.#onGone = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.tell(ToThread.STOP)
    return gone
  }

  /** Ends it, whatever it does. A thread in a call of the system may linger for a while; for the server it is gone. @param reason in words, for the log */
  kill(reason: string): void {
    if (this.#gone) return
    this.#drain()
    this.#wasEnded = true
    this.#end(reason)
    void this.#worker.terminate()
  }

  /** Where it stands, in lines for the log. */
  stack(): Promise<string> {
    return stackOf(this.#worker)
  }

  async #startsTooLong(seconds: number): Promise<void> {
    const stack = await this.stack()
    if (!this.ready) this.kill(`did not load the application within ${seconds} s:\n${stack}`)
  }

  // -- WatchedThread

  get isBusy(): boolean {
    return this.load > 0 || !this.ready
  }

  full(): void {
    // It may take a while until it gets to it: once is enough.
    if (!this.#collects) this.tell(ToThread.COLLECT)
    this.#collects = true
  }

  over(): void {
    this.kill(exceeded(this.#memory))
  }

  // -- from the thread

  #receive(message: unknown): void {
    if (this.#gone) return
    try {
      const words = message as readonly unknown[]
      for (let at = 0; at < words.length;) at = this.#take(words, at)
    } catch (error) {
      // Whatever it says from here on cannot be trusted.
      this.#wasEnded = true
      this.#end(`is out of step and is ended: ${(error as Error).message}`)
      void this.#worker.terminate()
    }
  }

  /** What it said before it ended. */
  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message)
    }
  }

  /** @returns where the next word begins */
  #take(message: readonly unknown[], at: number): number {
    const kind = message[at]
    if (kind === ToServer.RESPOND) {
      const job = this.#jobs[message[at + 1] as number]
      if (job !== undefined) this.#respond(job, message, at)
      return at + 5
    }
    if (kind === ToServer.WORKED) {
      this.#events.worked(this, message[at + 1] as number, message[at + 2] as number)
      return at + 3
    }
    if (kind === ToServer.ERRORS) {
      this.#events.output(this, 'stderr', message[at + 1] as string)
      return at + 2
    }
    if (kind === ToServer.OUTPUT) {
      this.#events.output(this, 'stdout', message[at + 1] as string)
      return at + 2
    }
    if (kind === ToServer.LOADED) {
      const report = message[at + 1] as LoadReport
      this.ready = report.ok
      clearTimeout(this.#startTimer)
      this.#events.loaded(this, report)
      return at + 2
    }
    if (kind === ToServer.KEPT) {
      this.#collects = false
      this.#events.kept(this, message[at + 1] as number)
      return at + 2
    }
    return this.#rareWord(kind as number, message, at)
  }

  #respond(job: WorkerJob, message: readonly unknown[], at: number): void {
    const body = message[at + 3] as Uint8Array | string
    const flags = message[at + 4] as number
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
    const isLast = (flags & LAST) !== 0
    if (!isLast) job.sent(bytes.length)
    job.sink.respond(this.#heads.read(message[at + 2] as string), bytes, (flags & ONE_PIECE) !== 0)
    if (isLast) this.#finish(job, undefined)
  }

  #rareWord(kind: number, message: readonly unknown[], at: number): number {
    const job = this.#jobs[message[at + 1] as number]
    const value = message[at + 2]
    switch (kind) {
      case ToServer.DATA:
        job?.sent((value as Uint8Array).length)
        job?.sink.data(value as Uint8Array)
        return at + 3
      case ToServer.SKIPPED:
        this.#freeSlots.push(message[at + 1] as number)
        return at + 2
      case ToServer.END:
        if (job !== undefined) this.#finish(job, undefined)
        return at + 2
      case ToServer.RETURNED:
        job?.sink.result?.(value)
        if (job !== undefined) this.#finish(job, undefined)
        return at + 3
      case ToServer.FAILED:
        if (job !== undefined) this.#finish(job, failureOf(value as FailureReport))
        return at + 3
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
        if (job !== undefined) job.inputOpen = true
        job?.sink.inputWanted(value as number)
        return at + 3
      case ToServer.EARLY_HINTS:
        job?.sink.earlyHints(value as readonly string[])
        return at + 3
      default:
        throw new PlaitError('PLAIT_PROTOCOL', `it said a word that is none: ${kind}`)
    }
  }

  /** Interrupts a job, where its interpreter can do that. False: it does not run now. */
  interrupt({ slot }: WorkerJob): boolean {
    const given = this.#interrupt.give(slot)
    if (given) this.signals.wake()
    return given
  }

  #letGo(job: WorkerJob): void {
    this.#jobs[job.slot] = undefined
    this.load--
    if (this.stream === job) this.stream = undefined
    job.thread = undefined
  }

  #finish(job: WorkerJob, outcome: PlaitError | undefined): void {
    this.#letGo(job)
    this.#freeSlots.push(job.slot)
    this.served++
    if (this.load > 0) this.frontSince = performance.now()
    this.#events.finished(this, job, outcome)
  }

  // -- the end

  #exited(code: number): void {
    if (this.#gone) return
    this.#drain()
    this.#end(this.#describeEnd(code))
  }

  #end(reason: string): void {
    if (this.#gone) return
    this.#gone = true
    this.ready = false
    this.#watch?.stop()
    clearTimeout(this.#startTimer)
    this.#port.close()
    this.#events.died(this, reason)
    this.#onGone?.()
  }

  #describeEnd(code: number): string {
    const fault = this.#fault
    if (fault === undefined) return `ended with exit code ${code}`
    if ((fault as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') return exceeded(this.#memory)
    return `ended by an error that nobody caught: ${fault instanceof Error ? (fault.stack ?? String(fault)) : String(fault)}`
  }
}

function exceeded(memory: MemoryLimit | undefined): string {
  return memory === undefined ? "exceeded Node's own memory limit" : `exceeded its memory limit of ${memory.mebibytes} MiB`
}
