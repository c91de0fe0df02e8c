import { batchEnd, batchStart, jsonEnviron, marshalEnviron } from './environ-encoding.ts'
import { BodyKind, Flag, HEADER_SIZE, ToHost, writeHeader } from './frame.ts'

/** A body as it goes into a batch. */
export type BatchBody =
  | { readonly kind: 'bytes'; readonly chunks: readonly Uint8Array[]; readonly size: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stream' }

const BODY_ENTRY = 12
const BATCH_HEAD = 8
/** Bodies up to this size are copied into the frame; larger ones are handed to the socket as they are. */
const COPY_LIMIT = 16 * 1024

/**
 * The requests of one turn of the event loop, as one `REQUESTS` frame:
 *
 *     u32 bodies | u32 length of environs | bodies × (u32 id, u32 kind, u32 size) | environs | bytes of the bodies
 */
export class RequestBatch {
  readonly #json: boolean
  #environs = ''
  #bodyEntries: number[] = []
  #bodyChunks: Uint8Array[] = []
  #bodyBytes = 0
  /** Requests in the batch. */
  count = 0

  /** @param json encode environ as JSON: for a host whose marshal did not agree. */
  constructor(json: boolean) {
    this.#json = json
  }

  /** Adds a request. */
  add(id: number, environ: readonly string[], body: BatchBody | undefined): void {
    if (this.#json) this.#environs += (this.count > 0 ? ',' : '') + jsonEnviron(id, environ)
    else this.#environs += marshalEnviron(id, environ)
    this.count++
    if (body !== undefined) this.#addBody(id, body)
  }

  /** Bytes of bodies so far: a batch with a large one is sent at once. */
  get bodyBytes(): number {
    return this.#bodyBytes
  }

  /** Gives the frame as buffers to be written one after the other, and empties the batch. */
  take(): Uint8Array[] {
    const environs = this.#json ? `{${this.#environs}}` : batchStart + this.#environs + batchEnd
    const headSize = HEADER_SIZE + BATCH_HEAD + this.#bodyEntries.length * 4
    const inline = this.#bodyBytes <= COPY_LIMIT
    const target = Buffer.allocUnsafe(headSize + environs.length + (inline ? this.#bodyBytes : 0))
    const payload = headSize - HEADER_SIZE + environs.length + this.#bodyBytes
    let offset = writeHeader(target, 0, payload, 0, ToHost.REQUESTS, this.#json ? Flag.REQUESTS_JSON : 0)
    offset = target.writeUInt32LE((this.#bodyEntries.length * 4) / BODY_ENTRY, offset)
    offset = target.writeUInt32LE(environs.length, offset)
    for (const number of this.#bodyEntries) offset = target.writeUInt32LE(number, offset)
    offset += target.write(environs, offset, 'latin1')
    const chunks = this.#bodyChunks
    this.#reset()
    if (!inline) return [target, ...chunks]
    for (const chunk of chunks) {
      target.set(chunk, offset)
      offset += chunk.length
    }
    return [target]
  }

  #addBody(id: number, body: BatchBody): void {
    if (body.kind === 'stream') {
      this.#bodyEntries.push(id, BodyKind.STREAM, 0)
      return
    }
    const chunks = body.kind === 'bytes' ? body.chunks : [Buffer.from(body.path)]
    let size = 0
    for (const chunk of chunks) {
      size += chunk.length
      this.#bodyChunks.push(chunk)
    }
    this.#bodyBytes += size
    this.#bodyEntries.push(id, body.kind === 'bytes' ? BodyKind.BYTES : BodyKind.FILE, size)
  }

  #reset(): void {
    this.#environs = ''
    this.#bodyEntries = []
    this.#bodyChunks = []
    this.#bodyBytes = 0
    this.count = 0
  }
}
