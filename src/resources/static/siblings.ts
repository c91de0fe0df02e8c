/** Compressed copies beside a file: `app.js.br`, `app.js.zst`, `app.js.gz`. */
import { stat } from 'node:fs'
import type { Stats } from 'node:fs'
import { closeOpened, openBelow, statusOfError } from './open-file.ts'
import type { OpenedFile } from './open-file.ts'
import type { ServedRoot } from './served-root.ts'

/** The content codings of siblings. */
export type SiblingCoding = 'br' | 'zstd' | 'gzip'

/** The server's favourite first. */
export const siblingCodings: readonly SiblingCoding[] = Object.freeze(['br', 'zstd', 'gzip'])

const endings: Readonly<Record<SiblingCoding, string>> = Object.freeze({ br: '.br', zstd: '.zst', gzip: '.gz' })
const isCompressed = /\.(?:br|zst|gz|bz2|xz|zip|7z)$/i

/** What is compressed anyway, or too seldom requested with a sibling to look for one. */
const incompressible =
  /^(?:image\/(?!svg|bmp|x-icon|vnd\.microsoft)|video\/|audio\/|font\/woff|application\/(?:zip|gzip|pdf|zstd|x-7z|x-rar))/

/** For how long a look around is good, in milliseconds. Contents are never kept: what is sent is opened for each request. */
const goodFor = 1000
const mostKept = 2000

interface Look {
  readonly until: number
  readonly codings: readonly SiblingCoding[]
}

/** Which siblings the files of one tree have. */
export class Siblings {
  readonly #looks = new Map<string, Look>()

  /** The codings in which `path` has siblings: those that were there a moment ago. `[]` for what nobody compresses. */
  async of(path: string, type: string): Promise<readonly SiblingCoding[]> {
    if (incompressible.test(type) || isCompressed.test(path)) return []
    const now = performance.now()
    const known = this.#looks.get(path)
    if (known !== undefined && known.until > now) return known.codings
    const there = await Promise.all(siblingCodings.map((coding) => exists(path + endings[coding])))
    const codings = siblingCodings.filter((_, index) => there[index])
    if (this.#looks.size >= mostKept) this.#looks.clear()
    this.#looks.set(path, { until: now + goodFor, codings })
    return codings
  }
}

/**
 * Opens the first of the siblings that can be sent in place of the file.
 * @param main the file itself: an older sibling is of an older content, and left alone
 */
export async function openSibling(
  root: ServedRoot,
  path: string,
  main: Stats,
  codings: readonly SiblingCoding[],
): Promise<{ opened: OpenedFile; coding: SiblingCoding } | undefined> {
  for (const coding of codings) {
    const opened = await openQuietly(root, path + endings[coding])
    if (opened === undefined) continue
    if (opened.stats.isFile() && opened.stats.mtimeMs >= main.mtimeMs) return { opened, coding }
    closeOpened(opened)
  }
  return undefined
}

async function openQuietly(root: ServedRoot, path: string): Promise<OpenedFile | undefined> {
  try {
    return await openBelow(root, path)
  } catch (error) {
    // The file itself will do.
    if (statusOfError(error) !== undefined) return undefined
    throw error
  }
}

function exists(path: string): Promise<boolean> {
  return new Promise((resolve) => stat(path, (error) => resolve(error === null)))
}
