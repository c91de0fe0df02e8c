/** A host whose threads are worker threads of this process: one request at a time in each, each with a world of its own. */
import { defaults } from '../../defaults.ts'
import { PlaitError } from '../../errors.ts'
import type { Host, HostOptions, HostRuntime, HostSink, HostState, HostStatistics, Job, RunningJob } from '../host.ts'
import { loadError } from '../load-failure.ts'
import { ResponseHeads } from '../response-heads.ts'
import { Crew } from './crew.ts'
import type { LoadReport } from './messages.ts'
import { Pace } from './pace.ts'
import { LateRequests } from './late-requests.ts'
import type { MemoryLimit } from './thread-memory.ts'
import { tellStacks } from './thread-stack.ts'
import { StuckWatch } from './watch.ts'
import { WorkerJob } from './worker-job.ts'
import type { ThreadEvents } from './thread-events.ts'
import { WorkerThread } from './worker-thread.ts'

/** What a kind of worker host brings. */
export interface WorkerKind {
  readonly runtime: HostRuntime
  /** What the stack of a thread is about. */
  readonly language: 'JavaScript' | 'Python'
  /** The script of its threads. */
  readonly entry: URL
  /** For the script. Each thread gets a copy of what it is when the thread starts. */
  readonly data: Readonly<Record<string, unknown>>
  /** A thread has loaded the application, or could not. */
  readonly onLoaded?: (report: LoadReport) => void
  readonly env: NodeJS.ProcessEnv
  /** What each thread may have. @default Node's own limit */
  readonly memory?: MemoryLimit
  /** Seconds that one request may take; then its thread is ended. 0 = no limit. */
  readonly timeout: number
  /** Milliseconds that a request has to end after it was interrupted at its time limit; then its thread is ended. @default it is not interrupted */
  readonly grace?: number
  /** Threads that may start at the same time. @default no limit */
  readonly startsAtOnce?: number
  /** Streams that the machine bears. @default any number */
  readonly mostStreams?: number
  /** Milliseconds without work after which a thread above the minimum ends. @default 60,000 */
  readonly idleTime?: number
}

const IDLE_MS = 60_000
/** Milliseconds that a thread has to end by itself. */
const EXIT_MS = 5000
/** Threads below the minimum are replaced at once, and after longer and longer pauses while they end young (milliseconds). */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
const HEALTHY_MS = 10_000

/** Threads on demand between `minThreads` and `maxThreads`; one that ends takes its own request along, and the next request gets another. */
export class WorkerHost implements Host, ThreadEvents {
  readonly id: string
  permits = 0
  streams = 0
  readonly mostStreams: number
  onGone: ((reason: string) => void) | undefined
  readonly #options: HostOptions
  readonly #kind: WorkerKind
  readonly #crew: Crew
  readonly #stuck: StuckWatch
  readonly #late: LateRequests
  /** Jobs that wait for a thread. */
  readonly #waiting: WorkerJob[] = []
  readonly #heads = new ResponseHeads()
  readonly #pace = new Pace()
  #state: HostState = 'starting'
  #inFlight = 0
  #served = 0
  #lastNumber = 0
  /** Threads in a row that ended young. */
  #early = 0
  #sweep: NodeJS.Timeout | undefined
  #refill: NodeJS.Timeout | undefined
  #started: { resolve(): void; reject(error: PlaitError): void } | undefined
  #drained: (() => void) | undefined
  #stopping: Promise<void> | undefined

  constructor(options: HostOptions, kind: WorkerKind) {
    this.id = options.id
    this.#options = options
    this.#kind = kind
    this.mostStreams = kind.mostStreams ?? Infinity
    this.#crew = new Crew(options.maxThreads)
    const threads = (): readonly WorkerThread[] => this.#crew.all
    this.#stuck = new StuckWatch(threads, (thread) => this.#takeBack(thread))
    const { timeout, grace } = kind
    const names = { application: options.application.name, host: options.id }
    this.#late = new LateRequests({ threads, timeout, grace, names })
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
    return this.#crew.roomAhead(this.#inFlight - this.#waiting.length, this.streams)
  }

  start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => (this.#started = { resolve, reject }))
    this.#addThread()
    return started
  }

  run(job: Job, sink: HostSink): RunningJob {
    const number = ++this.#lastNumber
    const running = new WorkerJob(job, sink, { number, abandonWaiting: (one) => this.#abandonWaiting(one) })
    this.#inFlight++
    if (!this.#give(running)) {
      this.#waiting.push(running)
      this.#grow()
    }
    return running
  }

  dumpStacks(): void {
    void tellStacks(this.#crew.all, this.#kind.language, (line) => this.#options.logger.info(line, { host: this.id }))
  }

  sinks(): HostSink[] {
    return this.#crew.all.flatMap((thread) => thread.jobs.map((job) => job.sink))
  }

  setThreads(maxThreads: number): void {
    this.#crew.most = maxThreads
    // There may be more permits too.
    this.#serveWaiting()
    this.#grow()
    this.#retire(0)
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

  /** @returns false when no thread can take it now */
  #give(job: WorkerJob): boolean {
    const thread = this.#crew.choose(this.permits, this.#pace.isQuick && job.job.call === undefined)
    if (thread === undefined) return false
    thread.send(job)
    if (thread.load > 1) this.#stuck.start()
    this.#late.watch(job)
    return true
  }

  #serveWaiting(): void {
    for (let job = this.#waiting[0]; job !== undefined && this.#give(job); job = this.#waiting[0]) this.#waiting.shift()
  }

  /** As many threads start as jobs wait, within the limit. */
  #grow(): void {
    const { startsAtOnce = Infinity } = this.#kind
    const wanted = Math.min(this.#waiting.length, startsAtOnce)
    while (this.#crew.starting < wanted && this.#crew.size < this.#crew.most) this.#addThread()
  }

  #addThread(): void {
    const { entry, data, env, memory } = this.#kind
    // With the first one the whole host starts, and is looked after by the pool.
    const startTimeout = this.#state === 'ready' ? (this.#options.startTimeout ?? 0) : 0
    this.#crew.add(new WorkerThread({ entry, data, env, memory, startTimeout, heads: this.#heads }, this))
  }

  #abandonWaiting(job: WorkerJob): void {
    const at = this.#waiting.indexOf(job)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#over(job, undefined)
  }

  // -- ThreadEvents

  loaded(thread: WorkerThread, report: LoadReport): void {
    if (report.files !== undefined) this.#options.onImported?.(report.files)
    this.#kind.onLoaded?.(report)
    const tooLarge = this.#tooLarge(report.memory)
    if (report.ok && tooLarge === undefined) return this.#threadReady(thread)
    const { kind = '', message = tooLarge ?? '', detail = '', report: thrown = null } = report
    this.#crew.forget(thread)
    thread.kill('could not load the application')
    this.#startFailed(loadError(this.#options.application, { kind, message, detail, report: thrown }))
  }

  #threadReady(thread: WorkerThread): void {
    this.#crew.admit(thread)
    if (this.#state === 'starting') {
      this.#state = 'ready'
      this.#started?.resolve()
      this.#started = undefined
      this.#fill()
    }
    this.#serveWaiting()
    this.#grow()
    this.#retire(0)
  }

  /** A thread ended before it had loaded the application. */
  #startFailed(error: PlaitError): void {
    this.#early++
    if (this.#started !== undefined) {
      this.#state = 'gone'
      this.#started.reject(error)
      this.#started = undefined
      return
    }
    const detail = error.detail === undefined ? '' : `\n${error.detail}`
    if (this.#state === 'ready') this.#options.logger.error(`${error.message}${detail}`, { host: this.id })
    // It was started for a job, which would start the next one, and so on.
    const job = this.#crew.starting < this.#waiting.length ? this.#waiting.shift() : undefined
    if (job !== undefined) this.#over(job, error)
    this.#replace()
  }

  finished(thread: WorkerThread, job: WorkerJob, outcome: PlaitError | undefined): void {
    this.#served++
    if (thread.load === 0 && thread.ready) this.#free(thread)
    this.#over(job, this.#late.outcomeOf(job, outcome))
  }

  /** It has nothing to do any more. */
  #free(thread: WorkerThread, suspect = false): void {
    if (thread.spent) return this.#replaceSpent(thread)
    this.#crew.rest(thread, suspect)
    if (this.#waiting.length > 0) this.#serveWaiting()
    if (this.#crew.size > this.#crew.most) this.#retire(0)
  }

  worked(_thread: WorkerThread, jobs: number, milliseconds: number): void {
    this.#pace.worked(jobs, milliseconds)
  }

  output(_thread: WorkerThread, stream: 'stdout' | 'stderr', line: string): void {
    this.#options.logger.info(line, { host: this.id, stream })
  }

  kept(thread: WorkerThread, bytes: number): void {
    const tooLarge = this.#tooLarge(bytes)
    if (tooLarge === undefined || thread.spent || !thread.ready) return
    this.#options.logger.warn(`A thread of ${this.#options.application.name} (host ${this.id}) is replaced: ${tooLarge}`)
    thread.spent = true
    this.#crew.disfavour(thread)
    if (thread.load === 0) this.#replaceSpent(thread)
  }

  /** What to say of a thread with so many bytes that live, when it has too many. */
  #tooLarge(bytes = 0): string | undefined {
    const { memory } = this.#kind
    if (memory === undefined || bytes <= memory.kept) return undefined
    return `it needs ${Math.ceil(bytes / 1024 ** 2)} MiB, and its memory limit is ${memory.mebibytes} MiB`
  }

  /** It has done what it had. */
  #replaceSpent(thread: WorkerThread): void {
    this.#dismiss(thread)
    this.#grow()
    this.#replace()
  }

  died(thread: WorkerThread, reason: string): void {
    if (!this.#crew.forget(thread)) return
    const error = this.#lost(reason, thread)
    if (thread.readySince === 0) return this.#startFailed(error)
    this.#early = performance.now() - thread.readySince < HEALTHY_MS ? this.#early + 1 : 0
    if (this.#state === 'ready') this.#options.logger.error(error.message, { host: this.id })
    const { jobs } = thread
    // What had not begun loses nothing but its place.
    const unbegun = new Set(jobs.filter((job) => !job.hasMoved && thread.withdraw(job)))
    for (const job of jobs) if (!unbegun.has(job)) this.#over(job, error)
    this.#giveBack([...unbegun])
    this.#grow()
    this.#replace()
  }

  #lost(reason: string, thread?: WorkerThread): PlaitError {
    const what = `A thread of ${this.#options.application.name} (host ${this.id}) ${reason}`
    const late = thread === undefined ? undefined : this.#late.lost(thread, what)
    if (late !== undefined) return late
    return new PlaitError(thread?.wasEnded === true ? 'PLAIT_HOST_ENDED' : 'PLAIT_HOST_LOST', what, { status: 502 })
  }

  // -- jobs that end

  #over(job: WorkerJob, outcome: PlaitError | undefined): void {
    job.over = true
    this.#inFlight--
    job.sink.finished(outcome)
    if (this.#inFlight === 0) this.#drained?.()
  }

  /** The pool puts each before all others: the oldest is last. */
  #giveBack(jobs: readonly WorkerJob[]): void {
    for (const job of jobs.toReversed()) {
      job.over = true
      this.#inFlight--
      job.sink.returned()
    }
  }

  /** The first of its jobs takes its time: those behind it must not wait for that. */
  #takeBack(thread: WorkerThread): void {
    this.#pace.gotStuck()
    this.#crew.disfavour(thread)
    const back = thread.jobs.filter((job) => !job.hasMoved && thread.withdraw(job))
    // It got to none of them: something that the application left behind keeps it.
    if (thread.load === 0 && thread.ready) this.#free(thread, true)
    this.#giveBack(back)
  }

  // -- more threads, and fewer

  /** Up to the minimum. */
  #fill(): void {
    while (this.#state === 'ready' && this.#crew.size < Math.min(this.#options.minThreads, this.#crew.most)) this.#addThread()
  }

  #replace(): void {
    if (this.#state !== 'ready' || this.#refill !== undefined || this.#crew.size >= this.#options.minThreads) return
    const pause = this.#early < 2 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#early - 2))
    this.#refill = setTimeout(() => {
      this.#refill = undefined
      this.#fill()
    }, pause).unref()
  }

  /** Ends threads beyond the limit at once, and those beyond the minimum when they have been idle long enough. */
  #retire(idleSince: number): void {
    for (const thread of this.#crew.spare(this.#crew.most, Infinity)) this.#dismiss(thread)
    for (const thread of this.#crew.spare(this.#options.minThreads, idleSince)) this.#dismiss(thread)
    if (this.#sweep !== undefined || this.#crew.size <= this.#options.minThreads || this.#state !== 'ready') return
    const idleTime = this.#kind.idleTime ?? IDLE_MS
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined
      this.#retire(performance.now() - idleTime)
    }, idleTime / 4).unref()
  }

  #dismiss(thread: WorkerThread): void {
    this.#crew.forget(thread)
    void thread.stop(EXIT_MS)
  }

  // -- the end

  async #stop(timeout: number): Promise<void> {
    if (this.#state === 'gone') return
    const started = this.#started
    this.#started = undefined
    this.#state = 'draining'
    started?.reject(this.#lost('was stopped while it started'))
    clearTimeout(this.#sweep)
    clearTimeout(this.#refill)
    if (this.#inFlight > 0) await this.#drain(timeout)
    for (const job of this.#waiting.splice(0)) this.#over(job, this.#lost('was stopped'))
    await Promise.all(this.#crew.all.map((thread) => this.#endThread(thread)))
    this.#stuck.stop()
    this.#late.stop()
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

  /** One that is idle may end by itself; one that still runs something has had its time. */
  async #endThread(thread: WorkerThread): Promise<void> {
    if (thread.ready && thread.load === 0) await thread.stop(EXIT_MS)
    else thread.kill('was stopped')
  }
}
