import { stat } from 'node:fs/promises'
import { findFiles } from './find-files.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 300
/** A file that is not there. */
const ABSENT = ''

/** What a {@link FileWatch} watches, and whom it tells. */
export interface WatchOptions {
  /** Absolute paths and patterns, see `findFiles`: files that appear there count too. */
  readonly extra: readonly string[]
  /** Called with the files that have changed, appeared or gone, once there was a moment without changes. */
  changed(files: readonly string[]): void
}

/**
 * Looks again and again whether files have changed. By their times, not by notices of the system: those do not come through on network file systems and in containers, and a list of some
 * hundred files is soon asked for.
 */
export class FileWatch {
  readonly #options: WatchOptions
  /** From a file to what tells its versions apart. */
  readonly #known = new Map<string, string>()
  readonly #changed = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #listed = false
  #over = false

  /** Begins to look. Does not keep the process alive. */
  constructor(options: WatchOptions) {
    this.#options = options
    this.#lookLater()
  }

  /** Watches these files too, from how they are at the next look. */
  add(files: readonly string[]): void {
    for (const file of files) void this.#learn(file)
  }

  stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  async #learn(file: string): Promise<void> {
    if (this.#known.has(file)) return
    const version = await versionOf(file)
    if (!this.#known.has(file)) this.#known.set(file, version)
  }

  #lookLater(): void {
    if (this.#over) return
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#lookLater()), LOOK_MS)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const extra = (await Promise.all(this.#options.extra.map(findFiles))).flat()
    // What is there at the first look has not appeared.
    if (!this.#listed) await Promise.all(extra.map((file) => this.#learn(file)))
    this.#listed = true
    for (const file of extra) if (!this.#known.has(file)) this.#known.set(file, ABSENT)
    const before = this.#changed.size
    await Promise.all([...this.#known].map(([file, version]) => this.#compare(file, version)))
    if (this.#over || this.#changed.size === 0 || this.#changed.size > before) return
    const files = [...this.#changed]
    this.#changed.clear()
    this.#options.changed(files)
  }

  async #compare(file: string, before: string): Promise<void> {
    const version = await versionOf(file)
    if (version === before) return
    this.#known.set(file, version)
    this.#changed.add(file)
  }
}

async function versionOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return ABSENT
  }
}
