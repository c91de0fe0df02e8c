import type { Request } from '../../http/request.ts'
import type { ResponseWriter } from '../../http/response-writer.ts'
import type { WholeResponse } from '../../http/whole-response.ts'
import { EncodedBody } from './encoded-body.ts'
import type { EncoderFactory } from './encoder-factory.ts'
import { chooseEncoding } from './encoding-choice.ts'
import type { EncodingSettings } from './encoding-choice.ts'
import { responseFacts } from './response-facts.ts'

/** A body up to this size is encoded at once: it takes less than a millisecond, less than a stream takes to be made. */
const SHORT = 32 * 1024

/** Encodes a response on its way to the writer of its protocol, where the client and the response suit. */
export class EncodingWriter implements ResponseWriter {
  readonly #writer: ResponseWriter
  readonly #settings: EncodingSettings
  #request: Request | undefined
  #headers: readonly string[] = []
  /** Set where the body is encoded. */
  #factory: EncoderFactory | undefined
  #body: EncodedBody | undefined
  /** Content-Length before it was encoded. */
  #declared: number | undefined
  /** The body came in one piece, and was encoded. */
  #whole = false
  #wholeSize = 0

  constructor(writer: ResponseWriter, settings: EncodingSettings) {
    this.#writer = writer
    this.#settings = settings
  }

  get openEnded(): boolean {
    return this.#writer.openEnded
  }

  writeContinue(): void {
    this.#writer.writeContinue()
  }

  writeEarlyHints(headers: readonly string[]): void {
    this.#writer.writeEarlyHints(headers)
  }

  writeWhole(request: Request, whole: WholeResponse): boolean {
    const { status, body } = whole
    // The long way, where the fields alone are changed.
    if (request.method === 'HEAD') return false
    const { factory, headers } = chooseEncoding(request, status, whole.headers, this.#settings, body.length)
    if (factory === undefined) {
      this.#wholeSize = body.length
      return this.#writer.writeWhole(request, headers === whole.headers ? whole : { ...whole, headers })
    }
    const encoded = asBuffer(factory.encode(body))
    this.#wholeSize = encoded.length
    return this.#writer.writeWhole(request, { ...whole, headers, body: encoded })
  }

  whenTaken(request: Request): void {
    request.bytesSent = this.#wholeSize
    this.#writer.whenTaken(request)
  }

  writeHead(request: Request, status: number, reason: string, headers: readonly string[]): void {
    this.#request = request
    const { factory, headers: fields } = chooseEncoding(request, status, headers, this.#settings)
    this.#headers = fields
    this.#writer.writeHead(request, status, reason, fields)
    if (factory === undefined || request.method === 'HEAD') return
    this.#factory = factory
    this.#declared = responseFacts(headers).length
  }

  flushHead(_headers: readonly string[]): void {
    this.#writer.flushHead(this.#headers)
  }

  write(chunk: Uint8Array, flushed: () => void): void {
    const factory = this.#factory
    if (factory === undefined) return this.#writer.write(chunk, flushed)
    this.#count(-chunk.length)
    if (this.#whole) flushed()
    else if (this.#body === undefined && chunk.length === this.#declared && chunk.length <= SHORT) {
      this.#whole = true
      this.#send(factory.encode(chunk), flushed)
    } else (this.#body ??= this.#open(factory)).write(chunk, flushed)
  }

  end(last?: Uint8Array): void {
    const factory = this.#factory
    if (factory === undefined) return last === undefined ? this.#writer.end() : this.#writer.end(last)
    if (last !== undefined) this.#count(-last.length)
    if (this.#whole) return this.#writer.end()
    if (this.#body === undefined && (last === undefined || last.length <= SHORT)) {
      const encoded = factory.encode(last ?? EMPTY)
      this.#count(encoded.length)
      return this.#writer.end(encoded)
    }
    if (this.#body === undefined) this.#writer.flushHead(this.#headers)
    ;(this.#body ??= this.#open(factory)).end(last)
  }

  breakOff(): void {
    this.#body?.destroy()
    this.#writer.breakOff()
  }

  destroy(): void {
    this.#body?.destroy()
    this.#writer.destroy()
  }

  #open(factory: EncoderFactory): EncodedBody {
    return new EncodedBody(factory, {
      write: (bytes, flushed) => this.#send(bytes, flushed),
      end: () => this.#writer.end(),
      failed: (error) => this.#request?.breakOff(`the encoder failed: ${error.message}`),
    })
  }

  #send(bytes: Uint8Array, flushed: () => void): void {
    this.#count(bytes.length)
    this.#writer.write(bytes, flushed)
  }

  /** The request counts the bytes that it writes; in the log are those that left. */
  #count(bytes: number): void {
    if (this.#request !== undefined) this.#request.bytesSent += bytes
  }
}

const EMPTY = new Uint8Array(0)

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
