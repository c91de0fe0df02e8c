/** Random numbers that come again with the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0, below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T
  }
}

/** How long fuzzers run: `PLAIT_FUZZ_SECONDS`, 4 by default; and where they begin: `PLAIT_FUZZ_SEED`. */
export const fuzzSeconds = Number(process.env['PLAIT_FUZZ_SECONDS'] ?? 4)
export const fuzzSeed = Number(process.env['PLAIT_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
