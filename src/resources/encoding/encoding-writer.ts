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

  /** A length that was known before the body was encoded says that the end is near: such a response is sent to a client that has half-closed. */
  get openEnded(): boolean {
    return this.#declared === undefined && this.#writer.openEnded
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
    const encoded = this.#encode(request, factory, body)
    // The long way then tries once more, and cuts the response if it must.
    if (encoded === undefined) return false
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
    this.#declared = responseFacts(headers).length
    if (factory === undefined || request.method === 'HEAD') return
    this.#factory = factory
    this.#prepared = prepared
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
      const encoded = this.#encode(this.#request as Request, factory, chunk)
      if (encoded === undefined) this.#request?.breakOff('the encoder failed')
      else this.#send(encoded, flushed)
    } else this.#open(factory)?.write(chunk, flushed)
  }

  end(last?: Uint8Array): void {
    const factory = this.#factory
    if (factory === undefined) return last === undefined ? this.#writer.end() : this.#writer.end(last)
    if (last !== undefined) this.#count(-last.length)
    if (this.#whole) return this.#writer.end()
    if (this.#body !== undefined) return this.#body.end(last)
    if (this.#prepared !== undefined || last === undefined || last.length <= SHORT) {
      return this.#endWith(this.#prepared ?? this.#encode(this.#request as Request, factory, last ?? EMPTY))
    }
    this.#writer.flushHead(this.#headers)
    this.#open(factory)?.end(last)
  }

  #endWith(encoded: Uint8Array | undefined): void {
    if (encoded === undefined) return this.#request?.breakOff('the encoder failed')
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

  /** Undefined when there is no memory for it. */
  #encode(request: Request, factory: EncoderFactory, body: Uint8Array): Buffer | undefined {
    try {
      return asBuffer(factory.encode(body))
    } catch (error) {
      logFailure(request, error)
      return undefined
    }
  }

  /** The encoder of a body that comes in pieces; undefined when there can be none: then the response is cut. */
  #open(factory: EncoderFactory): EncodedBody | undefined {
    if (this.#body !== undefined) return this.#body
    const failed = (error: unknown): void => {
      logFailure(this.#request as Request, error)
      this.#request?.breakOff('the encoder failed')
    }
    try {
      this.#body = new EncodedBody(factory, {
        write: (bytes, flushed) => this.#send(bytes, flushed),
        end: () => this.#writer.end(),
        failed,
      })
    } catch (error) {
      failed(error)
    }
    return this.#body
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

function logFailure({ reactor, method, uri }: Request, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  reactor.logger.error('A response could not be encoded', { request: `${method} ${uri.slice(0, 200)}`, error: reason })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
