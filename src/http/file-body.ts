/** Parts of open files as bodies of responses: in bounded memory, never longer than announced, and the descriptor closed in every case. */
import { close, closeSync, read } from 'node:fs'

/** Bytes per read. Two buffers of this size are all that a transfer holds: one is being sent while the other is filled. */
const bufferSize = 128 * 1024

/** Buffers of transfers that are over, for the next ones: 8 MiB at most. New ones cost a sixth of a transfer of 1 MiB. */
const spare: Buffer[] = []
const maxSpare = 64

/** A part of a file, to be sent as a response's body. */
export interface FilePart {
  readonly descriptor: number
  readonly offset: number
  readonly length: number
}

/** What takes the bytes; a `Request` fits. `flushed` is called when the system has taken them. */
export interface ChunkTaker {
  writeChunk(chunk: Uint8Array, flushed: () => void): void
}

/** Options of {@link FileTransfer}. */
export interface TransferOptions {
  /** The caller closes the descriptor when the transfer has ended well; otherwise the transfer has closed it. @default false */
  keepOpen?: boolean
}

/** Sends a part of a file after a response's header. Holds two buffers, whatever the client's speed. */
export class FileTransfer {
  readonly #taker: ChunkTaker
  readonly #descriptor: number
  readonly #keepOpen: boolean
  readonly #done: (error: Error | undefined) => void
  #position: number
  /** Bytes not read yet. */
  #left: number
  #free: Buffer[]
  /** Buffers that are with the client's connection, oldest first. */
  #sending: Buffer[] = []
  #reading = false
  #stopped = false

  /**
   * @param part must not be empty
   * @param done called once, when the last byte has left or with what went wrong; never after {@link stop}
   */
  constructor(taker: ChunkTaker, part: FilePart, done: (error: Error | undefined) => void, options: TransferOptions = {}) {
    this.#taker = taker
    this.#descriptor = part.descriptor
    this.#keepOpen = options.keepOpen ?? false
    this.#position = part.offset
    this.#left = part.length
    this.#done = done
    this.#free = [spare.pop() ?? Buffer.allocUnsafeSlow(bufferSize)]
    // What one read fetches needs no second buffer.
    if (part.length > bufferSize) this.#free.push(spare.pop() ?? Buffer.allocUnsafeSlow(bufferSize))
    this.#fill()
  }

  /** Ends the transfer: the client has gone. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    // A read under way still writes into its buffer and holds the descriptor.
    if (!this.#reading) closeQuietly(this.#descriptor)
  }

  #fill(): void {
    if (this.#reading || this.#stopped || this.#left === 0) return
    const buffer = this.#free.pop()
    if (buffer === undefined) return
    this.#reading = true
    read(this.#descriptor, buffer, 0, Math.min(buffer.length, this.#left), this.#position, (error, size) => {
      this.#reading = false
      if (this.#stopped) return closeQuietly(this.#descriptor)
      if (error !== null) return this.#finish(error)
      if (size === 0) return this.#finish(new Error('The file became shorter while it was sent'))
      this.#position += size
      this.#left -= size
      this.#sending.push(buffer)
      this.#taker.writeChunk(buffer.subarray(0, size), this.#flushed)
      this.#fill()
    })
  }

  readonly #flushed = (): void => {
    const buffer = this.#sending.shift()
    if (buffer === undefined || this.#stopped) return
    this.#free.push(buffer)
    if (this.#left > 0) this.#fill()
    else if (this.#sending.length === 0) this.#finish(undefined)
  }

  #finish(error: Error | undefined): void {
    this.#stopped = true
    if (error !== undefined || !this.#keepOpen) closeQuietly(this.#descriptor)
    // Only buffers that nobody reads or writes any more.
    while (this.#free.length > 0 && spare.length < maxSpare) spare.push(this.#free.pop() as Buffer)
    this.#done(error)
  }
}

/** Reads a small part whole, and closes the descriptor. Gives fewer bytes when the file has become shorter. */
export function readPart(part: FilePart, done: (error: Error | undefined, bytes: Buffer) => void): void {
  const bytes = Buffer.allocUnsafeSlow(part.length)
  let filled = 0
  const more = (): void => {
    read(part.descriptor, bytes, filled, part.length - filled, part.offset + filled, (error, size) => {
      filled += size ?? 0
      if (error === null && size > 0 && filled < part.length) return more()
      closeNow(part.descriptor)
      done(error ?? undefined, bytes.subarray(0, filled))
    })
  }
  more()
}

/** Closes a descriptor that was only read from: an error here changes nothing for anybody. */
export function closeQuietly(descriptor: number): void {
  close(descriptor, () => undefined)
}

/**
 * As {@link closeQuietly}, without a turn in another thread, which costs more than all else that is done for a small file. Only right after
 * the descriptor was opened, or for small files: the last close of a large file that was deleted frees its blocks, and takes its time.
 */
export function closeNow(descriptor: number): void {
  try {
    closeSync(descriptor)
  } catch {
    // it was only read from
  }
}
