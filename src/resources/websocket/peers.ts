import type { WebSocket } from 'ws'
import type { DelayedCall, Reactor } from '../../reactor/reactor.ts'

/** The open connections of a resource, and the clock that pings them. */
export class Peers {
  readonly #interval: number
  /** The peers, and whether each was heard since the last ping. */
  readonly #heard = new Map<WebSocket, boolean>()
  #call: DelayedCall | undefined

  /** @param interval seconds between two pings, 0 = none */
  constructor(interval: number) {
    this.#interval = interval
  }

  get size(): number {
    return this.#heard.size
  }

  [Symbol.iterator](): Iterator<WebSocket> {
    return this.#heard.keys()
  }

  add(socket: WebSocket, reactor: Reactor): void {
    const heard = (): void => void (this.#heard.has(socket) && this.#heard.set(socket, true))
    this.#heard.set(socket, true)
    socket.on('pong', heard)
    socket.on('ping', heard)
    socket.on('message', heard)
    socket.on('close', () => this.#remove(socket))
    if (this.#interval > 0) this.#call ??= reactor.callLater(this.#interval, () => this.#look(reactor))
  }

  #remove(socket: WebSocket): void {
    this.#heard.delete(socket)
    if (this.#heard.size > 0) return
    this.#call?.cancel()
    this.#call = undefined
  }

  /** Who has not answered the last ping is gone, though no FIN came: a laptop that sleeps, a NAT that forgot. */
  #look(reactor: Reactor): void {
    this.#call = reactor.callLater(this.#interval, () => this.#look(reactor))
    for (const [socket, heard] of this.#heard) {
      if (!heard) {
        socket.terminate()
        continue
      }
      this.#heard.set(socket, false)
      if (socket.readyState === socket.OPEN) socket.ping()
    }
  }
}
