import type { Logger } from '../../log/logger.ts'
import { activityOf, type ProcessActivity } from './process-activity.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 5000
/** So many of them without a sign of life end a host. */
const MOST_LOOKS = 6
/** … and so many if it says a little, or computes, or the machine swaps: C code that holds the GIL can keep the thread that sends from going on. */
const MOST_BUSY_LOOKS = 60

/** What a {@link HostWatch} looks at. */
export interface Watched {
  readonly id: string
  readonly logger: Logger
  /** The wire, as far as it was read. */
  readonly reader: { readonly idle: boolean; readonly chunks: number; readonly frames: number }
  readonly jobs: { readonly size: number }
}

/** The process of the host. */
export interface WatchedProcess {
  readonly pid: number | undefined
  /** Ends it at once. @param reason in words that follow its name */
  kill(reason: string): void
}

/**
 * Looks from time to time whether a host that owes something still moves. A request may take as long as it likes (`timeout` is another matter); but a frame that has begun must go on, since everything that the host
 * says waits behind it, and a process that somebody has stopped does nothing at all.
 *
 * Looks are counted, not seconds: a server that was stopped itself, or whose machine slept, finds at its first look what has come meanwhile at its second.
 */
export class HostWatch {
  readonly #watched: Watched
  readonly #lookMs: number
  readonly #activityOf: typeof activityOf
  #process: WatchedProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #chunks = 0
  #frames = 0
  #ticks = 0
  #looks = 0
  #busyLooks = 0
  /** `chunks` when it was found to be stopped; undefined: it is not, as far as is known. */
  #stoppedAt: number | undefined

  /** @param lookMs milliseconds between two looks @param askActivity what a process does, for tests */
  constructor(watched: Watched, lookMs: number = LOOK_MS, askActivity: typeof activityOf = activityOf) {
    this.#watched = watched
    this.#lookMs = lookMs
    this.#activityOf = askActivity
  }

  /** It is stopped, and has said nothing since that was seen. */
  get isStopped(): boolean {
    return this.#stoppedAt === this.#watched.reader.chunks
  }

  begin(process: WatchedProcess): void {
    this.#process = process
    this.#timer = setInterval(() => this.#look(), this.#lookMs).unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { reader, jobs } = this.#watched
    const { chunks, frames, idle } = reader
    const spoke = chunks !== this.#chunks
    /** In the same frame as at the last look. */
    const hangs = !idle && frames === this.#frames
    this.#chunks = chunks
    this.#frames = frames
    const pid = this.#process?.pid
    if (pid === undefined || (spoke ? !hangs : idle && jobs.size === 0)) return this.#isWell()
    const activity = this.#activityOf(pid)
    if (activity?.state === 'T' || activity?.state === 't') return this.#isStill(activity.state === 't')
    if (!hangs) return this.#isWell()
    if (this.#stoppedAt !== undefined) this.#isWell()
    this.#count(activity, spoke)
    if (this.#looks < MOST_LOOKS && this.#busyLooks < MOST_BUSY_LOOKS) return
    this.#kill(`was killed: it began to say something, and did not come to its end for ${this.#seconds()} s`)
  }

  /** The frame that has begun is not whole yet. */
  #count(activity: ProcessActivity | undefined, spoke: boolean): void {
    const ticks = activity?.ticks ?? 0
    // A tenth of the time.
    const isComputing = (ticks - this.#ticks) * 10 > this.#lookMs / 10
    // The first look finds whatever it used before.
    if (!spoke && (this.#busyLooks === 0 || (!isComputing && activity?.state !== 'D'))) this.#looks++
    this.#busyLooks++
    this.#ticks = ticks
  }

  #isStill(isTraced: boolean): void {
    const { id, logger, jobs, reader } = this.#watched
    if (this.#stoppedAt === undefined) {
      this.#looks = 0
      const who = isTraced ? 'is held by a debugger' : 'is stopped (SIGSTOP)'
      const then = isTraced ? '' : `; if it does not go on in ${(MOST_LOOKS * this.#lookMs) / 1000} s, it is replaced`
      logger.warn(`Host ${id} ${who}: ${jobs.size === 1 ? '1 request waits' : `${jobs.size} requests wait`} for it${then}`, {
        host: id,
      })
    }
    this.#stoppedAt = reader.chunks
    // Who debugs takes the time that it takes.
    if (isTraced) this.#looks = 0
    else if (++this.#looks > MOST_LOOKS) this.#kill(`was killed: it has been stopped (SIGSTOP) for ${this.#seconds()} s`)
  }

  #isWell(): void {
    const { id, logger } = this.#watched
    if (this.#stoppedAt !== undefined) logger.info(`Host ${id} goes on`, { host: id })
    this.#stoppedAt = undefined
    this.#looks = this.#busyLooks = 0
  }

  #seconds(): number {
    return Math.round((Math.max(MOST_LOOKS, this.#busyLooks) * this.#lookMs) / 1000)
  }

  #kill(reason: string): void {
    this.end()
    this.#process?.kill(reason)
    this.#process = this.#stoppedAt = undefined
  }
}
