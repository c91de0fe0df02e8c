/**
 * The frames between the server and a Python host: a header of 14 bytes, then the payload. `python/plait_host/frames.py` has the
 * same table for the other end.
 *
 *     u32 payload length | u32 request id | u8 type | u8 flags | u16 head length | u16 thread      (little endian)
 *
 * `thread` is the number of the application's thread that a RESPONSE, FILE, FAILED or STACK comes from; 0 elsewhere.
 */

/** Bytes of a frame's header. */
export const HEADER_SIZE = 14

/** Where the number of the thread lies, from the end of the header. */
export const THREAD_BEFORE = 2

/** A host's frames are small, and `DATA` has 256 KiB at most: more means that the two are out of step. */
export const LARGEST_FRAME: number = 1024 * 1024

/** Types of frames, server to host. */
export const ToHost = {
  /** u32 length of JSON settings, the settings, then a marshal sample. */
  INIT: 1,
  /** A batch of requests, see `request-batch.ts`. */
  REQUESTS: 2,
  /** u32: bytes of the response that have left. */
  CREDIT: 3,
  /** A piece of a streamed body. */
  INPUT: 4,
  /** Nobody waits for the response. */
  ABANDON: 5,
  /** The file of `FILE` was opened, or not. */
  FILE_TAKEN: 6,
  /** End. */
  STOP: 7,
  /** u32: how many threads there may be. */
  THREADS: 8,
  /** The request has taken too long: answer with STACK, and raise an exception in its thread. */
  INTERRUPT: 9,
} as const

/** Types of frames, host to server. */
export const ToServer = {
  /** JSON: pid, version, what the marshal sample meant. */
  HELLO: 65,
  /** JSON: the application is imported, or why not. */
  LOADED: 66,
  /** Head (status and fields joined by LF), then the first block. */
  RESPONSE: 67,
  /** More of the body. */
  DATA: 68,
  /** The run is over. */
  END: 69,
  /** JSON: the exception that ended the run. */
  FAILED: 70,
  /** Head, then JSON: a file to send. */
  FILE: 71,
  /** u32: bytes of a streamed body that may be sent. */
  INPUT_WANTED: 72,
  /** Fields of 103 Early Hints joined by LF. */
  EARLY_HINTS: 73,
  /** JSON: paths of files that the application has imported since the last time. Only when INIT asks for it. */
  IMPORTED: 74,
  /** Text: where the thread of an interrupted request stands. */
  STACK: 75,
} as const

/** Flags; each belongs to one type. */
export const Flag = {
  /** RESPONSE: the run is over. */
  LAST: 1,
  /** RESPONSE: the result had one block, or none. */
  ONE_PIECE: 2,
  /** INPUT: the body is whole. */
  INPUT_END: 1,
  /** INPUT: the body broke off; the payload says why. */
  INPUT_FAILED: 2,
  /** FILE_TAKEN: opened. */
  TAKEN: 1,
  /** REQUESTS: environ as JSON instead of marshal. */
  REQUESTS_JSON: 1,
} as const

/** Kinds of body in REQUESTS. */
export const BodyKind = { BYTES: 1, FILE: 2, STREAM: 3 } as const

/** Makes one frame with a small payload. */
export function encodeFrame(type: number, id: number, payload: Uint8Array | string = '', flags = 0): Buffer {
  const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const frame = Buffer.allocUnsafe(HEADER_SIZE + size)
  writeHeader(frame, 0, size, id, type, flags)
  if (typeof payload === 'string') frame.write(payload, HEADER_SIZE)
  else frame.set(payload, HEADER_SIZE)
  return frame
}

/** Makes a frame whose payload is one u32. */
export function encodeCount(type: number, id: number, count: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_SIZE + 4)
  writeHeader(frame, 0, 4, id, type, 0)
  frame.writeUInt32LE(count, HEADER_SIZE)
  return frame
}

/** Writes a header at `offset`; gives the offset behind it. */
export function writeHeader(target: Buffer, offset: number, size: number, id: number, type: number, flags: number): number {
  target.writeUInt32LE(size, offset)
  target.writeUInt32LE(id, offset + 4)
  target[offset + 8] = type
  target[offset + 9] = flags
  target.writeUInt32LE(0, offset + 10)
  return offset + HEADER_SIZE
}
