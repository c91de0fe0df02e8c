import { close, write } from 'node:fs'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { JobBody } from '../hosts/host.ts'
import type { BodySource } from './incoming.ts'
import { JoinedPieces } from './joined-pieces.ts'
import { spoolFolder, unlinkSpooled } from './spool.ts'

/** What a {@link BodyCollector} tells, once: the whole body, or why there is none. */
export type BodyDone = (error: PlaitError | undefined, body: JobBody | undefined) => void

/**
 * Collects a request's body while no thread waits for it: in memory up to `defaults.memoryBody`, then in a private file, with
 * back-pressure from the disk to the client.
 */
export class BodyCollector {
  readonly #source: BodySource
  readonly #limit: number
  readonly #done: BodyDone
  readonly #pieces = new JoinedPieces()
  #size = 0
  #file: { path: string; descriptor: number } | undefined
  #writing = false
  #ended = false
  #over = false

  /** @param limit bytes, 0 = no limit: one byte more ends with status 413 */
  constructor(source: BodySource, limit: number, done: BodyDone) {
    this.#source = source
    this.#limit = limit
    this.#done = done
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.on('end', () => this.#end())
    source.on('error', () => this.abort())
  }

  /** The file that the body lies in, to be removed at the end of the request. */
  get path(): string | undefined {
    return this.#file?.path
  }

  /** The client has gone, or broke the framing: there is no body. */
  abort(): void {
    this.#fail(new PlaitError('PLAIT_CLIENT_GONE', 'The request body broke off before its end'))
  }

  #take(chunk: Buffer): void {
    if (this.#over) return
    this.#size += chunk.length
    if (this.#limit > 0 && this.#size > this.#limit) {
      this.#fail(new PlaitError('PLAIT_PROTOCOL', `The request body has more than ${this.#limit} bytes`, { status: 413 }))
      return
    }
    this.#pieces.add(chunk)
    if (this.#file === undefined && this.#size <= defaults.memoryBody) return
    this.#source.pause()
    this.#spool()
  }

  /** Writes what is held to the file, one write at a time. */
  #spool(): void {
    if (this.#writing || this.#over) return
    try {
      this.#file ??= spoolFolder.create()
    } catch (error) {
      this.#diskFailed(error)
      return
    }
    const chunks = this.#pieces.take()
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    this.#writing = true
    this.#write(bytes, 0)
  }

  #write(bytes: Buffer, from: number): void {
    const { descriptor } = this.#file as { descriptor: number }
    write(descriptor, bytes, from, bytes.length - from, null, (error, written) => {
      if (error !== null) {
        this.#writing = false
        this.#diskFailed(error)
      } else if (this.#over || from + written === bytes.length) this.#written()
      else this.#write(bytes, from + written)
    })
  }

  #written(): void {
    this.#writing = false
    if (this.#over) this.#discard()
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
    this.#over = true
    if (this.#file === undefined) {
      const body: JobBody | undefined =
        this.#size === 0 ? undefined : { kind: 'bytes', chunks: this.#pieces.take(), size: this.#size }
      this.#done(undefined, body)
      return
    }
    const { path, descriptor } = this.#file
    close(descriptor, () => this.#done(undefined, { kind: 'file', path, size: this.#size }))
  }

  #diskFailed(error: unknown): void {
    const message = `Cannot keep the request body: ${(error as Error).message}`
    this.#fail(new PlaitError('PLAIT_PROTOCOL', message, { status: 507, cause: error }))
  }

  #fail(error: PlaitError): void {
    if (this.#over) return
    this.#over = true
    this.#pieces.take()
    if (!this.#writing) this.#discard()
    // What still comes is dropped, so that the client gets to read its answer.
    this.#source.resume()
    this.#done(error, undefined)
  }

  #discard(): void {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    unlinkSpooled(file.path)
    close(file.descriptor, () => undefined)
  }
}
