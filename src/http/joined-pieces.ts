import type { Readable } from 'node:stream'

/** A piece that is shorter is copied behind the one before it. */
const SMALL = 1024
const SLAB = 4096
/** Pieces after which whoever sends them waits for its next turn. */
const MOST_AT_ONCE = 1024

/**
 * Pieces of a body, in order, small ones put together. A buffer costs some hundred bytes whatever is in it: a client that sends chunks, or packets, of one byte would fill the memory with
 * what looks like a few kilobytes.
 */
export class JoinedPieces {
  #whole: Buffer[] = []
  /** The very first one: most bodies are one small piece, which needs no copy. */
  #first: Buffer | undefined
  #slab: Buffer | undefined
  #start = 0
  #end = 0
  #any = false

  get isEmpty(): boolean {
    return this.#whole.length === 0 && this.#first === undefined && this.#end === this.#start
  }

  add(piece: Buffer): void {
    if (piece.length >= SMALL) {
      this.#close()
      this.#whole.push(piece)
    } else if (this.#any) {
      const first = this.#first
      this.#first = undefined
      if (first !== undefined) this.#copy(first)
      this.#copy(piece)
    } else this.#first = piece
    this.#any = true
  }

  /** Gives what was added, and forgets it. */
  take(): Buffer[] {
    this.#close()
    const taken = this.#whole
    this.#whole = []
    return taken
  }

  #copy(piece: Buffer): void {
    if (this.#slab === undefined || this.#end + piece.length > SLAB) {
      this.#close()
      this.#slab = Buffer.allocUnsafeSlow(SLAB)
      this.#start = this.#end = 0
    }
    this.#slab.set(piece, this.#end)
    this.#end += piece.length
  }

  /** What comes next is a piece of its own. */
  #close(): void {
    if (this.#first !== undefined) this.#whole.push(this.#first)
    this.#first = undefined
    if (this.#slab !== undefined && this.#end > this.#start) this.#whole.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}

/**
 * Has the small pieces that node pushes into a body put together before anybody gets them, whether somebody reads it or not: node counts the bytes that wait in a stream, and not what they cost.
 * Call it before the first of them can have come.
 */
export function joinSmallPieces(body: Readable): void {
  const push = body.push.bind(body)
  const joined = new JoinedPieces()
  let held = 0
  let pieces = 0
  const flush = (): void => {
    if (pieces === 0) return
    held = pieces = 0
    for (const piece of joined.take()) push(piece)
  }
  const join = (piece: Buffer | null): boolean => {
    if (piece === null || piece.length >= SMALL) {
      flush()
      return push(piece)
    }
    // Not process.nextTick: node's parser lets that run behind each single chunk.
    if (pieces === 0) setImmediate(flush)
    joined.add(piece)
    held += piece.length
    // Node reads on when what was held is there.
    return ++pieces < MOST_AT_ONCE && body.readableLength + held < body.readableHighWaterMark
  }
  body.push = join
}
