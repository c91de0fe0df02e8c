import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What {@link Request.takeOver} gives. */
export interface TakenOver {
  /** The connection, past HTTP. Nobody else reads it, writes to it or closes it any more, but when the server stops. */
  readonly socket: Duplex
  /** What the client has sent behind the head of its request. */
  readonly head: Buffer
  /** node:http's own request. */
  readonly incoming: IncomingMessage
}

/** Bytes that are read before it is known whose they are; a client has no reason to send any before the answer. */
const MOST_EARLY = 64 * 1024

/**
 * A connection that node:http has let go of behind the opening of a WebSocket. Until a resource takes it over or answers, somebody has to
 * read it: else nobody would see the client leave.
 */
export class Opening {
  readonly response: ServerResponse
  readonly #socket: Duplex
  readonly #incoming: IncomingMessage
  #early: Buffer[]
  #size: number
  readonly #read = (chunk: Buffer): void => {
    this.#early.push(chunk)
    this.#size += chunk.length
    if (this.#size > MOST_EARLY) this.#socket.pause()
  }

  constructor(socket: Duplex, incoming: IncomingMessage, head: Buffer) {
    this.#socket = socket
    this.#incoming = incoming
    this.#early = [head]
    this.#size = head.length
    this.response = new ServerResponse(incoming)
    this.response.shouldKeepAlive = false
    this.response.on('finish', () => this.#answered())
    socket.on('data', this.#read)
  }

  /** The responses to earlier requests are out: a response to this one may be written. */
  begin(): void {
    this.response.assignSocket(this.#socket as Socket)
  }

  /** Lets go of the connection. */
  take(): TakenOver {
    const socket = this.#socket
    this.response.detachSocket(socket as Socket)
    socket.removeListener('data', this.#read)
    socket.pause()
    // As after node:http's own 'upgrade': the first listener for 'data' starts the flow.
    ;(socket as { readableFlowing: boolean | null }).readableFlowing = null
    return { socket, head: Buffer.concat(this.#early), incoming: this.#incoming }
  }

  /** It was answered as any request: its connection closes, because what the client sends now is no HTTP. */
  #answered(): void {
    const socket = this.#socket as Socket
    this.#early = []
    this.response.detachSocket(socket)
    // As node:http does; sockets in memory have no destroySoon.
    if (typeof socket.destroySoon === 'function') socket.destroySoon()
    else socket.end()
  }
}
