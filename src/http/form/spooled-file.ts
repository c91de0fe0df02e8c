import { closeSync, createReadStream, write } from 'node:fs'
import { promisify } from 'node:util'
import { PlaitError } from '../../errors.ts'
import { spoolFolder, unlinkSpooled } from '../spool.ts'

const writeBytes = promisify(write)

/** Bytes of one file that are kept in memory. */
const MEMORY = 64 * 1024

/** Bytes that come piece by piece: in memory while they are few, then in a private file. */
export class SpooledFile {
  #pieces: Buffer[] = []
  #file: { path: string; descriptor: number } | undefined
  #path: string | undefined
  #removed = false
  size = 0

  /** Fulfilled when it can take more. Throws with status 507 when the disk cannot. */
  async append(piece: Buffer): Promise<void> {
    this.size += piece.length
    this.#pieces.push(piece)
    if (this.#file === undefined && this.size <= MEMORY) return
    try {
      this.#file ??= spoolFolder.create()
      this.#path = this.#file.path
      const pieces = this.#pieces
      this.#pieces = []
      for (const one of pieces) await writeAll(this.#file.descriptor, one)
    } catch (error) {
      const message = `Cannot keep an uploaded file: ${(error as Error).message}`
      throw new PlaitError('PLAIT_PROTOCOL', message, { status: 507, cause: error })
    }
  }

  /** No more comes. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor)
    this.#file = undefined
  }

  /** The bytes from the start, as often as they are asked for until {@link remove}. Throws `PLAIT_RESOURCE` after it. */
  async *read(): AsyncGenerator<Buffer, void> {
    if (this.#removed) throw new PlaitError('PLAIT_RESOURCE', 'Cannot read an uploaded file: it went with its request')
    if (this.#path === undefined) yield* this.#pieces
    else yield* createReadStream(this.#path) as AsyncIterable<Buffer>
  }

  /** Nothing of it is left. */
  remove(): void {
    this.close()
    if (this.#path !== undefined) unlinkSpooled(this.#path)
    this.#removed = true
    this.#pieces = []
  }
}

async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;)
    from += (await writeBytes(descriptor, bytes, from, bytes.length - from, null)).bytesWritten
}
