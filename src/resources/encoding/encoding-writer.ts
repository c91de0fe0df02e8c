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
  /** A whole body, encoded, that has to take the long way. */
  #prepared: Buffer | undefined
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
    // To HEAD only the fields are sent.
    if (request.method === 'HEAD') return false
    const { factory, headers } = chooseEncoding(request, status, whole.headers, this.#settings, body.length)
    if (factory === undefined) {
      this.#wholeSize = body.length
      return this.#writer.writeWhole(request, headers === whole.headers ? whole : { ...whole, headers })
    }
    const encoded = asBuffer(factory.encode(body))
    this.#wholeSize = encoded.length
    if (this.#writer.writeWhole(request, { ...whole, headers, body: encoded })) return true
    this.#prepared = encoded
    return false
  }

  whenTaken(request: Request): void {
    request.bytesSent = this.#wholeSize
    this.#writer.whenTaken(request)
  }

  writeHead(request: Request, status: number, reason: string, headers: readonly string[]): void {
    this.#request = request
    const { factory, headers: fields } = chooseEncoding(request, status, headers, this.#settings)
    const prepared = factory === undefined ? undefined : this.#prepared
    // An attempt that fails here is none of the next one's.
    this.#prepared = undefined
    this.#headers = prepared === undefined ? fields : [...fields, 'Content-Length', String(prepared.length)]
    this.#writer.writeHead(request, status, reason, this.#headers)
    if (factory === undefined || request.method === 'HEAD') return
    this.#factory = factory
    this.#prepared = prepared
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
    if (this.#prepared !== undefined) return this.#endWith(this.#prepared)
    if (this.#body === undefined && (last === undefined || last.length <= SHORT)) {
      return this.#endWith(factory.encode(last ?? EMPTY))
    }
    if (this.#body === undefined) this.#writer.flushHead(this.#headers)
    ;(this.#body ??= this.#open(factory)).end(last)
  }

  #endWith(encoded: Uint8Array): void {
    this.#count(encoded.length)
    this.#writer.end(encoded)
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
