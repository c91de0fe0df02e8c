/** `wsgi.input` in a worker thread. */
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs'
import { ToServer } from '../../worker/messages.ts'
import type { Link } from '../../worker/link.ts'
import type { InputStream } from '../wsgi.ts'

const BLOCK = 64 * 1024
const nothing = Buffer.alloc(0)

/** Where the bytes of a body come from. */
interface ByteSource {
  /** The next bytes, at most `size` of them; none at the end. Blocks. */
  next(size: number): Buffer
  /** Fulfilled when `next` does not block. */
  ready(): Promise<void> | undefined
  close?(): void
}

/** A body as a stream to read from. */
export class BodyInput implements InputStream {
  readonly #source: ByteSource
  /** Read from the source, not from here. */
  #rest: Buffer = nothing

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** A piece of a streamed body came. */
  feed(chunk: Uint8Array): void {
    if (this.#source instanceof StreamSource) this.#source.feed(chunk)
  }

  /** A streamed body is whole, or broke off. */
  end(failure?: string): void {
    if (this.#source instanceof StreamSource) this.#source.end(failure)
  }

  /** The request is over: lets go of what it holds. */
  close(): void {
    this.#source.close?.()
  }

  read(size?: number): Buffer {
    const parts: Buffer[] = []
    for (let left = wanted(size); left > 0;) {
      const part = this.#take(left)
      if (part.length === 0) break
      parts.push(part)
      left -= part.length
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  readline(size?: number): Buffer {
    const parts: Buffer[] = []
    for (let left = wanted(size); left > 0 && this.#fill();) {
      const newline = this.#rest.indexOf(10)
      const part = this.#take(Math.min(left, newline < 0 ? this.#rest.length : newline + 1))
      parts.push(part)
      left -= part.length
      if (part.at(-1) === 10) break
    }
    return Buffer.concat(parts)
  }

  readlines(hint?: number): Buffer[] {
    const lines: Buffer[] = []
    let have = 0
    for (const line of this) {
      lines.push(line)
      have += line.length
      if (hint !== undefined && hint > 0 && have >= hint) break
    }
    return lines
  }

  async readAsync(size?: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = wanted(size); left > 0;) {
      if (this.#rest.length === 0) await this.#source.ready()
      const part = this.#take(left)
      if (part.length === 0) break
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }

  *[Symbol.iterator](): IterableIterator<Buffer> {
    for (let line = this.readline(); line.length > 0; line = this.readline()) yield line
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    for (;;) {
      if (this.#rest.length === 0) await this.#source.ready()
      const part = this.#take(BLOCK)
      if (part.length === 0) return
      yield part
    }
  }

  #fill(): boolean {
    if (this.#rest.length === 0) this.#rest = this.#source.next(BLOCK)
    return this.#rest.length > 0
  }

  #take(size: number): Buffer {
    if (!this.#fill()) return nothing
    const part = this.#rest.subarray(0, size)
    this.#rest = this.#rest.subarray(part.length)
    return part
  }
}

function wanted(size: number | undefined): number {
  return size === undefined || size === null || size < 0 ? Infinity : size
}

/** A body that came whole. */
export function wholeInput(bytes: Uint8Array | undefined): BodyInput {
  let rest = bytes === undefined ? nothing : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const next = (): Buffer => {
    const all = rest
    rest = nothing
    return all
  }
  return new BodyInput({ next, ready: () => undefined })
}

class FileSource implements ByteSource {
  #descriptor: number | undefined

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r')
    try {
      unlinkSync(path)
    } catch {
      // The server does it at the end of the request.
    }
  }

  next(size: number): Buffer {
    if (this.#descriptor === undefined) throw afterTheEnd()
    const block = Buffer.allocUnsafe(Math.min(size, BLOCK))
    return block.subarray(0, readSync(this.#descriptor, block))
  }

  ready(): undefined {
    return undefined
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}

function afterTheEnd(): Error {
  return new Error('the request body was read after the end of the request')
}

/** A body in a private file: ours from here on, and on no path any more. @throws what the file system throws */
export function spooledInput(path: string): BodyInput {
  return new BodyInput(new FileSource(path))
}

/** A body that comes while the application runs. */
class StreamSource implements ByteSource {
  readonly #link: Link
  readonly #slot: number
  readonly #window: number
  readonly #pieces: Buffer[] = []
  #ended = false
  #closed = false
  #failure: string | undefined
  #granted = false
  #used = 0
  #arrived: (() => void) | undefined

  constructor(link: Link, slot: number, window: number) {
    this.#link = link
    this.#slot = slot
    this.#window = window
  }

  feed(chunk: Uint8Array): void {
    this.#pieces.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#arrived?.()
  }

  end(failure?: string): void {
    if (!this.#ended) {
      this.#ended = true
      this.#failure = failure
    }
    this.#arrived?.()
  }

  next(): Buffer {
    // Its slot may be that of another request by now.
    if (this.#closed) throw afterTheEnd()
    this.#grant()
    if (!this.#isReady()) this.#link.waitUntil(() => this.#isReady())
    const piece = this.#pieces.shift()
    if (piece === undefined) {
      if (this.#failure !== undefined) throw new Error(`the request body broke off: ${this.#failure}`)
      if (this.#link.signals.isGone(this.#slot) && !this.#ended)
        throw new Error('the request body broke off: the client has gone')
      return nothing
    }
    this.#used += piece.length
    if (this.#used * 2 >= this.#window) {
      this.#want(this.#used)
      this.#used = 0
    }
    return piece
  }

  async ready(): Promise<void> {
    if (this.#closed) return
    this.#grant()
    this.#link.signals.listen(this.#slot)
    while (!this.#isReady()) await new Promise<void>((resolve) => (this.#arrived = resolve))
  }

  close(): void {
    this.#closed = true
    this.#arrived?.()
  }

  #isReady(): boolean {
    return this.#closed || this.#pieces.length > 0 || this.#ended || this.#link.signals.isGone(this.#slot)
  }

  #grant(): void {
    if (this.#granted) return
    this.#granted = true
    this.#want(this.#window)
  }

  #want(bytes: number): void {
    this.#link.say(ToServer.INPUT_WANTED, this.#slot, bytes)
    this.#link.flush()
  }
}

/** A body that is streamed. @param window bytes that the client may be ahead */
export function streamedInput(link: Link, slot: number, window: number): BodyInput {
  return new BodyInput(new StreamSource(link, slot, window))
}
