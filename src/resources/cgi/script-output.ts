/** What a script writes, on its way to the client. */
import type { Readable } from 'node:stream'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { ScriptHeadReader, malformed } from './script-head.ts'
import type { ScriptHead } from './script-head.ts'

/** Bytes that the client has not taken yet, from which on the script is read no further. */
const WINDOW = 256 * 1024
/** Bytes that are read and dropped where the client gets no more; then the script is ended. */
const MOST_DROPPED = 1024 * 1024

/** What a {@link ScriptOutput} tells. */
export interface OutputEvents {
  /** The script has written something; `paused`: now it is the client's turn. */
  sign(paused: boolean): void
  /** All that belongs to the response has come, and nobody wants what the script does from now on. */
  whole(): void
  /** The script writes more than anybody takes. */
  surplus(): void
  /** It is no response, or not a whole one. */
  failed(error: PlaitError): void
}

/** head → body → whole; failed from anywhere. */
type Phase = 'head' | 'body' | 'whole' | 'failed'

/** Reads a script's standard output into a response, no faster than the client takes it. */
export class ScriptOutput {
  readonly #request: Request
  readonly #stdout: Readable
  readonly #events: OutputEvents
  #reader: ScriptHeadReader | undefined = new ScriptHeadReader()
  #phase: Phase = 'head'
  /** Bytes of the declared length that are to come; undefined: up to the end of the output. */
  #remaining: number | undefined
  #underway = 0
  #paused = false
  #dropped = 0
  /** The output is at its end. */
  ended = false

  constructor(request: Request, stdout: Readable, events: OutputEvents) {
    this.#request = request
    this.#stdout = stdout
    this.#events = events
    stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    stdout.on('end', () => this.#end())
  }

  /** The whole head has come. */
  get begun(): boolean {
    return this.#phase !== 'head'
  }

  /** The response ended, or will never be: what comes is dropped. */
  abandon(): void {
    this.#phase = 'failed'
    this.#stdout.resume()
  }

  #take(chunk: Buffer): void {
    if (this.#phase === 'head') this.#takeHead(chunk)
    else if (this.#phase === 'body') this.#pass(chunk)
    else this.#drop(chunk.length)
  }

  #takeHead(chunk: Buffer): void {
    this.#events.sign(false)
    try {
      const found = this.#reader?.take(chunk)
      if (found === undefined) return
      this.#reader = undefined
      this.#begin(found.head)
      if (found.rest.length > 0) this.#take(found.rest)
    } catch (error) {
      this.#fail(error instanceof PlaitError ? error : malformed(String(error)))
    }
  }

  #begin({ status, reason, fields, length }: ScriptHead): void {
    const request = this.#request
    if (request.method === 'HEAD' || status === 204 || status === 304) {
      const kept = status === 204 ? fields.filter((_, index) => !isLength(fields[index - (index % 2)])) : fields
      request.sendWhole(status, reason, kept, undefined)
      return this.#whole()
    }
    request.sendHead(status, reason, fields)
    this.#phase = 'body'
    this.#remaining = length
    if (length === 0) this.#finish()
  }

  #pass(chunk: Buffer): void {
    const most = this.#remaining ?? chunk.length
    const piece = chunk.length > most ? chunk.subarray(0, most) : chunk
    this.#underway += piece.length
    this.#request.writeChunk(piece, () => this.#taken(piece.length))
    if (this.#remaining !== undefined) this.#remaining -= piece.length
    if (this.#remaining === 0) this.#finish()
    if (piece.length < chunk.length) this.#drop(chunk.length - piece.length)
    if (this.#phase === 'body' && this.#underway > WINDOW && !this.#paused) {
      this.#paused = true
      this.#stdout.pause()
    }
    this.#events.sign(this.#paused)
  }

  #taken(size: number): void {
    this.#underway -= size
    if (!this.#paused || this.#underway > WINDOW / 2) return
    this.#paused = false
    this.#stdout.resume()
    this.#events.sign(false)
  }

  #drop(size: number): void {
    const before = this.#dropped
    this.#dropped += size
    if (before <= MOST_DROPPED && this.#dropped > MOST_DROPPED) this.#events.surplus()
  }

  #end(): void {
    this.ended = true
    if (this.#phase === 'head') {
      const seen = this.#reader?.seen ?? ''
      const what = seen === '' ? 'it wrote nothing' : `it ended before an empty line; it began with ${JSON.stringify(seen)}`
      this.#fail(malformed(what))
    } else if (this.#phase === 'body' && this.#remaining !== undefined) {
      this.#fail(malformed(`it wrote ${this.#remaining} bytes less than its Content-Length`))
    }
  }

  /** Ends the response at the end of the output. */
  finish(): void {
    if (this.#phase === 'body') this.#finish()
  }

  #finish(): void {
    this.#request.finish()
    this.#whole()
  }

  #whole(): void {
    this.#phase = 'whole'
    if (this.#paused) this.#stdout.resume()
    this.#events.whole()
  }

  #fail(error: PlaitError): void {
    this.abandon()
    this.#events.failed(error)
  }
}

function isLength(name: string | undefined): boolean {
  return name?.toLowerCase() === 'content-length'
}
