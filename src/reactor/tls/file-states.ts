import { statSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/**
 * What files and folders were like at one time. A change is seen through links, so that a link that leads elsewhere is one, and without a system's own
 * watchers, which miss what happens behind a link and on a network's disk.
 */
export class FileStates {
  readonly #files: readonly string[]
  readonly #states: readonly string[]

  /** Take it before the files are read: what changes meanwhile is a change then. */
  constructor(files: readonly string[]) {
    this.#files = files
    this.#states = files.map((file) => {
      try {
        return stateOf(statSync(file, { bigint: true }))
      } catch (error) {
        return codeOf(error)
      }
    })
  }

  /** Has one of them changed, come or gone? Of those that may not be looked at, nobody knows. */
  async changed(): Promise<boolean> {
    const now = await Promise.all(this.#files.map((file) => stat(file, { bigint: true }).then(stateOf, codeOf)))
    return now.some((state, index) => state !== this.#states[index] && state !== 'EACCES')
  }

  /** The first of them that this process may not read, as it is now. */
  async unreadable(): Promise<string | undefined> {
    for (const file of this.#files) if (!(await mayRead(file))) return file
    return undefined
  }
}

/** By trying it: what the permissions say is not all that there is. */
async function mayRead(file: string): Promise<boolean> {
  try {
    await (await open(file)).close()
    return true
  } catch (error) {
    return codeOf(error) !== 'EACCES'
  }
}

interface Stats {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown'
}
