import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parseResponse } from '#src/testing/response-parser.ts'
import type { MemoryResponse } from '#src/testing.ts'

/** Seconds after which a server that says nothing is given up. */
const patience = 20

/** A request as text. */
export interface Ask {
  method?: string
  version?: '1.0' | '1.1'
  /** Lines without their ends. */
  headers?: readonly string[]
  /** With a Content-Length of its own. */
  body?: string | Uint8Array
}

/** One connection, byte by byte. */
export class Conversation {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setTimeout(patience * 1000, () => socket.destroy(new Error('The server was silent for too long')))
    socket.on('data', (chunk) => (this.#received = Buffer.concat([this.#received, chunk])))
    socket.on('end', () => (this.#closed = true))
    socket.on('close', () => (this.#closed = true))
    socket.on('error', () => undefined)
  }

  static async open(port: number): Promise<Conversation> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new Conversation(socket)
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** Sends a request. */
  ask(target: string, { method = 'GET', version = '1.1', headers = [], body }: Ask = {}): this {
    const lines = [`${method} ${target} HTTP/${version}`, 'Host: shop.example:81', ...headers]
    if (body !== undefined) lines.push(`Content-Length: ${body.length}`)
    this.send(`${lines.join('\r\n')}\r\n\r\n`)
    return body === undefined ? this : this.send(body)
  }

  /** Bytes that no response has claimed yet. */
  get pending(): Buffer {
    return this.#received
  }

  /** The next response: whole, or as far as it came. Rejected when the connection ended without a byte of it. */
  async response(method = 'GET'): Promise<MemoryResponse> {
    for (;;) {
      const found = parseResponse(this.#received, method, this.#closed)
      if (found !== undefined) {
        this.#received = this.#received.subarray(found.size)
        return found.response
      }
      if (this.#closed)
        throw new Error(`The connection ended without a response: ${JSON.stringify(this.#received.toString('latin1'))}`)
      await this.#more()
    }
  }

  /** Waits until so much of what the server sent matches; gives the text. */
  async receives(expected: RegExp): Promise<string> {
    while (!expected.test(this.#received.toString('latin1'))) {
      if (this.#closed) throw new Error(`The connection ended before ${expected}: ${this.#received.toString('latin1')}`)
      await this.#more()
    }
    return this.#received.toString('latin1')
  }

  /** Waits for the end of the connection; gives what came and belongs to no response. */
  async closed(): Promise<Buffer> {
    while (!this.#closed) await this.#more()
    return this.#received
  }

  /** Goes away. To the server it is half closed, until it writes. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Goes away in a way that the server sees at once. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #more(): Promise<void> {
    const { socket } = this
    return new Promise((resolve) => {
      const go = (): void => {
        for (const event of ['data', 'end', 'close']) socket.off(event, go)
        resolve()
      }
      for (const event of ['data', 'end', 'close']) socket.on(event, go)
    })
  }
}
