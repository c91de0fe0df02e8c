import type { HostStatistics } from '../hosts/host.ts'

/** Figures of one application in a pool. */
export interface ApplicationStatistics {
  readonly application: string
  readonly queued: number
  readonly served: number
  readonly repeated: number
  readonly hosts: readonly HostStatistics[]
}

/** Figures of a lane, while something is in it. */
export interface LaneStatistics {
  /** Its path: `/reports`. */
  readonly lane: string
  /** Requests that have a place in it. */
  readonly running: number
  /** Requests that wait for one. */
  readonly queued: number
}

/** Figures of a pool. */
export interface PoolStatistics {
  /** Permits: how many requests may run. */
  readonly threads: number
  /** Requests that run. */
  readonly working: number
  /** Requests that run beside these: their responses stay open. */
  readonly streams: number
  /** Permits that are free. */
  readonly waiting: number
  /** Requests in the queue. Those that wait in a lane are not. */
  readonly queued: number
  readonly lanes: readonly LaneStatistics[]
  /** Requests that have run. */
  readonly served: number
  /** Requests that run, or have run, a second time, because their host died. */
  readonly repeated: number
  readonly applications: readonly ApplicationStatistics[]
}
