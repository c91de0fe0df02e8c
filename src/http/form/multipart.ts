/** Forms with files (RFC 7578). The parser is @fastify/busboy; what it leaves out in silence is an error here. */
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import { PlaitError } from '../../errors.ts'
import { addField } from '../field-map.ts'
import { Form } from './form.ts'
import { FormFile, type FormFileHead } from './form-file.ts'
import type { FormLimits } from './form-options.ts'
import type { Spool } from '../spool.ts'
import { SpooledFile } from './spooled-file.ts'

/** Bytes of a part's head, and fields in it. Browsers send two fields, with names as long as the form has them. */
const MOST_HEAD = 16 * 1024
const MOST_HEAD_FIELDS = 20

/** Reads one form. When it fails, nothing of it is left. */
export class MultipartReader {
  readonly #limits: FormLimits
  readonly #spool: Spool
  readonly #parser: BusboyInstance
  readonly #fields = new Map<string, string[]>()
  readonly #contents: SpooledFile[] = []
  /** In the order in which they came; a small one may be whole before a large one that came before it. */
  readonly #saving: Promise<FormFile | undefined>[] = []
  #memory = 0
  #current: BusboyFileStream | undefined
  #finished = false
  #error: PlaitError | undefined
  /** Ends the wait for the parser. */
  #wake: (() => void) | undefined

  /** @param contentType of the request. Throws with status 400 when it has no boundary that could be one */
  constructor(contentType: string, limits: FormLimits, spool: Spool) {
    this.#limits = limits
    this.#spool = spool
    this.#parser = createParser(contentType, limits)
    this.#listen()
  }

  /** Takes all pieces. Throws what is wrong with them: 400 or 413, `PLAIT_STORAGE` when the disk has no room, and what `pieces` throws. */
  async read(pieces: AsyncIterable<Buffer>): Promise<Form> {
    try {
      for await (const piece of pieces) await this.#until((done) => void this.#parser.write(piece, done))
      await this.#until(() => void this.#parser.end())
      const files = new Map<string, FormFile[]>()
      for (const file of await Promise.all(this.#saving)) if (file !== undefined) addField(files, file.field, file)
      if (this.#error !== undefined) throw this.#error
      return new Form(this.#fields, files)
    } catch (error) {
      this.#current?.destroy()
      await Promise.all(this.#saving)
      this.remove()
      throw error
    }
  }

  /** Removes the files. */
  remove(): void {
    for (const content of this.#contents) content.remove()
  }

  /** Waits for the parser, but no longer than until something is wrong. */
  async #until(begin: (done: () => void) => void): Promise<void> {
    // Behind the last boundary there may be more (RFC 2046 section 5.1.1): the parser takes nothing of it.
    if (this.#finished) return
    // Between two pieces: the parser would wait for a file that nobody takes any more.
    if (this.#error !== undefined) throw this.#error
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      begin(resolve)
    })
    this.#wake = undefined
    if (this.#error !== undefined) throw this.#error
  }

  #listen(): void {
    const { maxFields, maxFiles } = this.#limits
    const parser = this.#parser
    parser.on('field', (name, value, _nameCut, valueCut) => this.#takeField(unquoted(name), value, valueCut))
    parser.on('file', (field, stream, name, _encoding, type) =>
      this.#takeFile(stream, { field: unquoted(field), name: unquoted(name), type }),
    )
    parser.on('fieldsLimit', () => this.#fail(413, `The form has more than ${maxFields} fields`))
    parser.on('filesLimit', () => this.#fail(413, `The form has more than ${maxFiles} files`))
    parser.on('partsLimit', () => this.#fail(413, `The form has more than ${maxFields + maxFiles} parts`))
    parser.on('finish', () => {
      this.#finished = true
      this.#wake?.()
    })
    parser.on('error', () => this.#fail(400, 'The form breaks off before its end'))
  }

  #takeField(name: string | undefined, value: string, cut: boolean): void {
    const { maxFieldSize, maxFieldMemory } = this.#limits
    if (name === undefined) return this.#fail(400, 'A field of the form has no name')
    if (cut) return this.#fail(413, `A field of the form has more than ${maxFieldSize} bytes`)
    this.#memory += Buffer.byteLength(name) + Buffer.byteLength(value)
    if (this.#memory > maxFieldMemory) return this.#fail(413, `The fields of the form have more than ${maxFieldMemory} bytes`)
    addField(this.#fields, name, value)
  }

  #takeFile(stream: BusboyFileStream, head: FormFileHead): void {
    this.#current = stream
    this.#saving.push(this.#save(stream, head))
    if ((head.field as string | undefined) === undefined) this.#fail(400, 'A file of the form has no name of a field')
    // The parser tells a file that is given up, too.
    stream.on('error', ignored)
    stream.on('limit', () => this.#fail(413, `A file of the form has more than ${this.#limits.maxFileSize} bytes`))
  }

  /** Never rejected: what goes wrong is said elsewhere. */
  async #save(stream: BusboyFileStream, head: FormFileHead): Promise<FormFile | undefined> {
    const content = new SpooledFile(this.#spool)
    this.#contents.push(content)
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) await content.append(piece)
      await content.close()
    } catch (error) {
      this.#failWith(error)
    }
    // No name and no bytes: that is what browsers send for a field in which no file was chosen.
    return head.name === '' && content.size === 0 ? undefined : new FormFile(head, content)
  }

  #fail(status: 400 | 413, message: string): void {
    this.#failWith(new PlaitError('PLAIT_PROTOCOL', message, { status }))
  }

  #failWith(error: unknown): void {
    this.#error ??= error instanceof PlaitError ? error : broken(error)
    this.#current?.destroy()
    this.#wake?.()
  }
}

function createParser(contentType: string, limits: FormLimits): BusboyInstance {
  const { maxFields: fields, maxFieldSize: fieldSize, maxFiles: files, maxFileSize: fileSize } = limits
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fields, fieldSize, files, fileSize, parts: fields + files, headerPairs: MOST_HEAD_FIELDS, headerSize: MOST_HEAD },
      isPartAFile: (_field, _type, name) => name !== undefined,
    })
  } catch (error) {
    throw broken(error)
  }
}

/** Browsers send a quote in a name as `%22`, and a percent sign as it is (HTML standard, multipart/form-data encoding). */
function unquoted<T extends string | undefined>(name: T): T {
  return name?.replaceAll('%22', '"') as T
}

function ignored(): void {
  // the reader was told
}

function broken(cause: unknown): PlaitError {
  return new PlaitError('PLAIT_PROTOCOL', 'The form cannot be read: it is no multipart/form-data', { status: 400, cause })
}
