import type { Duplex } from 'node:stream'
import type { Address, DelayedCall, Reactor } from '../reactor/reactor.ts'
import type { UnsentLimit } from './unsent-limit.ts'

/** Seconds; each counts anew whenever there is progress. */
export interface ConnectionTimeouts {
  readonly head: number
  readonly body: number
  readonly write: number
  readonly idle: number
}

/** A connection, whichever protocol it speaks. */
export interface Connection {
  /** Called about once a second: ends what is late. */
  look(now: number, timeouts: ConnectionTimeouts): void
  /**
   * The server stops: no new requests, those that run may finish.
   * @param patient what is idle may bring one more request: the clock closes it
   */
  serverStops(patient?: boolean): void
  readonly socket: Duplex
  readonly peer: Address
  /** Seconds of the reactor's clock since when nothing runs on it: no request is being answered, or comes with a body. Undefined: something does. */
  readonly idleSince: number | undefined
  /** Seconds of that clock since when the client has taken nothing, as the last look saw it; while there is nothing to take, any time. */
  readonly since: number
  /** Bytes of responses that the client has not taken. */
  readonly unsent: number
}

/** Seconds between two looks. */
const INTERVAL = 1
/** Seconds that a client has to take its last answer. */
export const LINGER = 5

/** The clock of all connections of a factory: one look a second in place of timers for each request. */
export class ConnectionSweep {
  readonly #connections: ReadonlySet<Connection>
  readonly #usual: ConnectionTimeouts
  readonly #unsent: UnsentLimit
  #timeouts: ConnectionTimeouts
  #reactor: Reactor | undefined
  #call: DelayedCall | undefined

  constructor(connections: ReadonlySet<Connection>, timeouts: ConnectionTimeouts, unsent: UnsentLimit) {
    this.#connections = connections
    this.#unsent = unsent
    this.#usual = timeouts
    this.#timeouts = timeouts
  }

  start(reactor: Reactor): void {
    if (this.#call !== undefined) return
    this.#reactor = reactor
    this.#timeouts = this.#usual
    this.#call = reactor.callLater(INTERVAL, () => this.#look())
  }

  /** The server stops: from now on what is idle, or becomes so, has only so many seconds. */
  hurry(seconds: number): void {
    const { head, idle } = this.#usual
    this.#timeouts = { ...this.#usual, head: Math.min(head, seconds), idle: Math.min(idle, seconds) }
  }

  stop(): void {
    this.#call?.cancel()
    this.#call = undefined
  }

  #look(): void {
    const reactor = this.#reactor as Reactor
    const now = reactor.seconds()
    for (const connection of this.#connections) connection.look(now, this.#timeouts)
    this.#unsent.check(this.#connections, now)
    this.#call = reactor.callLater(INTERVAL, () => this.#look())
  }
}
