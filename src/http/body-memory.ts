import { defaults } from '../defaults.ts'

/**
 * What the bodies of running requests have in memory, all together. One by one each is small; without a sum of them, clients that send nearly a whole body and then nothing more would fill the memory.
 */
export class BodyMemory {
  readonly #most: number
  #size = 0

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most
  }

  /** Bytes now. */
  get size(): number {
    return this.#size
  }

  /** Counts bytes. False: there is no room for them. */
  take(bytes: number): boolean {
    if (this.#size + bytes > this.#most) return false
    this.#size += bytes
    return true
  }

  give(bytes: number): void {
    this.#size -= bytes
  }
}

/** The memory of this process. */
export const bodyMemory: BodyMemory = new BodyMemory(defaults.bodiesInMemory)
