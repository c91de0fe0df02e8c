import type { Duplex } from 'node:stream'
import { PlaitError } from '../errors.ts'
import type { ConnectionLayer, NextLayer } from './connection-layer.ts'
import type { ConnectionInfo, DelayedCall, Reactor } from './reactor.ts'

/** How long, and how many. */
export interface OpeningLimits {
  /** Seconds that a client has for all that comes before its first request. */
  readonly seconds: number
  /** Connections that may be on their way. */
  readonly most: number
}

/** A connection that is on its way to the factory. */
interface Opening {
  readonly info: ConnectionInfo
  readonly until: number
  /** Where it is now. */
  layer: ConnectionLayer
}

/** Seconds between two lines that say that there are too many. */
const QUIET = 60
const DAY = 24 * 60 * 60

/**
 * The connections of a port that are not the factory's yet: their TLS handshake or their PROXY header is still to come. They have an absolute time for
 * it, so that a byte now and then keeps nothing open, and when there are too many the oldest ends: whoever holds many open loses his own first.
 */
export class Openings {
  readonly #reactor: Reactor
  readonly #layers: readonly ConnectionLayer[]
  readonly #limits: OpeningLimits
  /** Oldest first. */
  readonly #open = new Map<Duplex, Opening>()
  #call: DelayedCall | undefined
  #allOver: (() => void) | undefined
  #complainedAt = -Infinity

  /** @throws PlaitError `PLAIT_CONFIGURATION` for limits that let nobody through */
  constructor(reactor: Reactor, layers: readonly ConnectionLayer[], limits: OpeningLimits) {
    const { seconds, most } = limits
    if (!(seconds > 0 && seconds <= DAY))
      throw new PlaitError('PLAIT_CONFIGURATION', `openTimeout is ${seconds}, and must be seconds above 0, and at most ${DAY}`)
    if (!(most >= 1)) throw new PlaitError('PLAIT_CONFIGURATION', `maxOpenings is ${most}, and must be a number from 1`)
    this.#reactor = reactor
    this.#layers = layers
    this.#limits = limits
  }

  /** How many are on their way. */
  get size(): number {
    return this.#open.size
  }

  /** Sends a connection through the layers; `arrived` takes it behind the last. */
  open(socket: Duplex, info: ConnectionInfo, arrived: NextLayer): void {
    const [first] = this.#layers
    if (first === undefined) return arrived(socket, info)
    const opening: Opening = { info, until: this.#reactor.seconds() + this.#limits.seconds, layer: first }
    this.#open.set(socket, opening)
    socket.on('error', ignore)
    socket.once('close', () => this.#over(socket))
    this.#limit()
    this.#call ??= this.#reactor.callLater(this.#limits.seconds, () => this.#look())
    this.#pass({ at: 0, opening, first: socket, arrived }, socket, info)
  }

  /** Fulfilled when none is on its way any more; each has its limit of time. */
  over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve()
      else this.#allOver = resolve
    })
  }

  /** Ends all. */
  stop(): void {
    this.#call?.cancel()
    this.#call = undefined
    for (const socket of this.#open.keys()) socket.destroy()
    this.#open.clear()
    this.#allOver?.()
  }

  #pass(way: Way, socket: Duplex, info: ConnectionInfo): void {
    const layer = this.#layers[way.at]
    if (layer === undefined) {
      this.#over(way.first)
      return way.arrived(socket, info)
    }
    way.opening.layer = layer
    layer.open(socket, info, (nextSocket, nextInfo) => {
      // Ended while it was on its way.
      if (this.#open.get(way.first) === way.opening) this.#pass({ ...way, at: way.at + 1 }, nextSocket, nextInfo)
      else nextSocket.destroy()
    })
  }

  #over(socket: Duplex): void {
    this.#open.delete(socket)
    if (this.#open.size === 0) this.#allOver?.()
  }

  #limit(): void {
    const { most } = this.#limits
    if (this.#open.size <= most) return
    const [oldest] = this.#open.keys()
    if (oldest === undefined) return
    this.#open.delete(oldest)
    oldest.destroy()
    const now = this.#reactor.seconds()
    if (now - this.#complainedAt < QUIET) return
    this.#complainedAt = now
    this.#reactor.logger.warn(`More than ${most} connections have not opened yet: the oldest are closed`)
  }

  #look(): void {
    this.#call = undefined
    const now = this.#reactor.seconds()
    for (const [socket, { info, until, layer }] of this.#open) {
      if (until > now) {
        this.#call = this.#reactor.callLater(until - now, () => this.#look())
        return
      }
      this.#open.delete(socket)
      layer.late(info, this.#limits.seconds)
      socket.destroy()
    }
  }
}

/** The way of one connection: the layer that is next. */
interface Way {
  readonly at: number
  readonly opening: Opening
  /** The socket that was accepted. */
  readonly first: Duplex
  readonly arrived: NextLayer
}

function ignore(): void {
  // 'close' follows.
}
