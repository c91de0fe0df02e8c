/** A host whose threads are worker threads of this process: one request at a time in each, each with a world of its own. */
import type { ResourceLimits } from 'node:worker_threads'
import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'
import type { Host, HostOptions, HostRuntime, HostSink, HostState, HostStatistics, Job, RunningJob } from '../host.ts'
import { loadError } from '../load-failure.ts'
import { ResponseHeads } from '../response-heads.ts'
import type { LoadReport } from './messages.ts'
import { Pace } from './pace.ts'
import { WorkerJob } from './worker-job.ts'
import { WorkerThread, type ThreadEvents } from './worker-thread.ts'

/** What a kind of worker host brings. */
export interface WorkerKind {
  readonly runtime: HostRuntime
  /** The script of its threads. */
  readonly entry: URL
  /** For the script. */
  readonly data: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  readonly resourceLimits: ResourceLimits
  /** Seconds that one request may take; then its thread is ended. 0 = no limit. */
  readonly timeout: number
}

/** Jobs that one thread holds at most while its application answers at once. */
const BATCH = 16
/** Milliseconds between two looks at threads that have jobs waiting in them. One that has finished none for so many looks gives those back that wait. */
const LOOK_MS = 4
const STUCK_LOOKS = 2
/** Milliseconds without work after which a thread above the minimum ends. */
const IDLE_MS = 60_000
const SWEEP_MS = 10_000
/** Milliseconds that a thread has to end by itself. */
const EXIT_MS = 5000

/** Threads on demand between `minThreads` and `maxThreads`; one that dies takes its own request along, and the next request gets another. */
export class WorkerHost implements Host, ThreadEvents {
  readonly id: string
  onGone: ((reason: string) => void) | undefined
  readonly #options: HostOptions
  readonly #kind: WorkerKind
  readonly #threads = new Set<WorkerThread>()
  /** Without a job; the last one that had work first. */
  readonly #idle: WorkerThread[] = []
  /** Jobs that wait for a thread that is starting. */
  readonly #waiting: WorkerJob[] = []
  readonly #heads = new ResponseHeads()
  readonly #pace = new Pace()
  #maxThreads: number
  #state: HostState = 'starting'
  #inFlight = 0
  #served = 0
  /** Gets one job behind the other while the application answers at once. */
  #favourite: WorkerThread | undefined
  #watch: NodeJS.Timeout | undefined
  #sweep: NodeJS.Timeout | undefined
  #started: { resolve(): void; reject(error: PlaitError): void } | undefined
  #drained: (() => void) | undefined
  #stopping: Promise<void> | undefined

  constructor(options: HostOptions, kind: WorkerKind) {
    this.id = options.id
    this.#options = options
    this.#kind = kind
    this.#maxThreads = options.maxThreads
  }

  get runtime(): HostRuntime | undefined {
    return this.#kind.runtime
  }

  get state(): HostState {
    return this.#state
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get roomAhead(): number {
    if (!this.#pace.isQuick || this.#state !== 'ready') return 0
    let room = 0
    for (const thread of this.#threads) {
      if (thread.ready && thread.load > 0) room += Math.max(0, BATCH - thread.load)
    }
    return room
  }

  start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => (this.#started = { resolve, reject }))
    this.#grow()
    return started
  }

  run(job: Job, sink: HostSink): RunningJob {
    const running = new WorkerJob(job, sink, (one) => this.#abandonWaiting(one))
    this.#inFlight++
    this.#place(running)
    return running
  }

  setThreads(maxThreads: number): void {
    this.#maxThreads = maxThreads
    this.#retire(this.#threads.size - maxThreads)
  }

  stop({ timeout = defaults.gracefulTimeout }: { timeout?: number } = {}): Promise<void> {
    if (this.#stopping === undefined) return (this.#stopping = this.#stop(timeout))
    const hurry = setTimeout(() => this.#drained?.(), timeout * 1000)
    return this.#stopping.finally(() => clearTimeout(hurry))
  }

  statistics(): HostStatistics {
    return { id: this.id, state: this.#state, pid: undefined, inFlight: this.#inFlight, served: this.#served }
  }

  // -- which thread

  #place(job: WorkerJob): void {
    const thread = this.#threadFor()
    if (thread === undefined) {
      this.#waiting.push(job)
      this.#grow()
      return
    }
    thread.send(job, performance.now())
    if (this.#watch === undefined && (thread.load > 1 || this.#kind.timeout > 0)) this.#startWatch()
  }

  #threadFor(): WorkerThread | undefined {
    const favourite = this.#favourite
    // Waking a thread costs more than a small request: one that has work takes more, as long as it gets through it at once.
    if (favourite !== undefined && favourite.load > 0 && favourite.load < BATCH && favourite.room > 0 && this.#pace.isQuick) {
      return favourite
    }
    return (this.#favourite = this.#idle.pop() ?? this.#roomiest())
  }

  /** Where all have work, and there will be no more threads: behind the shortest queue. */
  #roomiest(): WorkerThread | undefined {
    if (!this.#pace.isQuick && this.#threads.size < this.#maxThreads) return undefined
    let best: WorkerThread | undefined
    for (const thread of this.#threads) {
      if (thread.ready && thread.room > 0 && (best === undefined || thread.load < best.load)) best = thread
    }
    return best
  }

  #grow(): void {
    if (this.#threads.size >= this.#maxThreads || this.#state === 'draining' || this.#state === 'gone') return
    const { entry, data, env, resourceLimits } = this.#kind
    this.#threads.add(new WorkerThread({ entry, data, env, resourceLimits, heads: this.#heads }, this))
  }

  #abandonWaiting(job: WorkerJob): void {
    const at = this.#waiting.indexOf(job)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#over(job, undefined)
  }

  // -- ThreadEvents

  loaded(thread: WorkerThread, report: LoadReport): void {
    if (report.ok) return this.#threadReady(thread)
    const failure = {
      kind: report.kind ?? '',
      message: report.message ?? '',
      detail: report.detail ?? '',
      report: report.report ?? null,
    }
    this.#loadFailed(thread, loadError(this.#options.application, failure))
  }

  #threadReady(thread: WorkerThread): void {
    thread.idleSince = performance.now()
    this.#idle.push(thread)
    if (this.#state === 'starting') {
      this.#state = 'ready'
      for (let count = 1; count < this.#options.minThreads; count++) this.#grow()
      this.#started?.resolve()
      this.#started = undefined
    }
    this.#serveWaiting()
    this.#retire(this.#threads.size - this.#maxThreads)
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#threadFor()
      if (thread === undefined) return
      thread.send(this.#waiting.shift() as WorkerJob, performance.now())
      if (thread.load > 1 && this.#watch === undefined) this.#startWatch()
    }
  }

  #loadFailed(thread: WorkerThread, error: PlaitError): void {
    this.#forget(thread)
    thread.kill('could not load the application')
    if (this.#started !== undefined) {
      this.#state = 'gone'
      this.#started.reject(error)
      this.#started = undefined
    } else this.#nobodyComes(error)
  }

  /** Jobs wait, and no thread is there or on its way: what kept it from coming is their answer. */
  #nobodyComes(error: PlaitError): void {
    if (this.#threads.size > 0) return
    for (const job of this.#waiting.splice(0)) this.#over(job, error)
  }

  finished(thread: WorkerThread, job: WorkerJob, outcome: PlaitError | undefined): void {
    if (thread.load === 0 && thread.ready) {
      thread.idleSince = performance.now()
      this.#idle.push(thread)
    }
    this.#served++
    this.#over(job, outcome)
    if (this.#waiting.length > 0) this.#serveWaiting()
  }

  worked(_thread: WorkerThread, jobs: number, milliseconds: number): void {
    this.#pace.worked(jobs, milliseconds)
  }

  output(_thread: WorkerThread, stream: 'stdout' | 'stderr', line: string): void {
    this.#options.logger.info(line, { host: this.id, stream })
  }

  died(thread: WorkerThread, reason: string): void {
    const known = this.#forget(thread)
    if (!known) return
    const error = this.#lost(reason, thread.wasEnded ? 'PLAIT_HOST_ENDED' : 'PLAIT_HOST_LOST')
    const { jobs } = thread
    // What had not begun loses nothing but its place.
    const unbegun = jobs.filter((job) => thread.withdraw(job))
    if (this.#started !== undefined) {
      this.#state = 'gone'
      this.#started.reject(error)
      this.#started = undefined
    } else if (this.#state === 'ready') this.#options.logger.error(`A thread of host ${this.id} ${reason}`, { host: this.id })
    for (const job of jobs) if (!unbegun.includes(job)) this.#over(job, error)
    for (const job of unbegun) this.#giveBack(job)
    this.#nobodyComes(error)
    if (this.#state === 'ready' && this.#threads.size < this.#options.minThreads) this.#grow()
    if (this.#threads.size === 0) this.#drained?.()
  }

  #forget(thread: WorkerThread): boolean {
    const at = this.#idle.indexOf(thread)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#favourite === thread) this.#favourite = undefined
    return this.#threads.delete(thread)
  }

  #lost(reason: string, code: 'PLAIT_HOST_ENDED' | 'PLAIT_HOST_LOST' = 'PLAIT_HOST_LOST'): PlaitError {
    const what = `A thread of ${this.#options.application.name} (host ${this.id}) ${reason}`
    return new PlaitError(code, what, { status: 502 })
  }

  // -- jobs that end

  #over(job: WorkerJob, outcome: PlaitError | undefined): void {
    job.over = true
    this.#inFlight--
    job.sink.finished(outcome)
    if (this.#inFlight === 0) this.#drained?.()
  }

  #giveBack(job: WorkerJob): void {
    job.over = true
    this.#inFlight--
    job.sink.returned()
  }

  // -- the clock

  /** Runs while a thread has jobs behind the one that runs, or there is a time limit. */
  #startWatch(): void {
    this.#watch = setTimeout(() => this.#look(), LOOK_MS)
    this.#watch.unref()
  }

  #look(): void {
    this.#watch = undefined
    const { timeout } = this.#kind
    let again = false
    for (const thread of this.#threads) {
      thread.looks = thread.load > 0 && thread.servedThen === thread.served ? thread.looks + 1 : 0
      thread.servedThen = thread.served
      if (thread.load > 1 && thread.looks >= STUCK_LOOKS) this.#takeBack(thread)
      if (thread.load > 1) again = true
      if (timeout > 0 && thread.load > 0) again = this.#judge(thread, timeout) || again
    }
    if (again) this.#startWatch()
  }

  /** The first of its jobs takes its time: those behind it must not wait for that. */
  #takeBack(thread: WorkerThread): void {
    this.#pace.gotStuck()
    if (this.#favourite === thread) this.#favourite = undefined
    const back = thread.jobs.filter((job) => thread.withdraw(job))
    for (const job of back.toSorted((a, b) => a.sentAt - b.sentAt).toReversed()) this.#giveBack(job)
  }

  /** @returns true when the thread has something that may still become late */
  #judge(thread: WorkerThread, timeout: number): boolean {
    const late = thread.jobs.some((job) => thread.signals.hasBegun(job.slot) && performance.now() - job.sentAt > timeout * 1000)
    if (late) thread.kill(`was ended: its request took more than ${timeout} s`)
    return !late
  }

  // -- threads that are not needed any more

  #retire(count: number): void {
    for (; count > 0 && this.#idle.length > 0; count--) this.#dismiss(this.#idle[0] as WorkerThread)
    if (this.#sweep === undefined && this.#threads.size > this.#options.minThreads && this.#state === 'ready') {
      this.#sweep = setTimeout(() => this.#sweepIdle(), SWEEP_MS)
      this.#sweep.unref()
    }
  }

  #sweepIdle(): void {
    this.#sweep = undefined
    const since = performance.now() - IDLE_MS
    const tooMany = this.#threads.size - this.#options.minThreads
    this.#retire(Math.min(tooMany, this.#idle.filter(({ idleSince }) => idleSince < since).length))
  }

  #dismiss(thread: WorkerThread): void {
    this.#forget(thread)
    thread.ready = false
    thread.stop()
    setTimeout(() => thread.kill('was not needed any more'), EXIT_MS).unref()
  }

  async #stop(timeout: number): Promise<void> {
    if (this.#state === 'gone') return
    const started = this.#started
    this.#started = undefined
    this.#state = 'draining'
    started?.reject(this.#lost('was stopped while it started'))
    clearTimeout(this.#sweep)
    if (this.#inFlight > 0) await this.#drain(timeout)
    await this.#endThreads(this.#inFlight === 0)
    clearTimeout(this.#watch)
    this.#state = 'gone'
    this.onGone?.('was stopped')
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

  async #endThreads(inPeace: boolean): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.#drained = resolve))
    const threads = [...this.#threads]
    const kill = (): void => threads.forEach((thread) => thread.kill('was stopped'))
    if (threads.length === 0) return
    if (!inPeace) kill()
    else {
      for (const thread of threads) {
        if (thread.ready) thread.stop()
        else thread.kill('was stopped')
      }
    }
    const timer = setTimeout(kill, EXIT_MS)
    while (this.#threads.size > 0) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))])
    clearTimeout(timer)
  }
}
