/**
 * A file that the application gave (`wsgi.file_wrapper`), sent by the server: no byte of it goes through the application's process.
 */
import { close, constants, fstat, open, read } from 'node:fs'
import { PlaitError } from '../errors.ts'
import type { FileResponse } from '../hosts/host.ts'
import type { Request } from '../http/request.ts'

/** Bytes per read. Two buffers of this size are all that a transfer holds: one is being sent while the other is filled. */
const bufferSize = 128 * 1024

/** Buffers of transfers that are over, for the next ones. */
const spare: Buffer[] = []
const maxSpare = 16

/** The file is opened for reading only, and opening a FIFO that took its place does not wait for a writer. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens the very file that the application gave: a regular file with the same device and inode.
 * @param done gets the descriptor and the bytes there are now from `file.offset` on, or an error. The caller closes the descriptor.
 */
export function openSameFile(
  file: FileResponse,
  done: (error: Error | undefined, descriptor: number, size: number) => void,
): void {
  open(file.path, openFlags, (openError, descriptor) => {
    if (openError !== null) return done(openError, -1, 0)
    fstat(descriptor, { bigint: true }, (error, found) => {
      const same = error === null && found.isFile() && found.dev === file.dev && found.ino === file.ino
      if (same) return done(undefined, descriptor, Math.max(0, Number(found.size) - file.offset))
      closeQuietly(descriptor)
      done(error ?? new PlaitError('PLAIT_APPLICATION', `Cannot send ${file.path}: it is not the file that was given`), -1, 0)
    })
  })
}

/** A part of a file, to be sent as a response's body. */
export interface FilePart {
  readonly descriptor: number
  readonly offset: number
  readonly length: number
}

/** Sends a part of a file after a response's header. Holds two buffers, whatever the client's speed. */
export class FileTransfer {
  readonly #request: Request
  readonly #descriptor: number
  readonly #done: (error: Error | undefined) => void
  #position: number
  /** Bytes not read yet. */
  #left: number
  #free: Buffer[]
  /** Buffers that are with the client's connection, oldest first. */
  #sending: Buffer[] = []
  #reading = false
  #stopped = false

  /** @param done called once, when the last byte has left or with what went wrong; never after {@link stop} */
  constructor(request: Request, part: FilePart, done: (error: Error | undefined) => void) {
    this.#request = request
    this.#descriptor = part.descriptor
    this.#position = part.offset
    this.#left = part.length
    this.#done = done
    this.#free = [spare.pop() ?? Buffer.allocUnsafeSlow(bufferSize), spare.pop() ?? Buffer.allocUnsafeSlow(bufferSize)]
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
      if (size === 0)
        return this.#finish(new PlaitError('PLAIT_APPLICATION', 'The file that the application gave became shorter'))
      this.#position += size
      this.#left -= size
      this.#sending.push(buffer)
      this.#request.writeChunk(buffer.subarray(0, size), this.#flushed)
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
    closeQuietly(this.#descriptor)
    // Only buffers that nobody reads or writes any more.
    while (this.#free.length > 0 && spare.length < maxSpare) spare.push(this.#free.pop() as Buffer)
    this.#done(error)
  }
}

/** Reads a small part whole. */
export function readPart(part: FilePart, done: (error: Error | undefined, bytes: Buffer) => void): void {
  const bytes = Buffer.allocUnsafeSlow(part.length)
  let filled = 0
  const more = (): void => {
    read(part.descriptor, bytes, filled, part.length - filled, part.offset + filled, (error, size) => {
      filled += size ?? 0
      if (error === null && size > 0 && filled < part.length) return more()
      closeQuietly(part.descriptor)
      done(error ?? undefined, bytes.subarray(0, filled))
    })
  }
  more()
}

/** Closes a descriptor that was only read from: an error here changes nothing for anybody. */
export function closeQuietly(descriptor: number): void {
  close(descriptor, () => undefined)
}
