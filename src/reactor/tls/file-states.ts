import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

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

  /** Has one of them changed, come or gone? */
  async changed(): Promise<boolean> {
    const now = await Promise.all(this.#files.map((file) => stat(file, { bigint: true }).then(stateOf, codeOf)))
    return now.some((state, index) => state !== this.#states[index])
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
