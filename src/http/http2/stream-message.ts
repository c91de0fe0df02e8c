import type { ServerHttp2Stream } from 'node:http2'
import type { Incoming } from '../incoming.ts'
import { joinSmallPieces } from '../joined-pieces.ts'
import type { StreamHead } from './stream-head.ts'

/** A request that came on a stream. */
export class StreamMessage implements Incoming {
  readonly httpVersion = '2'
  readonly httpVersionMinor = 0
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  complete: boolean
  /** Bytes of the body that somebody took. */
  received = 0
  readonly #stream: ServerHttp2Stream
  readonly #onError: ((error: Error) => void)[] = []
  #cut = false
  #wanted = false

  /** @param whole nothing comes behind the head */
  constructor(stream: ServerHttp2Stream, head: StreamHead, whole: boolean) {
    this.#stream = stream
    this.method = head.method
    this.url = head.target
    this.rawHeaders = head.fields
    this.complete = whole
    // A stream that nobody has read is closed by node:http2 as soon as its response seems to be out, which may be too early for the last frame.
    if (whole) stream.resume()
    else {
      joinSmallPieces(stream)
      stream.pause()
    }
    // Also emitted when the stream was reset with NO_ERROR.
    stream.on('end', () => (this.complete ||= !stream.aborted && stream.rstCode === 0 && !this.#cut))
  }

  get readableLength(): number {
    return this.#stream.readableLength
  }

  on(event: 'data', listener: (chunk: Buffer) => void): void
  on(event: 'readable' | 'end', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: string, listener: (argument: never) => void): void {
    const call = listener as (argument?: unknown) => void
    this.#wanted = true
    if (event === 'error') this.#onError.push(call)
    else if (event !== 'data') this.#stream.on(event, () => call())
    else {
      this.#stream.on('data', (chunk: Buffer) => {
        this.received += chunk.length
        call(chunk)
      })
      this.#stream.resume()
    }
  }

  read(size?: number): Buffer | null {
    const chunk = this.#stream.read(size) as Buffer | null
    if (chunk !== null) this.received += chunk.length
    return chunk
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** The response is whole. A body that nobody wants is dropped as it comes: many clients lose the response when their stream is closed at once. */
  drain(): void {
    if (!this.#wanted) this.#stream.resume()
  }

  /** The rest will not come. */
  cut(): void {
    this.#cut = true
  }

  /** The stream has closed. */
  closed(): void {
    if (this.complete) return
    const error = new Error('The stream was closed before the body had come')
    for (const listener of this.#onError) listener(error)
  }
}
