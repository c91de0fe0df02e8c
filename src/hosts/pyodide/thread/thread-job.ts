import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import type { GivenFile } from '../../javascript/thread/file-wrapper.ts'
import type { JobNews, Link, SentJob } from '../../worker/link.ts'
import { ToServer } from '../../worker/messages.ts'

/** How a request has its body, as Python is told. */
export const NO_BODY = 0
export const WHOLE = 1
export const SPOOLED = 2
export const STREAMED = 3

/** The request that runs: what the server says of it, and where its body is. */
export class ThreadJob implements JobNews {
  /** Unlike a slot, never used again: a late word of the application finds nobody. */
  readonly id: number
  readonly slot: number
  readonly environ: readonly string[]
  readonly body: number
  /** Bytes of the body, where that is known. */
  readonly bodySize: number
  /** Its last word is said. */
  over = false
  /** Given to the server to send. */
  file: GivenFile | undefined
  /** Whether the server has opened it. */
  taken: boolean | undefined
  readonly #link: Link
  #descriptor: number | undefined
  #pieces: Uint8Array[] = []
  #ended = false
  #failure: string | undefined
  #acked = 0
  #lastAcked = 0
  #sent = 0

  /** @throws what the file system throws, for a body in a file */
  constructor(id: number, { slot, environ, body }: SentJob, link: Link) {
    this.id = id
    this.slot = slot
    this.environ = environ
    this.#link = link
    if (body === undefined) [this.body, this.bodySize] = [NO_BODY, 0]
    else if (body === true) [this.body, this.bodySize] = [STREAMED, 0]
    else if (typeof body === 'string') [this.body, this.bodySize] = [SPOOLED, this.#open(body)]
    else {
      ;[this.body, this.bodySize] = [WHOLE, body.length]
      this.#pieces.push(body)
      this.#ended = true
    }
    link.attach(slot, this)
  }

  /** A body in a private file: ours from here on, and on no path any more. */
  #open(path: string): number {
    this.#descriptor = openSync(path, 'r')
    try {
      unlinkSync(path)
    } catch {
      // The server does it at the end of the request.
    }
    return fstatSync(this.#descriptor).size
  }

  /** Lets go of everything. */
  close(): void {
    this.over = true
    this.#link.detach(this.slot)
    this.releaseFile()
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  releaseFile(): void {
    this.file?.release()
    this.file = undefined
  }

  get gone(): boolean {
    return this.over || this.#link.signals.isGone(this.slot)
  }

  // -- the response

  /** Bytes of the response that have left. */
  get acked(): number {
    const now = this.#link.signals.acked(this.slot)
    this.#acked += (now - this.#lastAcked) >>> 0
    this.#lastAcked = now
    return this.#acked
  }

  /** More has left since {@link acked} was asked for, or nobody waits for it any more. */
  get hasNews(): boolean {
    return this.gone || this.#link.signals.acked(this.slot) !== this.#lastAcked
  }

  /** The server could not open the file: its bytes go the ordinary way. */
  streamFile(file: GivenFile, window: number): void {
    for (const block of file.blocks()) {
      if (this.#sent - this.acked >= window) this.#link.waitUntil(() => this.gone || this.#sent - this.acked < window)
      if (this.gone) return
      this.#link.say(ToServer.DATA, this.slot, this.#link.hand(new Uint8Array(block)))
      this.#link.flush()
      this.#sent += block.length
    }
  }

  // -- the body

  /** There is a piece, or there will be none. */
  get isReady(): boolean {
    return this.#pieces.length > 0 || this.#ended || this.gone
  }

  /** The next bytes, at most `most`; none at the end; undefined: see {@link whyBroken}. */
  nextPiece(most: number): Uint8Array | undefined {
    const [piece] = this.#pieces
    if (piece === undefined) return this.#ended && this.#failure === undefined ? new Uint8Array(0) : undefined
    if (piece.length > most) this.#pieces[0] = piece.subarray(most)
    else this.#pieces.shift()
    return piece.subarray(0, most)
  }

  /** Why there is no more of the body; empty: it is only not here yet. */
  get whyBroken(): string {
    return this.#failure ?? (this.gone ? 'the client has gone' : '')
  }

  /** Reads from the private file. Negative: it is closed. */
  readSpooled(into: Uint8Array, position: number): number {
    return this.#descriptor === undefined ? -1 : readSync(this.#descriptor, into, 0, into.length, position)
  }

  // -- JobNews

  input(chunk: Uint8Array): void {
    this.#pieces.push(chunk)
  }

  inputEnd(): void {
    this.#ended = true
  }

  inputFailed(reason: string): void {
    this.#ended = true
    this.#failure ??= reason
  }

  fileTaken(taken: boolean): void {
    this.taken = taken
  }

  news(): void {
    // It is asked for.
  }
}
