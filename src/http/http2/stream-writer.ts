import type { ServerHttp2Stream } from 'node:http2'
import type { Request } from '../request.ts'
import { hasField } from '../response-fields.ts'
import type { ResponseWriter } from '../response-writer.ts'
import { fieldObject } from './field-object.ts'

/** A response on a stream (RFC 9113 section 8.1). */
export class StreamWriter implements ResponseWriter {
  openEnded = false
  /** `end` was called: nothing comes behind what was written. */
  ended = false
  /** The head alone is the response. */
  bodyless = false
  /** Bytes of the body that the system has taken. */
  taken = 0
  /** Bytes of the body that it has not. */
  pending = 0
  readonly #stream: ServerHttp2Stream
  /** The server itself broke the response off. */
  broken = false
  readonly #onEnd: () => void

  /** @param onEnd called when the response was ended */
  constructor(stream: ServerHttp2Stream, onEnd: () => void) {
    this.#stream = stream
    this.#onEnd = onEnd
  }

  writeContinue(): void {
    if (!this.#stream.closed) this.#stream.additionalHeaders({ ':status': 100 })
  }

  writeEarlyHints(headers: readonly string[]): void {
    const fields = fieldObject(headers)
    if (!this.#stream.closed) this.#stream.additionalHeaders({ ...fields, ':status': 103 })
  }

  /** Here the long way is as short. */
  writeWhole(): boolean {
    return false
  }

  whenTaken(): void {
    // nothing was written whole
  }

  writeHead(request: Request, status: number, _reason: string, headers: readonly string[]): void {
    const fields = fieldObject(headers)
    fields[':status'] = status
    this.bodyless =
      request.method === 'HEAD' || status === 204 || status === 205 || status === 304 || fields['content-length'] === '0'
    // Its client has gone, and the request will be told.
    if (!this.#stream.closed) this.#stream.respond(fields, { endStream: this.bodyless })
  }

  flushHead(headers: readonly string[]): void {
    this.openEnded = !hasField(headers, 'content-length')
  }

  write(chunk: Uint8Array, flushed: () => void): void {
    // What must not be sent counts as taken.
    if (this.bodyless) return queueMicrotask(flushed)
    const { length } = chunk
    this.pending += length
    this.#stream.write(chunk, (error) => {
      this.pending -= length
      if (error) return
      this.taken += length
      flushed()
      if (this.broken && this.pending === 0) this.#reset()
    })
  }

  end(last?: Uint8Array): void {
    this.ended = true
    this.#onEnd()
    if (this.bodyless) return
    if (last === undefined) return void this.#stream.end()
    const { length } = last
    this.pending += length
    this.#stream.end(last, () => {
      this.pending -= length
      this.taken += length
    })
  }

  breakOff(): void {
    this.broken = true
    if (this.pending === 0) this.#reset()
  }

  destroy(): void {
    // Not inside of what node:http2 does while it closes the stream. Without it, a stream whose body nobody reads never ends.
    if (this.#stream.closed) setImmediate(() => this.#stream.destroy())
    else this.#reset()
  }

  /** INTERNAL_ERROR. Not by `close`, which ends the response first: a client would take it for whole. */
  #reset(): void {
    this.#stream.destroy(new Error('The response was broken off'))
  }
}
