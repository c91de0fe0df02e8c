import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HTTPChannel } from './http-channel.ts'
import type { Request } from './request.ts'
import { earlyHintsText, hasField } from './response-fields.ts'
import type { ResponseWriter } from './response-writer.ts'
import { writeWhole, type WholeResponse } from './whole-response.ts'

/** A response on a connection of HTTP/1, by node:http's `ServerResponse` (RFC 9112). */
export class HTTP1Writer implements ResponseWriter {
  readonly #channel: HTTPChannel
  readonly #response: ServerResponse
  openEnded = false
  /** Whose head was written. */
  #request: Request | undefined

  constructor(channel: HTTPChannel, response: ServerResponse) {
    this.#channel = channel
    this.#response = response
  }

  writeContinue(): void {
    this.#response.writeContinue()
  }

  writeEarlyHints(headers: readonly string[]): void {
    this.#channel.socket.write(earlyHintsText(headers), 'latin1')
  }

  writeWhole(request: Request, whole: WholeResponse): boolean {
    if (request.clientproto === 'HTTP/1.0' || request.method === 'HEAD') return false
    if (whole.status === 204 || whole.status === 304 || !this.#channel.mayPersist(request)) return false
    return writeWhole(this.#response, this.#channel.socket, whole)
  }

  /** A client that does not read its response gets no further. */
  whenTaken(request: Request): void {
    const { socket } = this.#channel
    if (socket.writableLength === 0) this.#taken(request)
    else
      socket.write('', (error) => {
        if (!error) this.#taken(request)
      })
  }

  #taken(request: Request): void {
    this.#response.emit('finish')
    request.responseSent()
  }

  writeHead(request: Request, status: number, reason: string, headers: readonly string[]): void {
    const response: WithWriter = this.#response
    if (!this.#channel.mayPersist(request)) response.shouldKeepAlive = false
    this.#request = request
    response.plaitWriter = this
    response.on('finish', responseFinished)
    response.writeHead(status, reason, headers as string[])
    if (!response.shouldKeepAlive) this.#channel.closeAfterResponse()
  }

  flushHead(headers: readonly string[]): void {
    this.openEnded = !hasField(headers, 'content-length')
    const { socket } = this.#channel
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(uncork, socket)
    }
    // Not flushHeaders, which encodes the fields as UTF-8. A response without a body has its head sent by end.
    this.#response.write(EMPTY)
  }

  write(chunk: Uint8Array, flushed: () => void): void {
    this.#response.write(chunk, flushed)
  }

  end(last?: Uint8Array): void {
    if (last === undefined) this.#response.end()
    else this.#response.end(last)
  }

  /** node:http says so too when the connection is destroyed, of all that had not left. */
  finished(): void {
    if (!this.#channel.socket.destroyed) this.#request?.responseSent()
  }

  breakOff(): void {
    const { socket } = this.#channel
    // Where the end of the connection is the end of the body, only a reset shows the cut.
    if (this.openEnded && this.#request?.clientproto === 'HTTP/1.0') this.#channel.reset()
    else socket.end(() => socket.destroy())
  }

  destroy(): void {
    this.#channel.socket.destroy()
  }
}

const EMPTY = Buffer.alloc(0)

type WithWriter = ServerResponse & { plaitWriter?: HTTP1Writer }

/** One function for all responses. Runs after node:http's own, which has made way for the next response by then. */
function responseFinished(this: ServerResponse): void {
  ;(this as WithWriter).plaitWriter?.finished()
}

function uncork(socket: Duplex): void {
  socket.uncork()
}
