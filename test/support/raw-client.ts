import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from './until.ts'

/** A connection on which the test writes what it wants, when it wants. */
export class RawClient {
  readonly socket: Socket
  #received = ''
  #ended = false

  /** @param paused nothing is read before `socket.resume()` or `socket.read()` */
  private constructor(socket: Socket, paused: boolean) {
    this.socket = socket
    socket.on('error', () => (this.#ended = true))
    socket.on('close', () => (this.#ended = true))
    if (paused) return
    socket.setEncoding('latin1').on('data', (text: string) => (this.#received += text))
    socket.on('end', () => (this.#ended = true))
  }

  static async connect(url: string, { paused = false }: { paused?: boolean } = {}): Promise<RawClient> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    await once(socket, 'connect')
    return new RawClient(socket, paused)
  }

  /** Sends a request without a body. */
  get(path: string, method = 'GET'): void {
    this.socket.write(`${method} ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`)
  }

  /** Everything received so far. */
  get received(): string {
    return this.#received
  }

  /** True when the server has closed the connection. */
  get ended(): boolean {
    return this.#ended
  }

  /** Waits for text that matches. */
  async receives(pattern: RegExp, seconds?: number): Promise<void> {
    await until(`${String(pattern)} from the server`, () => pattern.test(this.#received), seconds)
  }

  /** Closes at once; the server sees a reset when it had more to send. */
  destroy(): void {
    this.socket.destroy()
  }
}
