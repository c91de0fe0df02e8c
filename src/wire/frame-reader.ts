import { PlaitError } from '../errors.ts'
import { HEADER_SIZE, LARGEST_FRAME, ToServer } from './frame.ts'

/** What a {@link FrameReader} calls. Buffers are only valid during the call, unless copied; positions save making views. */
export interface FrameConsumer {
  /** A whole frame: its payload lies in `buffer` from `start` to `end`, the head being the first `headSize` bytes of it. */
  frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number, headSize: number): void
  /** A piece of a `DATA` frame, as it arrived: large payloads are never put together. */
  data(id: number, piece: Buffer): void
}

/**
 * Takes the bytes of a host, cut anywhere, and gives frames. Pure: no socket, no timer.
 * A frame that lies whole in one chunk (nearly all do) is not copied.
 */
export class FrameReader {
  readonly #consumer: FrameConsumer
  /** What is left of a frame that began in an earlier chunk, header included. */
  #parts: Buffer[] = []
  #have = 0
  #needed = HEADER_SIZE
  /** The `DATA` frame that is being handed on. */
  #dataId = 0
  #dataLeft = 0
  /** Chunks that were read, and frames that were whole, or `DATA` and have begun: both grow while the host says something. */
  chunks = 0
  frames = 0

  constructor(consumer: FrameConsumer) {
    this.#consumer = consumer
  }

  /** Reads the next chunk. Throws `PLAIT_PROTOCOL` when the bytes are no frames: the host must be killed then. */
  push(chunk: Buffer): void {
    this.chunks++
    let position = 0
    const size = chunk.length
    while (position < size) {
      if (this.#dataLeft > 0) position = this.#passData(chunk, position)
      else if (this.#have > 0) position = this.#complete(chunk, position)
      else position = this.#readFrame(chunk, position)
    }
  }

  /** True between frames: what a dying host sent last was whole. */
  get idle(): boolean {
    return this.#have === 0 && this.#dataLeft === 0
  }

  #passData(chunk: Buffer, position: number): number {
    const end = Math.min(chunk.length, position + this.#dataLeft)
    this.#dataLeft -= end - position
    this.#consumer.data(this.#dataId, position === 0 && end === chunk.length ? chunk : chunk.subarray(position, end))
    return end
  }

  /** A frame that starts at `position`; what is not whole is put aside. */
  #readFrame(chunk: Buffer, position: number): number {
    if (chunk.length - position < HEADER_SIZE) return this.#keep(chunk, position, HEADER_SIZE)
    const length = chunk.readUInt32LE(position)
    if (length > LARGEST_FRAME) throw outOfStep(length)
    if (chunk[position + 8] === ToServer.DATA) {
      this.#dataId = chunk.readUInt32LE(position + 4)
      this.#dataLeft = length
      this.frames++
      return position + HEADER_SIZE
    }
    // Behind its end lie other frames, which may be for other clients.
    const head = chunk.readUInt16LE(position + 10)
    if (head > length) throw new PlaitError('PLAIT_PROTOCOL', `The host sent a frame of ${length} bytes with a head of ${head}`)
    const end = position + HEADER_SIZE + length
    if (end > chunk.length) return this.#keep(chunk, position, HEADER_SIZE + length)
    this.frames++
    this.#consumer.frame(
      chunk[position + 8] as number,
      chunk[position + 9] as number,
      chunk.readUInt32LE(position + 4),
      chunk,
      position + HEADER_SIZE,
      end,
      head,
    )
    return end
  }

  #keep(chunk: Buffer, position: number, needed: number): number {
    // A copy: the chunk's buffer is read into again.
    const part = Buffer.from(chunk.subarray(position))
    this.#parts.push(part)
    this.#have += part.length
    this.#needed = needed
    return chunk.length
  }

  /** Adds to the frame put aside until it is whole (or its header is, which then tells the length). */
  #complete(chunk: Buffer, position: number): number {
    const end = Math.min(chunk.length, position + this.#needed - this.#have)
    this.#parts.push(Buffer.from(chunk.subarray(position, end)))
    this.#have += end - position
    if (this.#have < this.#needed) return end
    const whole = Buffer.concat(this.#parts, this.#have)
    this.#parts = []
    this.#have = 0
    this.#readFrame(whole, 0)
    return end
  }
}

function outOfStep(length: number): PlaitError {
  return new PlaitError('PLAIT_PROTOCOL', `The host sent a frame of ${length} bytes, more than ${LARGEST_FRAME}`)
}
