import type { Transform } from 'node:stream'

/** A stream that compresses; those of node:zlib fit. */
export interface EncoderStream extends Transform {
  /** Gives out all that was written so far, so that a client can decode it. */
  flush(kind: number, done?: () => void): void
}

/** Makes the encoders of one content coding (Twisted: `IRequestEncoderFactory`). */
export interface EncoderFactory {
  /** The coding's name in Accept-Encoding and Content-Encoding, in lower case: `gzip`. */
  readonly coding: string
  /** False where this Node has no such encoder: then it is never chosen. */
  readonly available: boolean
  /** What is passed to the `flush` of streams: everything written comes out, and the state is kept. */
  readonly flushKind: number
  /** An encoder for a body that comes in pieces. */
  createStream(): EncoderStream
  /** Encodes a short body, at once. */
  encode(body: Uint8Array): Uint8Array
}
