/** A body on its way through an encoder, in bounded memory. */
import type { EncoderFactory, EncoderStream } from './encoder-factory.ts'

/** Encoded bytes that the system has not taken, from which on the encoder rests. */
const WINDOW = 64 * 1024

/** Where the encoded bytes go. */
export interface EncodedTaker {
  write(bytes: Uint8Array, flushed: () => void): void
  /** All of it was written. */
  end(): void
  failed(error: Error): void
}

/** A piece that was written and whose sender has not been told that it left. */
interface Piece {
  readonly flushed: () => void
  /** Encoded bytes that there were when the encoder had taken it in; -1 before. */
  mark: number
}

/** Encodes pieces as they come. What was written in one turn of the event loop reaches the client, whether or not more follows. */
export class EncodedBody {
  readonly #stream: EncoderStream
  readonly #flushKind: number
  readonly #taker: EncodedTaker
  readonly #pieces: Piece[] = []
  #flush: NodeJS.Immediate | undefined
  /** Encoded bytes given to the system, and taken by it. */
  #given = 0
  #taken = 0
  #ended = false
  #destroyed = false

  constructor(factory: EncoderFactory, taker: EncodedTaker) {
    this.#stream = factory.createStream()
    this.#flushKind = factory.flushKind
    this.#taker = taker
    this.#stream.on('data', (bytes: Buffer) => this.#give(bytes))
    this.#stream.on('end', () => taker.end())
    this.#stream.on('error', (error) => {
      if (!this.#destroyed) taker.failed(error)
    })
  }

  /** @param flushed called when the system has taken what became of the piece; until then its bytes must not change */
  write(bytes: Uint8Array, flushed: () => void): void {
    const piece: Piece = { flushed, mark: -1 }
    this.#pieces.push(piece)
    this.#stream.write(bytes, () => {
      if (this.#destroyed) return
      piece.mark = this.#given + this.#stream.readableLength
      this.#tell()
    })
    // Not at once: more may come in this turn, or the end.
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined
      if (!this.#ended && !this.#destroyed) this.#stream.flush(this.#flushKind)
    })
  }

  end(last?: Uint8Array): void {
    this.#ended = true
    if (last === undefined) this.#stream.end()
    else this.#stream.end(last)
  }

  /** Nobody waits for it any more. */
  destroy(): void {
    this.#destroyed = true
    clearImmediate(this.#flush)
    this.#stream.destroy()
  }

  #give(bytes: Buffer): void {
    this.#given += bytes.length
    if (this.#given - this.#taken > WINDOW) this.#stream.pause()
    this.#taker.write(bytes, () => this.#left(bytes.length))
  }

  #left(size: number): void {
    this.#taken += size
    if (this.#destroyed) return
    if (this.#stream.isPaused() && this.#given - this.#taken <= WINDOW / 2) this.#stream.resume()
    this.#tell()
  }

  /** Tells the senders, in order, whose bytes have left: those that are still inside the encoder are in memory that is its own. */
  #tell(): void {
    const pieces = this.#pieces
    while (pieces.length > 0) {
      const [first] = pieces as [Piece]
      if (first.mark < 0 || first.mark > this.#taken) return
      pieces.shift()
      first.flushed()
    }
  }
}
