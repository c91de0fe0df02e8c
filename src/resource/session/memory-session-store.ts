/** Sessions in the memory of this process. */
import { PlaitError } from '../../errors.ts'
import type { DelayedCall, Reactor } from '../../reactor/reactor.ts'
import { describeError } from '../failure.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** Options of {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /**
   * Sessions at a time. Beyond that, those whose client has never come back end first, then those not used for longest: who makes sessions by the thousand
   * ends his own.
   * @default 100000
   */
  maxSessions?: number
}

interface Entry {
  readonly record: SessionRecord
  expires: number
}

/** Seconds between two looks for what has ended. */
const SWEEP_PAUSE = 1

/**
 * Keeps sessions as objects, until the process ends. The store of every `Site` that is given none.
 *
 * One store may serve several sites.
 */
export class MemorySessionStore implements SessionStore {
  readonly keepsObjects = true
  readonly #reactor: Reactor
  readonly #most: number
  /** Those whose client has not come back, the oldest first. */
  readonly #fresh = new Map<string, Entry>()
  /** All others, those not used for longest first. */
  readonly #known = new Map<string, Entry>()
  #sweep: DelayedCall | undefined

  /**
   * @param reactor whose clock is taken
   * @throws PlaitError `PLAIT_CONFIGURATION`
   */
  constructor(reactor: Reactor, options: MemorySessionStoreOptions = {}) {
    this.#reactor = reactor
    this.#most = options.maxSessions ?? 100_000
    if (!Number.isInteger(this.#most) || this.#most < 1) {
      throw new PlaitError(
        'PLAIT_CONFIGURATION',
        `Cannot keep ${this.#most} sessions: maxSessions must be a whole number above 0`,
      )
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#fresh.size + this.#known.size
  }

  create(uid: string, record: SessionRecord, timeout: number): void {
    if (this.size >= this.#most) this.#endOne()
    this.#fresh.set(uid, { record, expires: this.#reactor.seconds() + timeout })
    this.#sweepIn(timeout)
  }

  get(uid: string, timeout: number): SessionRecord | undefined {
    const entry = this.#find(uid)
    if (entry === undefined) return undefined
    this.#fresh.delete(uid)
    // Behind all others.
    this.#known.delete(uid)
    this.#known.set(uid, entry)
    entry.expires = this.#reactor.seconds() + timeout
    return entry.record
  }

  set(uid: string): boolean {
    return this.#find(uid) !== undefined
  }

  touch(uid: string, timeout: number): boolean {
    return this.get(uid, timeout) !== undefined
  }

  destroy(uid: string): void {
    this.#fresh.delete(uid)
    this.#known.delete(uid)
  }

  #find(uid: string): Entry | undefined {
    const entry = this.#known.get(uid) ?? this.#fresh.get(uid)
    // It has ended, and only nobody has looked yet.
    return entry === undefined || entry.expires <= this.#reactor.seconds() ? undefined : entry
  }

  #endOne(): void {
    const from = this.#fresh.size > 0 ? this.#fresh : this.#known
    const [uid, { record }] = from.entries().next().value as [string, Entry]
    from.delete(uid)
    this.#tell(record)
  }

  /** One timer for all: it is due when the next session may end. */
  #sweepIn(seconds: number): void {
    const pause = Math.max(seconds, SWEEP_PAUSE)
    if (this.#sweep?.active() !== true) this.#sweep = this.#reactor.callLater(pause, () => this.#endExpired())
    else if (this.#sweep.getTime() > this.#reactor.seconds() + pause) this.#sweep.reset(pause)
  }

  #endExpired(): void {
    const now = this.#reactor.seconds()
    let next = Infinity
    for (const entries of [this.#fresh, this.#known]) {
      for (const [uid, { record, expires }] of entries) {
        if (expires > now) {
          next = Math.min(next, expires)
        } else {
          entries.delete(uid)
          this.#tell(record)
        }
      }
    }
    this.#sweep = undefined
    if (next < Infinity) this.#sweepIn(next - now)
  }

  #tell(record: SessionRecord): void {
    record.ended((error) => {
      this.#reactor.logger.error('What was to be done at the end of a session failed', { error: describeError(error) })
    })
  }
}
