import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { BodyConsumer, BodyFlow } from './body-stream.ts'

/** What {@link bodyPieces} reads from; a `Request` fits. */
export interface BodyGiver {
  readonly disconnected: boolean
  readonly hasBody: boolean
  readonly contentLength: number | undefined
  streamBody(options: { maxBody?: number }, consumer: BodyConsumer): BodyFlow
}

/** Bytes that are asked for at once. */
const WINDOW = 64 * 1024

/**
 * A body as it arrives; no more is taken from the client than is asked for.
 * @param maxBody bytes, 0 = no limit
 * @throws PlaitError with status 413 when it is longer; `PLAIT_CLIENT_GONE` when it breaks off
 */
export async function* bodyPieces(request: BodyGiver, maxBody: number = defaults.maxBody): AsyncGenerator<Buffer, void> {
  if (request.disconnected) throw brokenOff()
  if (!request.hasBody) return
  // Said before the client is told to go on; and a resource may still answer in its own words.
  if (maxBody > 0 && (request.contentLength ?? 0) > maxBody) throw tooLarge(maxBody)
  const queue = new PieceQueue(request, maxBody)
  try {
    for (let piece = await queue.next(); piece !== undefined; piece = await queue.next()) yield piece
  } finally {
    queue.stop()
  }
}

/** At most one that reads waits for a piece. */
class PieceQueue implements BodyConsumer {
  readonly #request: BodyGiver
  readonly #maxBody: number
  readonly #flow: BodyFlow
  readonly #pieces: Buffer[] = []
  #asked = 0
  #ended = false
  #error: PlaitError | undefined
  #wake: (() => void) | undefined

  constructor(request: BodyGiver, maxBody: number) {
    this.#request = request
    this.#maxBody = maxBody
    this.#flow = request.streamBody({ maxBody }, this)
  }

  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) return piece
      if (this.#error !== undefined) throw this.#error
      if (this.#ended) return undefined
      const woken = new Promise<void>((resolve) => (this.#wake = resolve))
      if (this.#asked === 0) {
        this.#asked = WINDOW
        this.#flow.resume(WINDOW)
      }
      await woken
    }
  }

  /** Nobody takes more. */
  stop(): void {
    this.#flow.stop()
  }

  data(chunk: Buffer): void {
    this.#asked -= chunk.length
    this.#pieces.push(chunk)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  failed(): void {
    this.#error = this.#request.disconnected ? brokenOff() : tooLarge(this.#maxBody)
    this.#wake?.()
  }
}

function brokenOff(): PlaitError {
  return new PlaitError('PLAIT_CLIENT_GONE', 'The request body broke off before its end')
}

/** The error of a body that is longer than somebody wants. */
export function tooLarge(limit: number): PlaitError {
  return new PlaitError('PLAIT_PROTOCOL', `The request body has more than ${limit} bytes`, { status: 413 })
}
