/** The client's end of a connection to a `MemoryReactor`'s port. */
import type { MemorySocket } from './memory-socket.ts'
import { parseResponse } from './response-parser.ts'
import type { MemoryResponse } from './response-parser.ts'

/** A client that sends bytes and reads responses. */
export class MemoryConnection {
  readonly #socket: MemorySocket
  #received: Buffer = Buffer.alloc(0)
  #closed = false
  #reset = false
  /** Methods of the requests sent whose responses have not been read. */
  readonly #methods: string[] = []
  readonly #waiting = new Set<() => void>()

  constructor(socket: MemorySocket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#end())
    socket.on('error', () => {
      this.#reset = true
    })
  }

  /** What has come and was not read by {@link response}. */
  get received(): Buffer {
    return this.#received
  }

  /** True when the server has ended or cut the connection. */
  get closed(): boolean {
    return this.#closed
  }

  /** True when the server has cut the connection by a reset. */
  get wasReset(): boolean {
    return this.#reset
  }

  /** Sends bytes as they are. */
  write(data: string | Uint8Array): void {
    this.#socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /**
   * Sends a request and gives its response.
   * @param request its bytes, or in short: `GET /path` becomes an HTTP/1.1 request with a Host
   */
  request(request: string): Promise<MemoryResponse> {
    const raw = request.includes('\r\n') ? request : `${request} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    this.#methods.push(raw.slice(0, raw.indexOf(' ')))
    this.write(raw)
    return this.response()
  }

  /**
   * The next response; its `complete` is false when the connection ended within it.
   * @param method of its request, when that was sent by {@link write}. @default 'GET'
   * @throws Error when the connection ended without a response
   */
  async response(method?: string): Promise<MemoryResponse> {
    const of = method ?? this.#methods.shift() ?? 'GET'
    const isHere = (): boolean => this.#closed || parseResponse(this.#received, of, false) !== undefined
    await this.until(isHere)
    const parsed = parseResponse(this.#received, of, this.#closed)
    if (parsed === undefined)
      throw new Error(`No response: the connection ended after ${JSON.stringify(this.#received.toString('latin1'))}`)
    this.#received = this.#received.subarray(parsed.size)
    return parsed.response
  }

  /** Waits until `condition` holds; it is asked whenever something has come. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Waits until the server has ended the connection. */
  async ended(): Promise<void> {
    await this.until(() => this.#closed)
  }

  /** Reads nothing until {@link resume}: the server's writes stall. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Half-closes: nothing more will be sent, responses are still read. */
  end(): void {
    this.#socket.end()
  }

  /** Closes both directions. */
  close(): void {
    this.#socket.destroy()
  }

  /** Cuts the connection: the server sees ECONNRESET. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  #end(): void {
    this.#closed = true
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
