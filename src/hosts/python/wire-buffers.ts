/** A buffer that the wire is read into, and how many pieces of it are on their way to clients. */
export interface WireBuffer {
  readonly bytes: Buffer
  uses: number
}

const SIZE = 64 * 1024
/** Buffers kept for later. */
const MOST_FREE = 32

/**
 * The buffers of one wire. Small frames are used up while they are read, so their buffer is read into again; a buffer with pieces of a large body
 * comes back when the last of them has left. Without this, each read would allocate 64 KiB, and V8 would collect the whole heap eight times
 * a second for it ("external memory pressure").
 */
export class WireBuffers {
  readonly #free: WireBuffer[] = []
  /** What is being read into, or was read last. */
  current: WireBuffer = { bytes: Buffer.allocUnsafeSlow(SIZE), uses: 0 }

  /** Gives the bytes for the next read. */
  next(): Buffer {
    if (this.current.uses > 0) this.current = this.#free.pop() ?? { bytes: Buffer.allocUnsafeSlow(SIZE), uses: 0 }
    return this.current.bytes
  }

  /** A piece of `buffer` has left, or will never. */
  release(buffer: WireBuffer): void {
    buffer.uses--
    if (buffer.uses === 0 && buffer !== this.current && this.#free.length < MOST_FREE) this.#free.push(buffer)
  }
}
