import type { Logger } from '../log/logger.ts'
import type { Address } from '../reactor/reactor.ts'
import { addressKey } from './address-key.ts'
import type { Connection } from './connection-sweep.ts'

/** How many connections there may be. */
export interface ConnectionNumbers {
  /** 0: any number. */
  readonly all: number
  /** From one address; 0: any number. */
  readonly perAddress: number
}

/** What the limits need of a factory. */
export interface LimitedFactory {
  readonly logger: Logger
  /** Of the reactor's clock. */
  seconds(): number
  readonly connections: ReadonlySet<Connection>
  /** It is known by `trustProxy`: it brings the requests of many. */
  isProxy(peer: Address): boolean
  /** Ends an idle connection. */
  drop(connection: Connection): void
}

/** At most one line in so many seconds says what was closed. */
const QUIET = 10
/** Of so many idle connections one is looked for anew: see {@link ConnectionLimits}. */
const SHARE = 10

/**
 * Keeps the number of connections in bounds: for a new one the longest idle one goes. Where nobody is idle, the new one is not taken.
 *
 * Nothing is kept in order while there is room: that would cost each request something. When there is none, all are looked at once, and those that are idle longest are
 * remembered, a tenth of them, for the next ones that come. So one that comes costs a few microseconds, however many there are.
 */
export class ConnectionLimits {
  readonly #numbers: ConnectionNumbers
  readonly #factory: LimitedFactory
  /** Kept only where there is a limit. */
  readonly #byAddress = new Map<string, Set<Connection>>()
  /** Idle ones, the longest last, with when they began to be. */
  #candidates: { connection: Connection; since: number }[] = []
  #dropped = 0
  #refused = 0
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(numbers: ConnectionNumbers, factory: LimitedFactory) {
    this.#numbers = numbers
    this.#factory = factory
  }

  /** Makes room for a connection of `peer`. Gives false when there is none: it must be closed. */
  admits(peer: Address): boolean {
    const { all } = this.#numbers
    const roomForAddress = this.#roomFor(peer)
    const room = roomForAddress && (all === 0 || this.#factory.connections.size < all || this.#dropOldest())
    if (!room) this.#refused++
    if (this.#dropped > 0 || this.#refused > 0) this.#say()
    return room
  }

  /** A connection is there. */
  opened(connection: Connection): void {
    const key = this.#keyOf(connection.peer)
    if (key === undefined) return
    const others = this.#byAddress.get(key)
    if (others === undefined) this.#byAddress.set(key, new Set([connection]))
    else others.add(connection)
  }

  /** It has gone. */
  closed(connection: Connection): void {
    const key = this.#keyOf(connection.peer)
    if (key === undefined) return
    const others = this.#byAddress.get(key)
    others?.delete(connection)
    if (others?.size === 0) this.#byAddress.delete(key)
  }

  /** Undefined for who has no limit of its own. */
  #keyOf(peer: Address): string | undefined {
    if (this.#numbers.perAddress === 0 || peer.type !== 'TCP' || this.#factory.isProxy(peer)) return undefined
    return addressKey(peer.host)
  }

  #roomFor(peer: Address): boolean {
    const key = this.#keyOf(peer)
    const others = key === undefined ? undefined : this.#byAddress.get(key)
    if (others === undefined || others.size < this.#numbers.perAddress) return true
    const [oldest] = idleOnes(others)
    if (oldest === undefined) return false
    this.#drop(oldest.connection)
    return true
  }

  #dropOldest(): boolean {
    for (;;) {
      const candidate = this.#candidates.pop()
      if (candidate === undefined) break
      if (this.#drops(candidate)) return true
    }
    const idle = idleOnes(this.#factory.connections)
    this.#candidates = idle.slice(0, Math.ceil(idle.length / SHARE)).toReversed()
    const [oldest] = idle
    if (oldest === undefined) return false
    this.#candidates.pop()
    this.#drop(oldest.connection)
    return true
  }

  /** Drops it if it has been idle all the time. */
  #drops({ connection, since }: { connection: Connection; since: number }): boolean {
    if (connection.idleSince !== since || !this.#factory.connections.has(connection)) return false
    this.#drop(connection)
    return true
  }

  #drop(connection: Connection): void {
    this.#dropped++
    this.#factory.drop(connection)
  }

  #say(): void {
    const now = this.#factory.seconds()
    if (now - this.#saidAt < QUIET) return
    this.#saidAt = now
    const { all, perAddress } = this.#numbers
    const limits = `maxConnections ${all || 'none'}, maxConnectionsPerAddress ${perAddress || 'none'}`
    this.#factory.logger.warn(
      `Too many connections (${limits}): closed ${this.#dropped} that were idle, did not take ${this.#refused}`,
    )
    this.#dropped = this.#refused = 0
  }
}

/** The idle ones, the longest first. */
function idleOnes(connections: Iterable<Connection>): { connection: Connection; since: number }[] {
  const idle: { connection: Connection; since: number }[] = []
  for (const connection of connections) {
    const since = connection.idleSince
    if (since !== undefined) idle.push({ connection, since })
  }
  return idle.toSorted((one, other) => one.since - other.since)
}
