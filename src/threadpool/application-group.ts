import { PlaitError } from '../errors.ts'
import type { Application } from '../hosts/application.ts'
import type { CreateHost, Host, HostOptions, HostRuntime, HostStatistics } from '../hosts/host.ts'
import { HostFamily } from '../hosts/host-family.ts'
import type { Logger } from '../log/logger.ts'
import { leastBusy, roomiest } from './choose-host.ts'
import type { PoolClock } from './clock.ts'
import { JobQueue, type QueueTotal } from './job-queue.ts'
import type { PoolJob } from './pool-job.ts'
import { asPlaitError, startInTime, tellDeath, tellFailure } from './start-in-time.ts'
import { Recycling, type RecycleOptions } from './recycling.ts'

/** Seconds before a host that died is replaced: the first at once, then doubling up to the cap, while it dies young. */
const FIRST_DELAY = 0.1
const LONGEST_DELAY = 10
/** A host that has lived this many seconds, or has answered a request, was healthy. */
const HEALTHY_SECONDS = 10

/** What a group needs of its pool. */
export interface GroupOptions {
  readonly application: Application
  readonly processes: number
  readonly minThreads: number
  readonly maxThreads: number
  /** Threads that a host may get beyond these. */
  readonly maxStreams: number
  readonly poolName: string
  readonly logger: Logger
  readonly clock: PoolClock
  readonly createHost: CreateHost
  /** Seconds that a host which is replaced has for what runs in it. */
  readonly gracefulTimeout: number
  /** Seconds that the application may take to be imported, 0 = no limit. */
  readonly startTimeout: number
  readonly onImported: HostOptions['onImported']
  readonly recycle: RecycleOptions
  /** Counts what waits in the whole pool. */
  readonly total: QueueTotal
  /** A host became ready: queued jobs may run. */
  hostReady(): void
}

type GroupState = 'idle' | 'starting' | 'serving' | 'failed' | 'stopped'

/** The hosts of one application in one pool, and the requests that wait for it. Started on first need. */
export class ApplicationGroup {
  readonly queue: JobQueue
  /** Jobs that run once more because their host died. */
  repeated = 0
  #repeatedNow = 0
  readonly #options: GroupOptions
  #family = new HostFamily()
  readonly #hosts = new Set<Host>()
  readonly #ready: Host[] = []
  readonly #recycling: Recycling
  #state: GroupState = 'idle'
  #starting: Promise<void> | undefined
  #reloading: Promise<void> | undefined
  #reloadingNext: Promise<void> | undefined
  /** Grows when new hosts take over: those that were to replace one of the old ones are not needed then. */
  #generation = 0
  #made = 0
  #deaths = 0
  /** Served by hosts that are gone. */
  #servedBefore = 0
  #maxThreads: number

  constructor(options: GroupOptions) {
    this.#options = options
    this.queue = new JobQueue(options.total)
    this.#maxThreads = options.maxThreads
    this.#recycling = new Recycling(options.recycle, {
      clock: options.clock,
      hosts: () => this.#hosts,
      replace: (host, reason) => this.#replace(host, reason),
      end: (host, reason) => this.#endNow(host, reason),
      warn: (message) => options.logger.warn(message),
    })
  }

  get application(): Application {
    return this.#options.application
  }

  /** Starts the hosts, once; fulfilled when the first is ready. Rejected with the reason when the application cannot be loaded. */
  start(): Promise<void> {
    if (this.#starting === undefined) {
      this.#state = 'starting'
      this.#starting = this.#startAll()
      this.#starting.catch(() => undefined)
    }
    return this.#starting
  }

  /** All of them, those that are leaving too. */
  get hosts(): Iterable<Host> {
    return this.#hosts
  }

  /** The ready host with the fewest jobs, not counting streams. */
  leastBusy(): Host | undefined {
    return leastBusy(this.#ready)
  }

  /** The ready host with most room for jobs that wait in it; undefined when none has any. */
  roomiest(): Host | undefined {
    return roomiest(this.#ready)
  }

  /** Puts a job whose host died in front of those that wait. */
  runAgain(job: PoolJob): void {
    this.repeated++
    this.queue.unshift(job)
    if (++this.#repeatedNow > 1) return
    const { clock, logger, application } = this.#options
    // One line for all of one host.
    clock.callLater(0, () => {
      const count = this.#repeatedNow
      this.#repeatedNow = 0
      const what = count === 1 ? '1 request of a safe method runs' : `${count} requests of safe methods run`
      logger.warn(`${what} once more, because their host in ${application.name} died before they had an answer`)
    })
  }

  /** It is needed, and has no host. */
  get isMissing(): boolean {
    return this.#state !== 'idle' && this.leastBusy() === undefined
  }

  /** What runs the application; undefined before the first host is ready. */
  get runtime(): HostRuntime | undefined {
    return this.#ready[0]?.runtime
  }

  /**
   * Starts new hosts, which import the application anew. When all of them are ready they take over, and the old ones leave when what runs in them is done. While one
   * reload goes on, all further calls mean one more behind it. Rejected when the application cannot be imported any more: then the old hosts go on (`keep`), or every
   * request is told why until it can (`show`).
   */
  reload(onFailure: 'keep' | 'show'): Promise<void> {
    if (this.#reloading === undefined) {
      this.#reloading = this.#reload(onFailure).finally(() => (this.#reloading = undefined))
      return this.#reloading
    }
    this.#reloadingNext ??= this.#reloading
      .catch(() => undefined)
      .then(() => {
        this.#reloadingNext = undefined
        return this.reload(onFailure)
      })
    return this.#reloadingNext
  }

  async #reload(onFailure: 'keep' | 'show'): Promise<void> {
    // What is starting may have imported the old code already.
    if (this.#state === 'starting') await this.start().catch(() => undefined)
    if (this.#state === 'failed') return this.start()
    if (this.#state !== 'serving') return
    const { clock, logger, application } = this.#options
    const begun = clock.seconds()
    const family = new HostFamily()
    let fresh: Host[]
    try {
      fresh = await this.#launchAll(family)
    } catch (error) {
      void family.end()
      this.#reloadFailed(asPlaitError(error), onFailure)
      throw error
    }
    this.#adopt(family)
    this.#takeOver(fresh)
    const seconds = (clock.seconds() - begun).toFixed(1)
    const who = fresh.length === 1 ? '1 new host has' : `${fresh.length} new hosts have`
    logger.info(`Reloaded ${application.name}: ${who} taken over after ${seconds} s`)
  }

  /** One first, as at the start. Rejected when any of them fails; then none is left. */
  async #launchAll(family: HostFamily): Promise<Host[]> {
    const fresh = [await this.#launch(family)]
    const others = await Promise.allSettled(Array.from({ length: this.#options.processes - 1 }, () => this.#launch(family)))
    for (const other of others) if (other.status === 'fulfilled') fresh.push(other.value)
    const failed = others.find((other) => other.status === 'rejected')
    if (failed === undefined && !this.#isStopped()) return fresh
    for (const host of fresh) void this.#leave(host, 0)
    throw failed?.reason ?? new PlaitError('PLAIT_POOL_STOPPED', 'The thread pool has been stopped', { status: 503 })
  }

  #takeOver(fresh: readonly Host[]): void {
    this.#generation++
    this.#deaths = 0
    const old = this.#ready.splice(0)
    for (const host of fresh) this.#enter(host)
    for (const host of old) void this.#leave(host, this.#options.gracefulTimeout)
    this.#options.hostReady()
  }

  #reloadFailed(error: PlaitError, onFailure: 'keep' | 'show'): void {
    if (this.#isStopped()) return
    const { logger, gracefulTimeout } = this.#options
    const what = onFailure === 'keep' ? 'Not reloaded, the old code goes on' : 'Not reloaded'
    tellFailure(logger, what, error)
    if (onFailure === 'keep') return
    this.#generation++
    for (const host of this.#ready.splice(0)) void this.#leave(host, gracefulTimeout)
    this.#fail(error)
  }

  /** A host that is to take no more jobs: it ends when those in it are over, at the latest after `timeout` seconds. */
  #leave(host: Host, timeout: number, reason?: string): Promise<void> {
    const index = this.#ready.indexOf(host)
    if (index >= 0) this.#ready.splice(index, 1)
    host.onGone = (how) => {
      this.#forget(host)
      // At a stop all of them go, and nobody wants to hear it of each.
      if (!this.#isStopped()) this.#options.logger.info(`Host ${host.id}, which was replaced, ${how}`)
    }
    return host.stop(reason === undefined ? { timeout } : { timeout, reason })
  }

  /** From now on hosts are of this family. */
  #adopt(family: HostFamily): void {
    void this.#family.end()
    this.#family = family
  }

  setThreads(maxThreads: number): void {
    this.#maxThreads = maxThreads
    for (const host of this.#hosts) host.setThreads(maxThreads + host.streams)
  }

  async stop(timeout: number): Promise<void> {
    this.#state = 'stopped'
    this.#ready.length = 0
    await Promise.all([...this.#hosts].map((host) => host.stop({ timeout })))
    await this.#family.end()
  }

  get served(): number {
    let served = this.#servedBefore
    for (const host of this.#hosts) served += host.statistics().served
    return served
  }

  dumpStacks(): void {
    for (const host of this.#hosts) host.dumpStacks?.()
  }

  statistics(): HostStatistics[] {
    return [...this.#hosts].map((host) => host.statistics())
  }

  /** One host first: an application that cannot be imported fails once, not `processes` times. */
  async #startAll(): Promise<void> {
    try {
      await this.#startHost()
    } catch (error) {
      this.#fail(asPlaitError(error))
      throw error
    }
    for (let index = 1; index < this.#options.processes; index++) {
      this.#startHost().catch((error: unknown) => this.#hostDied(asPlaitError(error).message))
    }
  }

  async #startHost(): Promise<void> {
    const generation = this.#generation
    const host = await this.#launch().catch((error: unknown) => {
      // Others have taken over: nobody needs it, nor another one in its place.
      if (generation === this.#generation) throw error
    })
    if (host === undefined) return
    if (this.#isStopped() || generation !== this.#generation) return this.#leave(host, 0)
    this.#enter(host)
    this.#state = 'serving'
    this.#options.hostReady()
  }

  /** Makes a host that is ready, and gets no jobs yet. */
  async #launch(family = this.#family): Promise<Host> {
    const { application, processes, minThreads, maxStreams, startTimeout, logger, createHost, onImported } = this.#options
    const id = `${this.#options.poolName}${application.name}#${++this.#made}`
    const making = createHost({
      id,
      application,
      minThreads: Math.ceil(minThreads / processes),
      maxThreads: this.#maxThreads,
      maxStreams,
      startTimeout,
      multiprocess: processes > 1,
      logger,
      family,
      ...(onImported === undefined ? {} : { onImported }),
    })
    const host = making instanceof Promise ? await making : making
    this.#hosts.add(host)
    if (application.module !== undefined) onImported?.([application.module.file])
    try {
      await startInTime(host, application, this.#options)
    } catch (error) {
      this.#hosts.delete(host)
      host.onGone = undefined
      throw error
    }
    return host
  }

  #enter(host: Host): void {
    const { clock } = this.#options
    const readyAt = clock.seconds()
    host.onGone = (reason) => this.#hostGone(host, reason, clock.seconds() - readyAt)
    host.onSpent = (reason) => this.#spent(host, reason)
    this.#recycling.admit(host)
    if (host.state === 'ready') this.#ready.push(host)
    else this.#hostGone(host, 'died as soon as it was ready', 0)
  }

  #isStopped(): boolean {
    return this.#state === 'stopped'
  }

  #hostGone(host: Host, reason: string, lived: number): void {
    const { served } = host.statistics()
    this.#forget(host)
    const index = this.#ready.indexOf(host)
    if (index >= 0) this.#ready.splice(index, 1)
    if (this.#isStopped()) return
    if (lived >= HEALTHY_SECONDS || served > 0) this.#deaths = 0
    this.#hostDied(`Host ${host.id} ${reason}`)
  }

  /** It may not go on: another one takes its place, and what runs in it may finish. */
  #spent(host: Host, reason: string): void {
    if (this.#isStopped() || !this.#ready.includes(host)) return
    this.#options.logger.warn(`Host ${host.id} ${reason}; another one starts now`)
    void this.#leave(host, this.#options.gracefulTimeout)
    this.#startHost().catch((error: unknown) => this.#replacementFailed(asPlaitError(error)))
  }

  /** Nothing is wrong with it: another one comes first. */
  async #replace(host: Host, reason: string): Promise<void> {
    const { logger, gracefulTimeout } = this.#options
    const generation = this.#generation
    try {
      const fresh = await this.#launch()
      // It died meanwhile, or others have taken over: then it has its successor.
      if (this.#isStopped() || generation !== this.#generation || !this.#ready.includes(host)) return void this.#leave(fresh, 0)
      this.#enter(fresh)
      logger.info(`Host ${host.id} ${reason}: ${fresh.id} takes its place`)
      void this.#leave(host, gracefulTimeout)
      this.#options.hostReady()
    } catch (error) {
      if (this.#isStopped() || generation !== this.#generation) return
      tellFailure(logger, `Host ${host.id} ${reason}, and goes on`, error)
    }
  }

  #endNow(host: Host, reason: string): void {
    const wasReady = this.#ready.includes(host)
    this.#options.logger.error(`Host ${host.id} is ended now, ${reason}${wasReady ? '; another one starts' : ''}`)
    void this.#leave(host, 0, reason)
    if (wasReady) this.#startHost().catch((error: unknown) => this.#replacementFailed(asPlaitError(error)))
  }

  #forget(host: Host): void {
    if (this.#hosts.delete(host)) this.#servedBefore += host.statistics().served
  }

  #hostDied(what: string): void {
    if (this.#isStopped()) return
    const delay = this.#deaths === 0 ? 0 : Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.#deaths - 1))
    this.#deaths++
    const { logger, clock } = this.#options
    tellDeath(logger, what, delay)
    const generation = this.#generation
    clock.callLater(delay, () => {
      if (this.#isStopped() || generation !== this.#generation) return
      this.#startHost().catch((error: unknown) => this.#replacementFailed(asPlaitError(error)))
    })
  }

  #replacementFailed(error: PlaitError): void {
    this.#hostDied(error.detail === undefined ? error.message : `${error.message}\n${error.detail}`)
    // With no host left and none to be had, waiting would only end in a timeout.
    if (this.#ready.length === 0) this.#refuseAll(error)
  }

  #fail(error: PlaitError): void {
    if (this.#isStopped()) return
    this.#state = 'failed'
    this.#starting = undefined
    // What it shares may be of the code that failed.
    this.#adopt(new HostFamily())
    this.#refuseAll(error)
  }

  #refuseAll(error: PlaitError): void {
    for (let job = this.queue.shift(); job !== undefined; job = this.queue.shift()) job.refuse(error)
  }
}
