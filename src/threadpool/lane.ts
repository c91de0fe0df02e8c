import { PlaitError } from '../errors.ts'
import type { Job } from '../hosts/host.ts'
import { JobQueue } from './job-queue.ts'
import type { PoolJob } from './pool-job.ts'
import { isCount } from './pool-checks.ts'
import type { LaneStatistics } from './statistics.ts'

/** How many requests of a kind run. */
export interface LaneLimits {
  /** Requests that run, or have the next free thread, at the same time. The others wait for their turn without holding up those of other lanes. */
  maxRunning: number
  /** Requests that may wait for their turn; one more is refused with 503. @default what the pool says */
  maxQueue?: number
  /** Seconds that a request may wait in all, for its turn and for a thread; then it is refused with 503. 0 = no limit. @default what the pool says */
  queueTimeout?: number
}

/** A job that counts in a lane. */
export interface LaneJob extends Job {
  /** @default none: only the pool limits it */
  readonly lane?: Lane | undefined
}

/**
 * A lane through a pool: so many of its requests are past it at the same time, and the others wait here, in the order in which they came. A request keeps its place to its end, also as a
 * stream. One that gets its place keeps its turn among all that wait for a thread.
 */
export class Lane {
  /** In messages: `/reports`. */
  readonly name: string
  readonly maxRunning: number
  readonly maxQueue: number | undefined
  readonly queueTimeout: number | undefined
  readonly queue: JobQueue = new JobQueue({ queued: 0 })
  #taken = 0
  #filling = false

  /** @throws PlaitError `PLAIT_CONFIGURATION` for limits that make no sense */
  constructor(name: string, { maxRunning, maxQueue, queueTimeout }: LaneLimits) {
    const wrong = (what: string): PlaitError => new PlaitError('PLAIT_CONFIGURATION', `Cannot limit ${name}: ${what}`)
    if (!isCount(maxRunning) || maxRunning < 1) throw wrong(`maxRunning must be a whole number from 1, not ${maxRunning}`)
    if (!isCount(maxQueue ?? 0)) throw wrong(`maxQueue must be a whole number from 0, not ${maxQueue}`)
    if (!((queueTimeout ?? 0) >= 0)) throw wrong(`queueTimeout must be a number of seconds from 0, not ${queueTimeout}`)
    this.name = name
    this.maxRunning = maxRunning
    this.maxQueue = maxQueue
    this.queueTimeout = queueTimeout
  }

  /** Requests that have a place. */
  get running(): number {
    return this.#taken
  }

  /** Nothing runs and nothing waits. */
  get isEmpty(): boolean {
    return this.#taken === 0 && this.queue.size === 0
  }

  /** Takes a place for a job. False: there is none. */
  enter(job: PoolJob): boolean {
    if (this.#taken >= this.maxRunning) return false
    this.#taken++
    job.lane = this
    return true
  }

  /** A job gives its place back. */
  leave(job: PoolJob): void {
    job.lane = undefined
    this.#taken--
    // One that is refused as soon as it is let in comes back here.
    if (this.#filling) return
    this.#filling = true
    for (let next = this.queue.first; next !== undefined && this.enter(next); next = this.queue.first) {
      this.queue.remove(next)
      next.owner.jobAdmitted(next)
    }
    this.#filling = false
  }
}

/** The lanes of a pool in which something is. */
export class BusyLanes {
  readonly #lanes = new Set<Lane>()

  /** Call it before something enters. */
  add(lane: Lane): void {
    this.#lanes.add(lane)
  }

  *queues(): Iterable<JobQueue> {
    for (const { queue } of this.#busy()) yield queue
  }

  statistics(): LaneStatistics[] {
    return [...this.#busy()].map(({ name, running, queue }) => ({ lane: name, running, queued: queue.size }))
  }

  /** Scripts make resources anew, and each brings lanes of its own: those that are empty are forgotten. */
  *#busy(): Iterable<Lane> {
    for (const lane of this.#lanes) {
      if (lane.isEmpty) this.#lanes.delete(lane)
      else yield lane
    }
  }
}
