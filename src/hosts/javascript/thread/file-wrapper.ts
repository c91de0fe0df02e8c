/** `wsgi.file_wrapper` (PEP 3333, "Optional Platform-Specific File Handling"). */
import { closeSync, fstatSync, openSync, readSync, readlinkSync } from 'node:fs'
import type { FileLike, OpenFile } from '../wsgi.ts'

const BLOCK = 64 * 1024

/** Gives a file block by block; a regular one is handed over to the server instead. */
export class FileWrapper implements Iterable<Uint8Array> {
  readonly #file: FileLike | OpenFile
  readonly #blockSize: number
  #position: number

  constructor(file: FileLike | OpenFile, blockSize: number = BLOCK) {
    this.#file = file
    this.#blockSize = blockSize
    this.#position = isOpenFile(file) ? (file.position ?? 0) : 0
  }

  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (let block = this.#read(); block.length > 0; block = this.#read()) yield block
  }

  #read(): Uint8Array {
    const file = this.#file
    if (!isOpenFile(file)) return asBytes(file.read(this.#blockSize))
    const block = Buffer.allocUnsafe(this.#blockSize)
    const seekable = fstatSync(file.fd).isFile()
    const count = readSync(file.fd, block, 0, block.length, seekable ? this.#position : null)
    this.#position += count
    return block.subarray(0, count)
  }

  close(): void {
    const { close } = this.#file
    if (typeof close === 'function') void close.call(this.#file)
  }

  /**
   * A regular file with a descriptor of our own; the application's is closed. Undefined for everything else, which is read block by block.
   * Opens the very file once more, by way of the system's list of open files.
   */
  takeOver(): GivenFile | undefined {
    const file = this.#file
    if (!isOpenFile(file)) return undefined
    const given = GivenFile.open(file.fd, this.#position)
    if (given === undefined) return undefined
    try {
      this.close()
    } catch (error) {
      given.release()
      throw error
    }
    return given
  }
}

/** A regular file that the server may send. */
export class GivenFile {
  readonly path: string
  readonly offset: number
  readonly size: number
  readonly dev: bigint
  readonly ino: bigint
  readonly #descriptor: number

  private constructor(descriptor: number, offset: number) {
    const { size, dev, ino } = fstatSync(descriptor, { bigint: true })
    this.#descriptor = descriptor
    this.path = pathOf(descriptor)
    this.offset = offset
    this.size = Math.max(0, Number(size) - offset)
    this.dev = dev
    this.ino = ino
  }

  static open(fd: number, offset: number): GivenFile | undefined {
    let descriptor: number | undefined
    try {
      if (!fstatSync(fd).isFile()) return undefined
      // Not one that was opened for writing alone: by its path it could be read all the same.
      readSync(fd, new Uint8Array(1), 0, 1, offset)
      descriptor = openSync(pathOf(fd), 'r')
      return new GivenFile(descriptor, offset)
    } catch {
      // Not open, not readable, or a system without such a list.
      if (descriptor !== undefined) closeSync(descriptor)
      return undefined
    }
  }

  /** The file block by block, for a server that could not open it. */
  *blocks(): IterableIterator<Buffer> {
    const end = this.offset + this.size
    for (let position = this.offset; position < end;) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK, end - position))
      const count = readSync(this.#descriptor, block, 0, block.length, position)
      if (count === 0) return
      position += count
      yield block.subarray(0, count)
    }
  }

  release(): void {
    closeSync(this.#descriptor)
  }
}

/** Leads to the very file on Linux, deleted or not. */
function pathOf(descriptor: number): string {
  const listed = `/proc/self/fd/${descriptor}`
  try {
    readlinkSync(listed)
    return listed
  } catch {
    return `/dev/fd/${descriptor}`
  }
}

/** What a `read` gave; nothing means the end. */
function asBytes(found: unknown): Uint8Array {
  if (found === undefined || found === null) return new Uint8Array(0)
  if (found instanceof Uint8Array) return found
  throw new TypeError(`read() of a file must give bytes, not a ${typeof found}`)
}

function isOpenFile(file: FileLike | OpenFile): file is OpenFile {
  return Number.isInteger((file as OpenFile).fd)
}
