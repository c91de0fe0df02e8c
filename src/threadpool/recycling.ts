import { PlaitError } from '../errors.ts'
import type { Host } from '../hosts/host.ts'
import type { PoolClock } from './clock.ts'

/** When hosts are replaced although nothing is wrong with them. 0, the default of each, means never. */
export interface RecycleOptions {
  /** Requests that one answers; then another takes its place. Looked at once a second, so it may be some more. */
  maxRequests?: number
  /** Up to so many more, by chance for each host, so that not all are replaced together. */
  maxRequestsJitter?: number
  /** Seconds that one lives. */
  maxAge?: number
  /** Bytes of resident memory at which it is replaced; what runs in it may finish. Linux. */
  maxRSS?: number
  /** Bytes of resident memory at which it is ended at once; what runs in it gets 502. Linux. */
  maxRSSHard?: number
}

/** What a {@link Recycling} needs of the group whose hosts it looks at. */
export interface Recycler {
  readonly clock: PoolClock
  /** All hosts, those that are leaving too. */
  hosts(): Iterable<Host>
  /** Brings another one in first, then lets this one leave. Never rejected; one at a time. */
  replace(host: Host, reason: string): Promise<void>
  /** Ends it at once. */
  end(host: Host, reason: string): void
  /** Says something in the log. */
  warn(message: string): void
}

/** Seconds between two looks. */
const LOOK = 1
const MiB = 1024 ** 2

interface Record {
  readonly since: number
  readonly maxRequests: number
}

/** Looks at hosts once a second, in place of counting on the way of requests, and has those replaced that are past a limit: one after the other. */
export class Recycling {
  readonly #limits: Required<RecycleOptions>
  readonly #recycler: Recycler
  readonly #records = new WeakMap<Host, Record>()
  #looking = false
  #replacing = false
  #warned = false

  constructor(options: RecycleOptions, recycler: Recycler) {
    this.#limits = { maxRequests: 0, maxRequestsJitter: 0, maxAge: 0, maxRSS: 0, maxRSSHard: 0, ...options }
    this.#recycler = recycler
  }

  /** A host begins to take requests. */
  admit(host: Host): void {
    const { maxRequests, maxRequestsJitter, maxAge, maxRSS, maxRSSHard } = this.#limits
    if (maxRequests + maxAge + maxRSS + maxRSSHard === 0) return
    this.#warn(host)
    const more = Math.floor(Math.random() * (maxRequestsJitter + 1))
    this.#records.set(host, { since: this.#recycler.clock.seconds(), maxRequests: maxRequests + more })
    this.#lookLater()
  }

  #warn(host: Host): void {
    if (!this.#needsMemory() || host.memory !== undefined || this.#warned) return
    this.#warned = true
    this.#recycler.warn(
      `maxRSS (--max-rss) means nothing to ${host.id}: its threads are in the server's own process. Each has a limit of its own, "memory" (--thread-memory)`,
    )
  }

  #lookLater(): void {
    if (this.#looking) return
    this.#looking = true
    this.#recycler.clock.callLater(LOOK, () => this.#look())
  }

  #look(): void {
    this.#looking = false
    let any = false
    for (const host of this.#recycler.hosts()) {
      const record = this.#records.get(host)
      if (record === undefined || host.state === 'gone') continue
      any = true
      this.#judge(host, record)
    }
    // Nobody is left: the next one starts it again.
    if (any) this.#lookLater()
  }

  #judge(host: Host, record: Record): void {
    const { maxRSSHard } = this.#limits
    const memory = this.#needsMemory() ? (host.memory?.() ?? 0) : 0
    if (maxRSSHard > 0 && memory > maxRSSHard) {
      this.#records.delete(host)
      this.#recycler.end(host, `because it has ${inMiB(memory)} of memory, and may have no more than ${inMiB(maxRSSHard)}`)
      return
    }
    const reason = host.state === 'ready' && !this.#replacing ? this.#reason(host, record, memory) : undefined
    if (reason === undefined) return
    this.#replacing = true
    void this.#recycler.replace(host, reason).finally(() => (this.#replacing = false))
  }

  #reason(host: Host, { since, maxRequests }: Record, memory: number): string | undefined {
    const { maxAge, maxRSS } = this.#limits
    const { served } = host.statistics()
    if (this.#limits.maxRequests > 0 && served >= maxRequests) return `has answered ${served} requests`
    if (maxAge > 0 && this.#recycler.clock.seconds() - since >= maxAge) return `has lived ${maxAge} s`
    if (maxRSS > 0 && memory > maxRSS) return `has ${inMiB(memory)} of memory, more than ${inMiB(maxRSS)}`
    return undefined
  }

  #needsMemory(): boolean {
    return this.#limits.maxRSS > 0 || this.#limits.maxRSSHard > 0
  }
}

/** @throws PlaitError `PLAIT_CONFIGURATION` for limits that make no sense */
export function checkRecycling(options: RecycleOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && value >= 0 && value < Infinity) continue
    throw new PlaitError(
      'PLAIT_CONFIGURATION',
      `Cannot make the pool: recycle.${name} must be a number from 0, not ${String(value)}`,
    )
  }
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`
}
