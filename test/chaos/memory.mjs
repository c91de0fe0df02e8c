import { memoryOf } from '../../bench/processes.mjs'

/** Watches how much memory a server has above what it has now, all its processes together. */
export class MemoryAbove {
  #pid
  #idle
  #peak = 0
  #timer

  /** @param {number} pid */
  constructor(pid) {
    this.#pid = pid
    this.#idle = memoryOf(pid)
    this.#timer = setInterval(() => this.#look(), 500)
  }

  #look() {
    this.#peak = Math.max(this.#peak, memoryOf(this.#pid))
  }

  /** Looks once more, and no more. @returns {number} bytes at the most, 0 when it never had more */
  end() {
    clearInterval(this.#timer)
    this.#look()
    return Math.max(0, this.#peak - this.#idle)
  }
}
