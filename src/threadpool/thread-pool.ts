import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { Application } from '../hosts/application.ts'
import { createHost } from '../hosts/create-host.ts'
import type { Host, HostRuntime, JobSink, RunningJob } from '../hosts/host.ts'
import { silentLogger, type Logger } from '../log/logger.ts'
import { ApplicationGroup } from './application-group.ts'
import { systemClock, type PoolClock } from './clock.ts'
import type { JobQueue, QueueTotal } from './job-queue.ts'
import { PoolJob, type JobOwner } from './pool-job.ts'
import { BusyLanes, type Lane, type LaneJob } from './lane.ts'
import type { ThreadPoolOptions } from './pool-options.ts'
import { checkLimits, checkSizes, queueFull, stopped } from './pool-checks.ts'
import { QueueWatch } from './queue-watch.ts'
import { makesRoom } from './room.ts'
import { checkRecycling } from './recycling.ts'
import type { PoolStatistics } from './statistics.ts'
import { mostStreams, Streams } from './streams.ts'
import { ThreadCalls } from './thread-calls.ts'

export type { ThreadPoolOptions } from './pool-options.ts'

/**
 * Who runs when. The pool owns `maxThreads` permits: that many requests run at the same time, over all applications and processes
 * (Twisted: `twisted.python.threadpool.ThreadPool`). For each application it keeps `processes` hosts, started on first need.
 *
 *     submit ──▶ permit free and a host ready? ──▶ host with the fewest jobs
 *                  │ no
 *                  ▼
 *                queue of the application ──▶ oldest first, when a permit comes back
 */
export class ThreadPool extends ThreadCalls implements JobOwner {
  readonly name: string
  readonly processes: number
  readonly #options: ThreadPoolOptions
  readonly #logger: Logger
  readonly #clock: PoolClock
  readonly #maxQueue: number
  readonly #queueTimeout: number
  readonly #groups = new Map<string, ApplicationGroup>()
  #minThreads: number
  #maxThreads: number
  #state: 'open' | 'stopping' | 'stopped' = 'open'
  #stopping: Promise<void> | undefined
  #working = 0
  #lastNumber = 0
  /** Counted by the queues themselves. */
  readonly #total: QueueTotal = { queued: 0 }
  readonly #streams: Streams
  readonly #lanes = new BusyLanes()
  readonly #watch: QueueWatch

  /** Throws `PLAIT_CONFIGURATION` for sizes that make no sense. Starts nothing. */
  constructor(options: ThreadPoolOptions = {}) {
    super(options.logger ?? silentLogger)
    this.#options = options
    this.name = options.name ?? ''
    this.#minThreads = options.minThreads ?? defaults.minThreads
    this.#maxThreads = options.maxThreads ?? defaults.maxThreads
    this.processes = options.processes ?? defaults.processes
    this.#maxQueue = options.maxQueue ?? defaults.maxQueue
    this.#queueTimeout = options.queueTimeout ?? defaults.queueTimeout
    this.#logger = options.logger ?? silentLogger
    this.#clock = options.clock ?? systemClock
    this.#watch = new QueueWatch({
      clock: this.#clock,
      queues: () => this.#queues(),
      patience: ({ job }) => job.lane?.queueTimeout ?? this.#queueTimeout,
    })
    this.#streams = new Streams(
      {
        hosts: () => this.#hosts(),
        threads: () => this.#maxThreads,
        working: () => this.#working,
        queued: () => this.#total.queued,
        permitFree: (job) => this.#permitFree(job),
      },
      { clock: this.#clock, logger: this.#logger, most: options.maxStreams },
    )
    checkRecycling(options.recycle ?? {})
    checkSizes(this.#minThreads, this.#maxThreads)
    checkLimits(this.processes, options)
  }

  get minThreads(): number {
    return this.#minThreads
  }

  get maxThreads(): number {
    return this.#maxThreads
  }

  /** False while an application that it serves has no host: it still starts, or cannot be imported. */
  get ready(): boolean {
    for (const group of this.#groups.values()) if (group.isMissing) return false
    return this.#state === 'open'
  }

  /** Starts the hosts of the applications known so far. Not needed: the first request does it. Idempotent. */
  start(): void {
    for (const group of this.#groups.values()) void group.start().catch(() => undefined)
  }

  /**
   * Starts the hosts of `application` and tells what runs it. Rejected with the reason when it cannot be loaded
   * (`PLAIT_APPLICATION` with the traceback as `detail`, `PLAIT_PYTHON_NOT_FOUND` …).
   */
  async prepare(application: Application): Promise<HostRuntime> {
    if (this.#state !== 'open') throw stopped()
    const group = this.#group(application)
    await group.start()
    return group.runtime as HostRuntime
  }

  /**
   * Runs `job` in a thread of `application`, at once or when a permit is free.
   * Everything that goes wrong is told through `sink.finished`: `PLAIT_POOL_FULL` and `PLAIT_QUEUE_TIMEOUT` (503),
   * `PLAIT_POOL_STOPPED` (503), `PLAIT_APPLICATION` (500), `PLAIT_HOST_LOST` (502), `PLAIT_CLIENT_GONE` (abandoned in the queue).
   */
  submit(application: Application, job: LaneJob, sink: JobSink): RunningJob {
    const group = this.#group(application)
    const entry = new PoolJob(this, group, job, sink)
    entry.number = ++this.#lastNumber
    if (this.#state !== 'open') {
      entry.refuse(stopped())
      return entry
    }
    if (job.lane !== undefined && !this.#enterLane(job.lane, entry)) return entry
    if (this.#total.queued === 0) {
      if (this.#working < this.#maxThreads) {
        const host = group.leastBusy()
        if (host !== undefined) {
          this.#startIn(host, entry)
          return entry
        }
      } else if (this.#startAhead(group, entry)) return entry
    }
    this.#enqueue(group, entry)
    return entry
  }

  /**
   * Lets all applications be imported anew, by new processes. They take over when they are ready; the old ones finish what they have and leave. No request fails, none is refused.
   * @param options.onFailure what happens when an application cannot be imported: `keep` the old code, or `show` each request why, until it can. @default 'keep'
   * @throws PlaitError `PLAIT_APPLICATION` … when one of them could not be imported
   */
  async reload({ onFailure = 'keep' }: { onFailure?: 'keep' | 'show' } = {}): Promise<void> {
    if (this.#state !== 'open') throw stopped()
    const reloaded = await Promise.allSettled([...this.#groups.values()].map((group) => group.reload(onFailure)))
    for (const one of reloaded) if (one.status === 'rejected') throw one.reason
  }

  /** Sets the sizes (Twisted: `adjustPoolsize`). What waits starts at once when the pool grew; what runs is never cut. */
  adjustPoolSize(minThreads: number = this.#minThreads, maxThreads: number = this.#maxThreads): void {
    checkSizes(minThreads, maxThreads)
    this.#minThreads = minThreads
    this.#maxThreads = maxThreads
    for (const group of this.#groups.values()) group.setThreads(maxThreads)
    this.#dispatch()
  }

  /**
   * Refuses what waits and what comes (503), lets what runs finish for `timeout` seconds, ends the hosts. Idempotent.
   * @param options.timeout seconds. @default 30
   */
  stop({ timeout = defaults.gracefulTimeout }: { timeout?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(timeout)
    return this.#stopping
  }

  /** Writes the stacks of all threads of all applications into the log: of Python processes, and of worker threads with TypeScript. */
  dumpStacks(): void {
    for (const group of this.#groups.values()) group.dumpStacks()
  }

  statistics(): PoolStatistics {
    const applications = [...this.#groups.values()].map((group) => ({
      application: group.application.name,
      queued: group.queue.size,
      served: group.served,
      repeated: group.repeated,
      hosts: group.statistics(),
    }))
    return {
      threads: this.#maxThreads,
      working: this.#working,
      streams: this.#streams.count,
      waiting: Math.max(0, this.#maxThreads - this.#working),
      queued: this.#total.queued,
      lanes: this.#lanes.statistics(),
      served: applications.reduce((sum, one) => sum + one.served, 0),
      repeated: applications.reduce((sum, one) => sum + one.repeated, 0),
      applications,
    }
  }

  // -- JobOwner

  jobFinished(job: PoolJob): void {
    if (job.isStream) this.#streams.left(job)
    else if (job.host !== undefined) this.#letGo(job.host)
    if (this.#total.queued > 0) this.#dispatch()
  }

  jobReturned(job: PoolJob): void {
    if (job.host !== undefined) this.#letGo(job.host)
    if (this.#state !== 'open') return job.refuse(stopped())
    // It keeps the time at which it came, and its place before all that came later.
    if (job.queuedAt === 0) this.#watch.watch(job)
    job.group.queue.unshift(job)
    this.#dispatch()
  }

  jobLost(job: PoolJob): boolean {
    if (this.#state !== 'open') return false
    if (job.host !== undefined) this.#letGo(job.host)
    // From now on it waits anew.
    this.#watch.watch(job)
    job.group.runAgain(job)
    this.#dispatch()
    return true
  }

  jobAdmitted(job: PoolJob): void {
    if (this.#state !== 'open') return job.refuse(stopped())
    job.group.queue.insert(job)
    this.#watch.moved(job)
    void job.group.start().catch(() => undefined)
    this.#dispatch()
  }

  jobAbandoned(job: PoolJob): void {
    job.queue?.remove(job)
    job.refuse(new PlaitError('PLAIT_CLIENT_GONE', 'The client left while its request waited for a thread'))
  }

  // -- inside

  #startIn(host: Host, entry: PoolJob): void {
    this.#working++
    host.permits++
    this.#streams.watch()
    entry.startIn(host)
  }

  /** A job has left its host. Its permit comes back, unless another job waits there: then it is that one's from now on. */
  #letGo(host: Host): void {
    if (host.inFlight >= host.permits) return
    host.permits--
    this.#working--
  }

  /** A job has become a stream. Its permit is that of a job which waits in the same host, or comes back. */
  #permitFree({ host }: PoolJob): void {
    if (host !== undefined && host.inFlight > host.permits) host.permits++
    else this.#working--
    if (this.#total.queued > 0) this.#dispatch()
  }

  *#queues(): Iterable<JobQueue> {
    for (const { queue } of this.#groups.values()) yield queue
    yield* this.#lanes.queues()
  }

  *#hosts(): Iterable<Host> {
    for (const group of this.#groups.values()) yield* group.hosts
  }

  /** Without a permit: the job begins when another one of its application ends, and takes over that one's. */
  #startAhead(group: ApplicationGroup, entry: PoolJob): boolean {
    const host = group.roomiest()
    if (host === undefined) return false
    entry.startIn(host)
    return true
  }

  /** @returns false when the job waits in the lane, or was refused there */
  #enterLane(lane: Lane, entry: PoolJob): boolean {
    this.#lanes.add(lane)
    if (lane.enter(entry)) return true
    if (lane.queue.size < (lane.maxQueue ?? this.#maxQueue) || makesRoom([lane.queue])) {
      lane.queue.push(entry)
      this.#watch.watch(entry)
    } else entry.refuse(queueFull(lane.name, lane.queue.size))
    return false
  }

  #group(application: Application): ApplicationGroup {
    return this.#groups.get(application.key) ?? this.#addGroup(application)
  }

  #addGroup(application: Application): ApplicationGroup {
    const python = application.python ?? this.#options.python
    const group = new ApplicationGroup({
      application: python === application.python ? application : { ...application, python },
      processes: this.processes,
      minThreads: this.#minThreads,
      maxThreads: this.#maxThreads,
      maxStreams: mostStreams(this.#options.maxStreams, this.#maxThreads),
      poolName: this.name === '' ? '' : `${this.name}/`,
      logger: this.#logger,
      clock: this.#clock,
      createHost: this.#options.createHost ?? createHost,
      total: this.#total,
      gracefulTimeout: this.#options.gracefulTimeout ?? defaults.gracefulTimeout,
      startTimeout: this.#options.startTimeout ?? defaults.startTimeout,
      onImported: this.#options.onImported,
      recycle: this.#options.recycle ?? {},
      hostReady: () => this.#dispatch(),
    })
    this.#groups.set(application.key, group)
    return group
  }

  #enqueue(group: ApplicationGroup, entry: PoolJob): void {
    if (this.#total.queued >= this.#maxQueue && !makesRoom([...this.#groups.values()].map(({ queue }) => queue))) {
      entry.refuse(queueFull('the pool', this.#maxQueue))
      return
    }
    this.#watch.watch(entry)
    group.queue.push(entry)
    // A failure reaches the job through the queue.
    void group.start().catch(() => undefined)
    // Another application's hosts may be busy starting: what waits for them holds up nobody else.
    if (this.#working < this.#maxThreads) this.#dispatch()
  }

  /** Gives free permits to the jobs that have waited longest, as far as their applications have a ready host. */
  #dispatch(): void {
    while (this.#total.queued > 0 && this.#working < this.#maxThreads) {
      let oldest: ApplicationGroup | undefined
      for (const group of this.#groups.values()) {
        const first = group.queue.first
        if (first === undefined || group.leastBusy() === undefined) continue
        if (oldest === undefined || first.number < (oldest.queue.first as PoolJob).number) oldest = group
      }
      const host = oldest?.leastBusy()
      const entry = oldest?.queue.shift()
      if (host === undefined || entry === undefined) return
      this.#startIn(host, entry)
    }
    if (this.#total.queued === 0 || this.#working < this.#maxThreads) return
    for (const group of this.#groups.values()) {
      for (let entry = group.queue.first; entry !== undefined && group.roomiest() !== undefined; entry = group.queue.first) {
        group.queue.remove(entry)
        this.#startAhead(group, entry)
      }
    }
  }

  async #stop(timeout: number): Promise<void> {
    this.#state = 'stopping'
    this.#watch.stop()
    for (const queue of this.#queues()) {
      for (const job of queue.jobs()) {
        // A lane may be that of another pool too.
        if (job.owner !== this || job.queue !== queue) continue
        queue.remove(job)
        job.refuse(stopped())
      }
    }
    await Promise.all([...this.#groups.values()].map((group) => group.stop(timeout)))
    this.#state = 'stopped'
  }
}
