import { PlaitError } from '../errors.ts'

/** The body of a response, piece by piece: text is sent as UTF-8. An async generator, a stream of Node or of the web. */
export type BodyPieces = AsyncIterable<string | Uint8Array>

/** What {@link writeFrom} writes to; a `Request` fits. */
export interface PieceSink {
  readonly disconnected: boolean
  readonly bodyless: boolean
  write(piece: string | Uint8Array): boolean
  drained(): Promise<void>
  notifyFinish(): Promise<void>
}

/** Is it a body in pieces? */
export function isBodyPieces(value: unknown): value is BodyPieces {
  return typeof (value as Partial<BodyPieces> | undefined)?.[Symbol.asyncIterator] === 'function'
}

/** Tells a source that nobody will take a piece of it. */
export function closePieces(source: BodyPieces): void {
  new Producer(source).close()
}

/**
 * Writes all pieces, none asked for before there is room for it. The source is closed at the end, whatever that is; when the client goes, at once.
 * @throws PlaitError `PLAIT_CLIENT_GONE`; and what the source throws
 */
export async function writeFrom(sink: PieceSink, source: BodyPieces): Promise<void> {
  const producer = new Producer(source)
  await new Promise<void>((resolve, reject) => {
    const stop = (error: unknown): void => {
      producer.close()
      reject(error as Error)
    }
    const finished = (): void =>
      stop(new PlaitError('PLAIT_RESOURCE', 'The response was finished while a body was written to it'))
    sink.notifyFinish().then(finished, stop)
    pump(sink, producer).then(resolve, stop)
  })
}

async function pump(sink: PieceSink, producer: Producer): Promise<void> {
  if (sink.bodyless) {
    // Of a response to HEAD only the head is sent.
    sink.write('')
    return producer.close()
  }
  let work = 0
  for (let piece = await producer.next(); piece !== undefined; piece = await producer.next()) {
    if (!sink.write(piece)) await sink.drained()
    // A source that always has more, for a client that always takes it, would let nobody else have a turn.
    work += piece.length + PIECE
    if (work < TURN) continue
    work = 0
    await nextTurn()
  }
}

/** Work that is done in one turn of the event loop, in bytes. */
const TURN = 256 * 1024
/** What a piece costs, however short it is. */
const PIECE = 512

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A source that can be closed at any time. */
class Producer {
  readonly #source: BodyPieces & { destroy?: () => void; on?: (event: 'error', listener: () => void) => void }
  readonly #iterator: AsyncIterator<unknown>
  #over = false

  constructor(source: BodyPieces) {
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** The next piece; undefined at the end. */
  async next(): Promise<string | Uint8Array | undefined> {
    if (this.#over) return undefined
    const { done, value } = await this.#iterator.next()
    if (done === true) this.#over = true
    if (done === true || this.#over) return undefined
    if (typeof value === 'string' || value instanceof Uint8Array) return value
    throw new TypeError(`Cannot send a piece of the body: expected a string or a Uint8Array, got ${typeof value}`)
  }

  /** Tells the source that nobody takes more, without waiting for it. */
  close(): void {
    if (this.#over) return
    this.#over = true
    // A stream that waits for data would never hear of the iterator's end.
    if (typeof this.#source.destroy === 'function') {
      this.#source.on?.('error', ignored)
      this.#source.destroy()
    }
    void this.#return()
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // what fails in its last moments has nobody to tell
    }
  }
}

function ignored(): void {
  // the stream was given up
}
