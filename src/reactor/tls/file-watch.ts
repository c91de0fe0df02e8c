import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { DelayedCall, Reactor } from '../reactor.ts'

/**
 * Looks now and then whether files have changed: through links, so that a link that leads elsewhere is a change, and without a system's own watchers, which
 * miss what happens behind a link and on a network's disk.
 */
export class FileWatch {
  readonly #reactor: Reactor
  readonly #seconds: number
  readonly #list: () => readonly string[]
  readonly #changed: () => void
  #state: string
  #call: DelayedCall | undefined
  #stopped = false

  /**
   * @param seconds between two looks
   * @param list files and folders; asked at each look
   * @param changed called behind a change
   */
  constructor(reactor: Reactor, seconds: number, list: () => readonly string[], changed: () => void) {
    this.#reactor = reactor
    this.#seconds = seconds
    this.#list = list
    this.#changed = changed
    this.#state = stateNow(list())
    this.#again()
  }

  stop(): void {
    this.#stopped = true
    this.#call?.cancel()
  }

  #again(): void {
    this.#call = this.#reactor.callLater(this.#seconds, () => void this.#look())
  }

  async #look(): Promise<void> {
    // The state is taken before the files are read: what changes in between is seen at the next look.
    const files = this.#list()
    const states = await Promise.all(files.map((file) => stat(file, { bigint: true }).then(stateOf, codeOf)))
    if (this.#stopped) return
    const state = joined(files, states)
    if (state !== this.#state) {
      this.#state = state
      this.#changed()
    }
    this.#again()
  }
}

interface Stats {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

function stateNow(files: readonly string[]): string {
  const states = files.map((file) => {
    try {
      return stateOf(statSync(file, { bigint: true }))
    } catch (error) {
      return codeOf(error)
    }
  })
  return joined(files, states)
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown'
}

function joined(files: readonly string[], states: readonly string[]): string {
  return files.map((file, index) => `${file}\0${states[index]}`).join('\n')
}
