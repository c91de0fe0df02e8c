import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isAlive } from '../reactor/process/is-alive.ts'

const PREFIX = 'plait-'

/**
 * Private files for bodies that are too large for memory: one folder for each server process (0700, named after its pid), one file
 * (0600) for each body. The folder is made at first need and removed at exit; what a killed server left is swept by the next.
 */
export class SpoolFolder {
  readonly #base: string
  #folder: string | undefined

  /** @param base where the folder is made. @default the system's folder for temporary files */
  constructor(base: string = tmpdir()) {
    this.#base = base
  }

  /** Makes a file for a body. Throws what the file system throws (disk full, no permission). */
  create(): { path: string; descriptor: number } {
    this.#folder ??= this.#make()
    const file = path.join(this.#folder, randomBytes(12).toString('hex'))
    return { path: file, descriptor: openSync(file, 'wx', 0o600) }
  }

  /** Removes the folder, if it was made. */
  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  #make(): string {
    mkdirSync(this.#base, { recursive: true })
    this.#sweep()
    // mkdtemp makes it 0700 and never takes one that is there.
    const folder = mkdtempSync(path.join(this.#base, `${PREFIX}${process.pid}-`))
    process.once('exit', () => this.remove())
    return folder
  }

  /** Removes the folders of servers that are dead. Those of other users stay: they may not be removed. */
  #sweep(): void {
    for (const name of readdirSync(this.#base)) {
      const pid = Number(/^plait-(\d+)-\w+$/.exec(name)?.[1])
      if (!(pid > 0) || isAlive(pid)) continue
      try {
        rmSync(path.join(this.#base, name), { recursive: true, force: true })
      } catch {
        // somebody else's
      }
    }
  }
}

/** Removes a spooled body; the host may have done it already. */
export function unlinkSpooled(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // gone already
  }
}

/** The folder of this process. */
export const spoolFolder: SpoolFolder = new SpoolFolder()
