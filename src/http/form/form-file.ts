import { open, rm } from 'node:fs/promises'
import type { SpooledFile } from './spooled-file.ts'

/** What a client says of a file. */
export interface FormFileHead {
  readonly field: string
  readonly name: string
  readonly type: string
}

/** A file of a form. It is there until the request has ended: save what shall stay. An async iterable of its bytes. */
export class FormFile {
  /** The form's field. */
  readonly field: string
  /** The file's name as the client says it, without folders. Never a path to save it under: make a name of your own. */
  readonly name: string
  /** The media type as the client says it: nobody has looked at the bytes. */
  readonly type: string
  /** Bytes. */
  readonly size: number
  readonly #content: SpooledFile

  constructor({ field, name, type }: FormFileHead, content: SpooledFile) {
    this.field = field
    this.name = name
    this.type = type
    this.size = content.size
    this.#content = content
  }

  /** Reads the bytes, piece by piece, as often as wanted. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return this.#content.read()
  }

  /** All bytes in memory: see {@link size} first. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** All bytes as text of UTF-8. */
  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8')
  }

  /**
   * Writes a copy.
   * @param path where to, made by you: never from {@link name}
   * @param overwrite replace a file that is there; else that is an error (`EEXIST`). @default false
   */
  async saveTo(path: string, { overwrite = false }: { overwrite?: boolean } = {}): Promise<void> {
    const file = await open(path, overwrite ? 'w' : 'wx')
    try {
      for await (const piece of this) await file.writeFile(piece)
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }
}
