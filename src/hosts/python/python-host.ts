import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'
import { isSample } from '../../wire/environ-encoding.ts'
import { encodeCount, encodeFrame, Flag, THREAD_BEFORE, ToHost, ToServer } from '../../wire/frame.ts'
import { FrameReader, type FrameConsumer } from '../../wire/frame-reader.ts'
import { RequestBatch } from '../../wire/request-batch.ts'
import type { HostProcess, LaunchProcess } from './host-process.ts'
import { fileOf, parse, runtimeOf, type Hello, type Waiter } from './host-words.ts'
import type { Host, HostOptions, HostRuntime, HostSink, HostState, HostStatistics, Job, RunningJob } from '../host.ts'
import { BegunMarks } from './begun-marks.ts'
import { Deadlines } from './deadlines.ts'
import type { FoundPython } from './find-python.ts'
import { HostWatch } from './host-watch.ts'
import { initialFrame } from './initial-frame.ts'
import { JobTable } from './job-table.ts'
import { loadError, type LoadFailure } from '../load-failure.ts'
import { PythonJob, type JobChannel } from './python-job.ts'
import { residentMemory } from './resident-memory.ts'
import { ResponseHeads } from '../response-heads.ts'
import type { WireBuffer } from './wire-buffers.ts'

/** A batch that has more bytes of bodies than this leaves before the turn of the event loop ends. */
const LARGE_BATCH = 256 * 1024
/** Seconds that an interpreter has to end by itself (exit functions of the application) before it is killed. */
const EXIT_SECONDS = 5
/** Milliseconds in which a host says where a thread stands. One that does not is in C code that holds the GIL. */
const STACK_MS = 250

/** A process of the user's own interpreter that runs one WSGI application in threads. */
export class PythonHost implements Host, FrameConsumer, JobChannel {
  readonly id: string
  permits = 0
  streams = 0
  readonly mostStreams: number = Infinity
  readonly responseWindow: number = defaults.responseWindow
  /** A job that was sent cannot be taken back. */
  readonly roomAhead = 0
  onGone: ((reason: string) => void) | undefined
  onSpent: ((reason: string) => void) | undefined
  readonly #options: HostOptions
  readonly #python: FoundPython
  readonly #launch: LaunchProcess
  readonly #jobs = new JobTable()
  readonly #deadlines = new Deadlines(this.#jobs, (job) => this.#deadlinePassed(job))
  readonly #heads = new ResponseHeads()
  readonly #reader = new FrameReader(this)
  readonly #watch: HostWatch
  #state: HostState = 'starting'
  #runtime: HostRuntime | undefined
  #process: HostProcess | undefined
  #started: Waiter | undefined
  #drained: (() => void) | undefined
  #batch = new RequestBatch(false)
  #flushScheduled = false
  #served = 0
  #saidHello = false
  #begun: BegunMarks | undefined
  #outOfStep = false
  /** The server itself ends the process: its death is no crash. */
  #ended = false
  #endReason = 'because it did not end by itself in time'
  readonly #flush = (): void => this.#sendBatch()

  /** @param python the interpreter that runs it @param more how its process is made; milliseconds between two looks at it, for tests */
  constructor(options: HostOptions, python: FoundPython, more: { launch: LaunchProcess; lookMs?: number }) {
    this.id = options.id
    this.#watch = new HostWatch({ id: options.id, logger: options.logger, reader: this.#reader, jobs: this.#jobs }, more.lookMs)
    this.#launch = more.launch
    this.#options = options
    this.#python = python
  }

  get state(): HostState {
    return this.#state
  }

  get isStopped(): boolean {
    return this.#watch.isStopped
  }

  get inFlight(): number {
    return this.#jobs.awaited
  }

  get runtime(): HostRuntime | undefined {
    return this.#runtime
  }

  async start(): Promise<void> {
    if (this.#state !== 'starting') throw this.#lost('was stopped while it started')
    const started = new Promise<void>((resolve, reject) => (this.#started = { resolve, reject }))
    // Whoever stops it meanwhile does not wait for that.
    this.#begin().catch((error: PlaitError) => this.#started?.reject(error))
    await started
  }

  async #begin(): Promise<void> {
    const process = await this.#launch({
      bytes: (chunk) => this.#receive(chunk),
      output: (stream, line) => this.#options.logger.info(line, { host: this.id, stream }),
      gone: (reason) => this.#end(reason),
    })
    if (this.#state !== 'starting') return process.kill()
    this.#watch.begin((this.#process = process))
    this.#runtime = runtimeOf(this.#python, process)
    process.write([initialFrame(this.#options, this.responseWindow)])
  }

  run(job: Job, sink: HostSink): RunningJob {
    const id = this.#jobs.nextId()
    const running = new PythonJob(id, sink, this)
    this.#jobs.put(running)
    const { timeout = 0 } = job
    if (timeout > 0) {
      running.timeout = timeout
      this.#deadlines.watch(running, timeout)
    }
    this.#batch.add(id, job.environ, job.body)
    if (this.#batch.bodyBytes > LARGE_BATCH) this.#sendBatch()
    // All requests of one turn of the event loop leave in one write.
    else if (!this.#flushScheduled) {
      this.#flushScheduled = true
      setImmediate(this.#flush)
    }
    return running
  }

  dumpStacks(): void {
    if (this.#saidHello) this.#process?.signal('SIGQUIT')
  }

  sinks(): HostSink[] {
    return this.#jobs.all().map((job) => job.sink)
  }

  setThreads(maxThreads: number): void {
    if (this.#state === 'ready') this.send(encodeCount(ToHost.THREADS, 0, maxThreads))
  }

  memory(): number | undefined {
    const pid = this.#process?.pid
    return pid === undefined ? undefined : residentMemory(pid)
  }

  async stop({ timeout = defaults.gracefulTimeout, reason }: { timeout?: number; reason?: string } = {}): Promise<void> {
    if (this.#state === 'gone') return
    this.#endReason = reason ?? this.#endReason
    if (this.#state === 'draining') return this.#hurry(timeout)
    const wasReady = this.#state === 'ready'
    this.#state = 'draining'
    if (wasReady && this.#jobs.size > 0) await this.#drain(timeout)
    if (this.#process === undefined) this.#end('was stopped while it started')
    else if (wasReady && this.#jobs.size === 0) this.#sayStop()
    else this.#kill()
    await this.#gone()
  }

  /** It drains already, maybe with more time. */
  #hurry(timeout: number): Promise<void> {
    const timer = setTimeout(() => this.#kill(), timeout * 1000)
    return this.#gone().finally(() => clearTimeout(timer))
  }

  statistics(): HostStatistics {
    return { id: this.id, state: this.#state, pid: this.#process?.pid, inFlight: this.#jobs.size, served: this.#served }
  }

  // -- JobChannel

  send(...buffers: Uint8Array[]): void {
    this.#sendBatch()
    this.#process?.write(buffers)
  }

  fileSent(job: PythonJob): void {
    this.#finish(job, undefined)
  }

  release(buffer: WireBuffer): void {
    this.#process?.buffers.release(buffer)
  }

  // -- FrameConsumer: what the host says

  data(id: number, piece: Buffer): void {
    try {
      const job = this.#jobs.get(id)
      if (job === undefined || job.late) return
      job.hold(this.#process?.buffers.current, piece.length)
      job.sink.data(piece)
    } catch (error) {
      this.#sinkFailed(error)
    }
  }

  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number, headSize: number): void {
    try {
      this.#take(type, flags, id, buffer, start, end, headSize)
    } catch (error) {
      this.#sinkFailed(error)
    }
  }

  /** A defect on our side of one response must not cost the others: only bytes that are no frames condemn the host. */
  #sinkFailed(error: unknown): void {
    if (error instanceof PlaitError && error.code === 'PLAIT_PROTOCOL') throw error
    this.#options.logger.error(`A response of host ${this.id} could not be handled: ${String(error)}`, { host: this.id })
  }

  #take(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number, headSize: number): void {
    const job = this.#jobs.get(id)
    if (type === ToServer.RESPONSE) {
      // A late word on a job that is over: its id is unknown, so it can never reach another client.
      if (job === undefined) return
      if (job.late) return (flags & Flag.LAST) === 0 ? undefined : this.#finish(job, undefined)
      job.thread = buffer.readUInt16LE(start - THREAD_BEFORE)
      const head = this.#heads.read(buffer.toString('latin1', start, start + headSize))
      if ((flags & Flag.LAST) === 0) job.hold(undefined, end - start - headSize)
      job.sink.respond(head, buffer.subarray(start + headSize, end), (flags & Flag.ONE_PIECE) !== 0)
      if ((flags & Flag.LAST) !== 0) this.#finish(job, undefined)
    } else if (type === ToServer.END) {
      if (job !== undefined) this.#finish(job, undefined)
    } else if (type === ToServer.HELLO) this.#hello(parse(buffer, start, end) as Hello)
    else if (type === ToServer.IMPORTED) this.#options.onImported?.(parse(buffer, start, end) as string[])
    else if (type === ToServer.LOADED) this.#loaded(parse(buffer, start, end) as LoadFailure & { ok: boolean })
    else if (job !== undefined) this.#rareFrame(type, job, buffer, start, end, headSize)
  }

  #rareFrame(type: number, job: PythonJob, buffer: Buffer, start: number, end: number, headSize: number): void {
    if (job.late && type !== ToServer.FAILED) return
    const thread = buffer.readUInt16LE(start - THREAD_BEFORE)
    if (thread > 0) job.thread = thread
    switch (type) {
      case ToServer.STACK:
        this.#tooLate(job, buffer.toString('utf8', start, end).trimEnd())
        return
      case ToServer.FAILED: {
        const report = parse(buffer, start, end) as { type: string; message: string; traceback: string }
        const message = report.message === '' ? report.type : `${report.type}: ${report.message}`
        const detail = String(report.traceback).trimEnd()
        this.#finish(job, new PlaitError('PLAIT_APPLICATION', message, { status: 500, detail }))
        return
      }
      case ToServer.FILE: {
        const file = fileOf(parse(buffer, start + headSize, end))
        const head = this.#heads.read(buffer.toString('latin1', start, start + headSize))
        // The application has done its part.
        job.deadline = Infinity
        job.sink.respondFile(head, file)
        return
      }
      case ToServer.INPUT_WANTED:
        if (end - start !== 4) throw new PlaitError('PLAIT_PROTOCOL', `The host wants input in ${end - start} bytes`)
        job.inputOpen = true
        job.sink.inputWanted(buffer.readUInt32LE(start))
        return
      case ToServer.EARLY_HINTS:
        if (end > start) job.sink.earlyHints(buffer.toString('latin1', start, end).split('\n'))
        return
      default:
        throw new PlaitError('PLAIT_PROTOCOL', `The host sent a frame of unknown type ${type}`)
    }
  }

  // -- deadlines

  #deadlinePassed(job: PythonJob): void {
    // It waits behind another one in the host, or for its client: slow ones must not cost a process.
    if (this.#begun?.has(job.id) === false || job.waitsForClient) return this.#deadlines.watch(job, job.timeout)
    this.send(encodeFrame(ToHost.INTERRUPT, job.id))
    setTimeout(() => {
      if (job.over || job.late) return
      this.dumpStacks()
      this.#tooLate(job, 'The process does not say where it stands: C code holds the GIL. The stacks of its threads follow.')
    }, STACK_MS)
    // Its thread may never come back, and what was done to it in the middle of its work nobody knows.
    this.onSpent?.(`takes no more requests, because one ran longer than ${job.timeout} s`)
  }

  #tooLate(job: PythonJob, stack: string): void {
    if (job.over || job.late) return
    this.#jobs.setLate(job)
    const error = new PlaitError('PLAIT_TIMEOUT', `The application took longer than ${job.timeout} s`, {
      status: 504,
      detail: stack,
    })
    job.sink.finished(error)
    // It stays among the jobs until its thread has unwound: see stop().
    job.abandon()
  }

  // -- life

  #hello(hello: Hello): void {
    this.#saidHello = true
    this.#begun = BegunMarks.open(hello.pid, hello.marks)
    if (isSample(hello.sample)) return
    this.#batch = new RequestBatch(true)
    this.#options.logger.warn(`Host ${this.id}: ${this.#runtime?.name} reads marshal otherwise; environ goes as JSON`, {
      host: this.id,
    })
  }

  #loaded(outcome: LoadFailure & { ok: boolean }): void {
    const started = this.#started
    this.#started = undefined
    if (outcome.ok) {
      if (this.#state === 'starting') this.#state = 'ready'
      started?.resolve()
    } else started?.reject(loadError(this.#options.application, outcome))
  }

  #receive(chunk: Buffer): void {
    if (this.#outOfStep) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      // Bytes that are no frames: whatever this host says from here on cannot be trusted, and nobody hears it.
      this.#outOfStep = true
      this.#options.logger.error(`Host ${this.id} is out of step and is killed: ${(error as Error).message}`, { host: this.id })
      this.#kill()
    }
  }

  #kill(): void {
    this.#ended = true
    this.#process?.kill()
  }

  #sendBatch(): void {
    this.#flushScheduled = false
    if (this.#batch.count > 0) this.#process?.write(this.#batch.take())
  }

  #finish(job: PythonJob, outcome: PlaitError | undefined): void {
    job.over = true
    this.#jobs.delete(job)
    if (outcome === undefined || outcome.code === 'PLAIT_APPLICATION') this.#served++
    if (!job.late) job.sink.finished(outcome)
    if (this.#jobs.size === 0) this.#drained?.()
  }

  #drain(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeout * 1000)
      this.#drained = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #sayStop(): void {
    this.send(encodeFrame(ToHost.STOP, 0))
    setTimeout(() => this.#kill(), EXIT_SECONDS * 1000).unref()
  }

  #goneWaiters: (() => void)[] = []

  #gone(): Promise<void> {
    if (this.#state === 'gone') return Promise.resolve()
    return new Promise((resolve) => this.#goneWaiters.push(resolve))
  }

  #end(reason: string): void {
    if (this.#state === 'gone') return
    if (this.#ended) reason = `was ended by the server, ${this.#endReason}`
    const error = this.#lost(reason)
    this.#state = 'gone'
    this.#started?.reject(error)
    this.#started = undefined
    this.#endJobs(error)
    this.#drained?.()
    for (const resolve of this.#goneWaiters) resolve()
    this.onGone?.(reason)
  }

  /** What had not begun goes back, whatever it is; the others are lost. */
  #endJobs(error: PlaitError): void {
    const begun = this.#begun
    for (const job of this.#jobs.all()) {
      if (begun === undefined || job.late || begun.has(job.id)) this.#finish(job, error)
      else {
        job.over = true
        this.#jobs.delete(job)
        job.sink.returned()
      }
    }
    begun?.close()
    this.#watch.end()
    this.#deadlines.stop()
  }

  #lost(reason: string): PlaitError {
    const what = `The Python process of ${this.#options.application.name} (host ${this.id}) ${reason}`
    return new PlaitError(this.#ended ? 'PLAIT_HOST_ENDED' : 'PLAIT_HOST_LOST', what, { status: 502 })
  }
}
