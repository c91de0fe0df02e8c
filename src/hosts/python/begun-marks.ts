import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'

const SLOT_MASK = 0xffff
const BYTES = 4
/** As `python/plait_host/marks.py` names it. */
const NAME = 'plait-begun'

/**
 * Which jobs of a Python host have begun: one word of shared memory for each slot, in which the host writes the id of a job before it calls the application. It costs
 * neither a frame nor a system call, and outlives the process, so that after a crash what had only been sent is told from what ran.
 */
export class BegunMarks {
  readonly #descriptor: number
  readonly #word = Buffer.alloc(BYTES)

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Opens the memory of a host that lives. Gives undefined where there is none (not on Linux), or it may not be opened. */
  static open(pid: number, descriptor: number | null): BegunMarks | undefined {
    if (descriptor === null) return undefined
    let opened: number | undefined
    try {
      opened = openSync(`/proc/${pid}/fd/${descriptor}`, 'r')
      // The application may have closed it, and opened something else there.
      if (readlinkSync(`/proc/self/fd/${opened}`).startsWith(`/memfd:${NAME}`)) return new BegunMarks(opened)
    } catch {
      // Then nothing is known: every job counts as begun.
    }
    if (opened !== undefined) closeSync(opened)
    return undefined
  }

  /** True when the application was called for this job, or is about to be. */
  has(id: number): boolean {
    try {
      const read = readSync(this.#descriptor, this.#word, 0, BYTES, (id & SLOT_MASK) * BYTES)
      return read < BYTES || this.#word.readUInt32LE() === id
    } catch {
      return true
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
