/** The directory (or file) that a tree of `File`s serves, and what lies in it. */
import { readlinkSync, realpath, realpathSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { sep } from 'node:path'
import { promisify } from 'node:util'

/** May symbolic links be followed: only to what is below the served directory, anywhere, or not at all. */
export type SymlinkPolicy = 'inside' | 'follow' | 'deny'

const realpathLatin1 = promisify(realpath.native) as (path: string, encoding: BufferEncoding) => Promise<string>

/** Is there `/proc/self/fd`? Then the system says where an open file is. */
let hasProc = process.platform === 'linux'

/** Paths that come from the system are compared as latin-1, one character per byte: a name need not be UTF-8. */
export class ServedRoot {
  readonly path: string
  readonly symlinks: SymlinkPolicy
  /** `path` in latin-1, without a slash at its end. */
  readonly #base: string
  readonly #within: string | undefined
  /** Where `path` leads to, likewise. Looked up again when a file is not below it: a link like `current` may have been switched. */
  #real: string | undefined

  /** @param within a directory that `path` must be in, wherever links lead; else nothing is admitted */
  constructor(path: string, symlinks: SymlinkPolicy, within?: string) {
    this.#within = within
    this.path = path
    this.symlinks = symlinks
    this.#base = withoutSlash(latin1(path))
  }

  /**
   * Does an open file belong to what is served? It is asked about the open file itself, so that a link that is switched meanwhile opens
   * no way out.
   * @param file the path by which it was opened, below {@link path} by its text
   */
  async admits(descriptor: number, stats: Stats, file: string): Promise<boolean> {
    if (this.symlinks === 'follow') return true
    const real = placeOf(descriptor, stats, file)
    return real !== undefined && this.#admitsPlace(real, file)
  }

  /** As {@link admits}, of what a path leads to now. */
  async admitsPath(file: string): Promise<boolean> {
    return this.symlinks === 'follow' || this.#admitsPlace(await realpathLatin1(file, 'latin1'), file)
  }

  async #admitsPlace(real: string, file: string): Promise<boolean> {
    if (this.#real !== undefined && this.#isInside(this.#real, real, file)) return true
    this.#real = await this.#lookUp()
    return this.#real !== undefined && this.#isInside(this.#real, real, file)
  }

  async #lookUp(): Promise<string | undefined> {
    const real = withoutSlash(await realpathLatin1(this.path, 'latin1'))
    if (this.#within === undefined) return real
    const around = withoutSlash(await realpathLatin1(this.#within, 'latin1'))
    return real.startsWith(around + sep) ? real : undefined
  }

  #isInside(root: string, real: string, file: string): boolean {
    // No link on the way; or replaced since it was opened, which Linux says behind the name.
    const direct = root + latin1(file).slice(this.#base.length)
    if (real === (direct || sep) || real === `${direct} (deleted)`) return true
    return this.symlinks === 'inside' && (real === (root || sep) || real.startsWith(root + sep))
  }
}

/** Where an open file is now; undefined when that cannot be said. */
function placeOf(descriptor: number, stats: Stats, file: string): string | undefined {
  if (hasProc) {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`, 'latin1')
    } catch {
      hasProc = false
    }
  }
  return placeByPath(stats, file)
}

/** Where the file is that `file` leads to now, if that is still the open one with these `stats`: for systems without `/proc`. */
export function placeByPath(stats: Stats, file: string): string | undefined {
  try {
    const real = realpathSync.native(file, 'latin1')
    const found = statSync(Buffer.from(real, 'latin1'))
    return found.dev === stats.dev && found.ino === stats.ino ? real : undefined
  } catch {
    return undefined
  }
}

/** UTF-8 bytes as latin-1 text. */
function latin1(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

function withoutSlash(path: string): string {
  return path.endsWith(sep) ? path.slice(0, -1) : path
}
