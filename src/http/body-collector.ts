import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { JobBody } from '../hosts/host.ts'
import { bodyMemory } from './body-memory.ts'
import type { BodySource } from './incoming.ts'
import { JoinedPieces } from './joined-pieces.ts'
import type { SpoolFile } from './spool-file.ts'
import type { Spool } from './spool.ts'

/** What a {@link BodyCollector} tells, once: the whole body, or why there is none. */
export type BodyDone = (error: PlaitError | undefined, body: JobBody | undefined) => void

/** What a body may be, and where it goes when it is large. */
export interface BodyLimits {
  /** Bytes, 0 = no limit: one byte more ends with status 413. */
  readonly maxBody: number
  readonly spool: Spool
  /** Bytes, as far as the client says. */
  readonly expected: number | undefined
}

/** Up to here a body costs less than a file. */
const SMALL = 16 * 1024

/**
 * Collects a request's body while no thread waits for it: in memory up to `defaults.memoryBody`, and while all bodies together have room there, then in a private file, with
 * back-pressure from the disk to the client.
 */
export class BodyCollector {
  readonly #source: BodySource
  readonly #limits: BodyLimits
  readonly #done: BodyDone
  readonly #pieces = new JoinedPieces()
  #size = 0
  /** What is counted of it in the memory of all. */
  #counted = 0
  #file: SpoolFile | undefined
  #writing = false
  #ended = false
  #over = false

  constructor(source: BodySource, limits: BodyLimits, done: BodyDone) {
    this.#source = source
    this.#limits = limits
    this.#done = done
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.on('end', () => this.#end())
    source.on('error', () => this.abort())
  }

  /** The request is over: its file goes, and its place in memory. */
  remove(): void {
    this.#discount()
    this.#file?.remove()
  }

  /** The bytes on disk count until the function is called, also when they are removed before. */
  hold(): (() => void) | undefined {
    return this.#file?.hold()
  }

  /** The client has gone, or broke the framing: there is no body. */
  abort(): void {
    this.#fail(new PlaitError('PLAIT_CLIENT_GONE', 'The request body broke off before its end'))
  }

  #take(chunk: Buffer): void {
    if (this.#over) return
    this.#size += chunk.length
    const { maxBody } = this.#limits
    if (maxBody > 0 && this.#size > maxBody) {
      this.#fail(new PlaitError('PLAIT_PROTOCOL', `The request body has more than ${maxBody} bytes`, { status: 413 }))
      return
    }
    this.#pieces.add(chunk)
    if (this.#file === undefined && this.#fits()) return
    this.#discount()
    this.#source.pause()
    this.#spool()
  }

  #fits(): boolean {
    if (this.#size <= SMALL) return true
    if (this.#size > defaults.memoryBody || !bodyMemory.take(this.#size - this.#counted)) return false
    this.#counted = this.#size
    return true
  }

  #discount(): void {
    if (this.#counted > 0) bodyMemory.give(this.#counted)
    this.#counted = 0
  }

  /** Writes what is held to the file, one write at a time. */
  #spool(): void {
    if (this.#writing || this.#over) return
    try {
      this.#file ??= this.#limits.spool.create(this.#limits.expected)
    } catch (error) {
      this.#fail(error as PlaitError)
      return
    }
    const chunks = this.#pieces.take()
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    this.#writing = true
    this.#file.write(bytes, (error) => this.#written(error))
  }

  #written(error: PlaitError | undefined): void {
    this.#writing = false
    if (this.#over) return
    if (error !== undefined) this.#fail(error)
    else if (!this.#pieces.isEmpty) this.#spool()
    else if (this.#ended) this.#finish()
    else this.#source.resume()
  }

  #end(): void {
    this.#ended = true
    // Without 'complete', node:http saw the connection end inside the body.
    if (!this.#source.complete) this.abort()
    else if (!this.#writing && !this.#over) this.#finish()
  }

  #finish(): void {
    const file = this.#file
    if (file !== undefined) return file.close((error) => this.#closed(file, error))
    this.#over = true
    const body: JobBody | undefined =
      this.#size === 0 ? undefined : { kind: 'bytes', chunks: this.#pieces.take(), size: this.#size }
    this.#done(undefined, body)
  }

  #closed({ path }: SpoolFile, error: PlaitError | undefined): void {
    if (this.#over) return
    if (error !== undefined) return this.#fail(error)
    this.#over = true
    this.#done(undefined, { kind: 'file', path, size: this.#size })
  }

  #fail(error: PlaitError): void {
    if (this.#over) return
    this.#over = true
    this.#pieces.take()
    this.#discount()
    this.#file?.remove()
    // What still comes is dropped, so that the client gets to read its answer.
    this.#source.resume()
    this.#done(error, undefined)
  }
}
