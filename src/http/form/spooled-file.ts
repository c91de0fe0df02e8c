import { createReadStream } from 'node:fs'
import { PlaitError } from '../../errors.ts'
import type { SpoolDone, SpoolFile } from '../spool-file.ts'
import type { Spool } from '../spool.ts'

/** Bytes of one file that are kept in memory. */
const MEMORY = 64 * 1024

/** Bytes that come piece by piece: in memory while they are few, then in a private file. */
export class SpooledFile {
  #pieces: Buffer[] = []
  readonly #spool: Spool
  #file: SpoolFile | undefined
  #removed = false
  size = 0

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /**
   * Fulfilled when it can take more.
   * @throws PlaitError `PLAIT_STORAGE`
   */
  async append(piece: Buffer): Promise<void> {
    this.size += piece.length
    this.#pieces.push(piece)
    if (this.#file === undefined && this.size <= MEMORY) return
    const file = (this.#file ??= this.#spool.create())
    const pieces = this.#pieces
    this.#pieces = []
    for (const one of pieces) await settled((done) => file.write(one, done))
  }

  /**
   * No more comes.
   * @throws PlaitError `PLAIT_STORAGE`
   */
  async close(): Promise<void> {
    const file = this.#file
    if (file !== undefined) await settled((done) => file.close(done))
  }

  /** The bytes from the start, as often as they are asked for until {@link remove}. Throws `PLAIT_RESOURCE` after it. */
  async *read(): AsyncGenerator<Buffer, void> {
    if (this.#removed) throw new PlaitError('PLAIT_RESOURCE', 'Cannot read an uploaded file: it went with its request')
    if (this.#file === undefined) yield* this.#pieces
    else yield* createReadStream(this.#file.path) as AsyncIterable<Buffer>
  }

  /** Nothing of it is left. */
  remove(): void {
    this.#file?.remove()
    this.#removed = true
    this.#pieces = []
  }
}

function settled(begin: (done: SpoolDone) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => (error === undefined ? resolve() : reject(error)))
  })
}
