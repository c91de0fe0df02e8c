/** A small file of settings that is read again when it changes: passwords, users. */
import { readFileSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { PlaitError } from '../errors.ts'

/** A file that changed so recently may change again and look the same: clocks of file systems tick slowly. Milliseconds. */
const YOUNG = 2000

/** What a file says. It is looked at for each {@link read}, and read when it has changed. */
export class ParsedFile<Content> {
  readonly path: string
  readonly #parse: (text: string) => Content
  #content: Content
  #tag: string
  #reading: Promise<Content> | undefined

  /**
   * Reads the file at once.
   * @param parse gets the whole file, as UTF-8
   * @throws PlaitError `PLAIT_CONFIGURATION` when it cannot be read
   */
  constructor(path: string, parse: (text: string) => Content) {
    this.path = path
    this.#parse = parse
    try {
      this.#tag = tagOf(statSync(path, { bigint: true }))
      this.#content = parse(readFileSync(path, 'utf8'))
    } catch (error) {
      throw cannotRead(path, error)
    }
  }

  /** What it said when it was read last. */
  get current(): Content {
    return this.#content
  }

  /** What it says now. Rejected with `PLAIT_CONFIGURATION` when it cannot be read any more. */
  read(): Promise<Content> {
    // Who asks while it is being looked at gets the same.
    return (this.#reading ??= this.#look().finally(() => (this.#reading = undefined)))
  }

  async #look(): Promise<Content> {
    try {
      // Looked at before it is read: a change in between is then seen the next time.
      const tag = tagOf(await stat(this.path, { bigint: true }))
      if (tag === '' || tag !== this.#tag) {
        this.#content = this.#parse(await readFile(this.path, 'utf8'))
        this.#tag = tag
      }
      return this.#content
    } catch (error) {
      throw cannotRead(this.path, error)
    }
  }
}

/** '' for a file that may change unseen. */
function tagOf(stats: BigIntStats): string {
  if (Date.now() - Number(stats.ctimeMs) < YOUNG) return ''
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

function cannotRead(path: string, error: unknown): PlaitError {
  if (error instanceof PlaitError) return error
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot read ${path}: ${(error as Error).message}`, { cause: error })
}
