import { defaults } from '../defaults.ts'
import type { Host, HostSink, ResponseHead } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import type { PoolClock } from './clock.ts'
import { PoolJob } from './pool-job.ts'

/** Seconds that a response may be open before it is a stream. */
const STREAM_SECONDS = 5
/** Seconds between two looks. */
const LOOK = 1
/** … while requests wait for a thread. */
const SOON = 0.1
/** Seconds between two lines of the log that say the same. */
const AGAIN_SECONDS = 60

/** What {@link Streams} needs of its pool. */
export interface StreamOwner {
  /** All hosts, those that are leaving too. */
  hosts(): Iterable<Host>
  /** Threads of the pool. */
  threads(): number
  /** Requests that run, streams apart. */
  working(): number
  /** Requests that wait for a thread. */
  queued(): number
  /** A job gives its permit back. */
  permitFree(job: PoolJob): void
}

/**
 * Responses that stay open: events for a browser, downloads that a client takes slowly. Each needs its thread to the end, so with a handful of threads a few of them would
 * hold up everybody. After {@link STREAM_SECONDS} such a job gives its permit back, and its host may have one more thread. Events (`text/event-stream`) say what they are, and do so as soon as they are seen; so does a job that waits for its client twice in a row: it could not use its turn.
 *
 * Looks at the jobs in the hosts once a second, so that requests pay nothing for it.
 */
export class Streams {
  /** How many there are. */
  count = 0
  readonly #owner: StreamOwner
  readonly #clock: PoolClock
  readonly #logger: Logger
  readonly #most: number | undefined
  #looking = false
  #toldAt = -Infinity

  /** @param options.most how many there may be. @default what {@link mostStreams} and each host say */
  constructor(owner: StreamOwner, { clock, logger, most }: { clock: PoolClock; logger: Logger; most: number | undefined }) {
    this.#owner = owner
    this.#clock = clock
    this.#logger = logger
    this.#most = most
  }

  /** Call it when a job begins. */
  watch(seconds: number = LOOK): void {
    if (this.#looking) return
    this.#looking = true
    this.#clock.callLater(seconds, () => this.#look())
  }

  /** One of them is over. */
  left({ host }: PoolJob): void {
    this.count--
    if (host === undefined) return
    host.streams--
    host.permits--
    host.setThreads(this.#owner.threads() + host.streams)
  }

  #look(): void {
    const now = this.#clock.seconds()
    for (const host of this.#owner.hosts()) {
      for (const sink of host.sinks()) if (isOpen(sink)) this.#judge(sink, host, now)
    }
    this.#looking = false
    // Nothing runs, or streams alone: the next job starts it again.
    if (this.#owner.working() > 0) this.watch(this.#owner.queued() > 0 ? SOON : LOOK)
  }

  #judge(job: PoolJob, host: Host, now: number): void {
    job.openSince ??= now
    const { waitsForClient, wasHeldUp } = job
    job.wasHeldUp = waitsForClient
    // A timer may be early by a little.
    if (now - job.openSince > STREAM_SECONDS - SOON || (waitsForClient && wasHeldUp) || isEvents(job.head)) {
      const most = mostStreams(this.#most, this.#owner.threads())
      if (this.count < most && host.streams < (this.#most ?? host.mostStreams)) this.#take(job, host)
      else if (most > 0) this.#tell(now)
    }
  }

  #take(job: PoolJob, host: Host): void {
    this.count++
    host.streams++
    // First: the permit that is free now may bring a job here that needs the thread.
    host.setThreads(this.#owner.threads() + host.streams)
    job.becomeStream()
    this.#owner.permitFree(job)
  }

  #tell(now: number): void {
    if (now - this.#toldAt < AGAIN_SECONDS) return
    this.#toldAt = now
    this.#logger.warn(
      `${this.count} responses stay open, as many as maxStreams allows: further ones keep their places among the ${this.#owner.threads()} threads`,
    )
  }
}

/**
 * How many streams a pool may have.
 * @param most what it was told
 * @param threads how many requests it runs. With one, applications count on never being called a second time meanwhile (`wsgi.multithread`)
 */
export function mostStreams(most: number | undefined, threads: number): number {
  return most ?? (threads === 1 ? 0 : defaults.maxPoolStreams)
}

function isOpen(sink: HostSink): sink is PoolJob {
  return sink instanceof PoolJob && sink.head !== undefined && !sink.isStream
}

function isEvents({ headers }: Pick<ResponseHead, 'headers'> = { headers: [] }): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === 'content-type') return /^text\/event-stream\b/i.test(headers[at + 1] as string)
  }
  return false
}
