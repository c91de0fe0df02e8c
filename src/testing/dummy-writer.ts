import type { Request } from '../http/request.ts'
import type { ResponseWriter } from '../http/response-writer.ts'

/** Keeps a response. The client takes everything at once, in the next turn. */
export class DummyWriter implements ResponseWriter {
  openEnded = false
  /** 100 Continue was sent. */
  continued = false
  /** Fields of each 103, flat. */
  readonly earlyHints: (readonly string[])[] = []
  reason = ''
  /** Flat. */
  headers: readonly string[] = []
  /** The pieces of the body, in order. */
  readonly written: Buffer[] = []
  #request: Request | undefined

  writeContinue(): void {
    this.continued = true
  }

  writeEarlyHints(headers: readonly string[]): void {
    this.earlyHints.push(headers)
  }

  writeWhole(): boolean {
    return false
  }

  whenTaken(): void {
    // nothing was written whole
  }

  writeHead(request: Request, _status: number, reason: string, headers: readonly string[]): void {
    this.#request = request
    this.reason = reason
    this.headers = headers
  }

  flushHead(): void {
    this.openEnded = true
  }

  write(chunk: Uint8Array, flushed: () => void): void {
    if (this.#request?.bodyless !== true) this.written.push(Buffer.from(chunk))
    queueMicrotask(flushed)
  }

  end(last?: Uint8Array): void {
    const request = this.#request as Request
    if (last !== undefined && !request.bodyless) this.written.push(Buffer.from(last))
    queueMicrotask(() => request.responseSent())
  }

  breakOff(): void {
    const request = this.#request
    queueMicrotask(() => request?.connectionLost())
  }

  destroy(): void {
    // There is no connection.
  }
}
