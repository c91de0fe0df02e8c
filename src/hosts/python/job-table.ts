import type { PythonJob } from './python-job.ts'

const SLOT_BITS = 16
const SLOTS = 1 << SLOT_BITS
const LARGEST_GENERATION = 0x7fff

/**
 * The jobs of a host by id: a slot and a generation, so that a late word on an old job never finds the slot's next one.
 *
 * Not a Map: V8 moves a Map with entries that come and go to old tables that stay reachable until the next full collection, and keep
 * every request of the last seconds alive with them (measured: 3 MB copied in each scavenge instead of 0.3).
 */
export class JobTable {
  readonly #jobs: (PythonJob | undefined)[] = []
  readonly #generations: number[] = []
  readonly #free: number[] = []
  #size = 0
  #late = 0

  get size(): number {
    return this.#size
  }

  /** Those whose sinks wait for more. */
  get awaited(): number {
    return this.#size - this.#late
  }

  /** Its sink has been told that it took too long; it stays here until its thread has left it. */
  setLate(job: PythonJob): void {
    job.late = true
    this.#late++
  }

  /** Takes a slot and gives the id; {@link put} fills it. Throws when 65,536 jobs run already. */
  nextId(): number {
    const slot = this.#free.pop() ?? this.#jobs.length
    if (slot >= SLOTS) throw new RangeError(`A host runs at most ${SLOTS} jobs`)
    const generation = ((this.#generations[slot] ?? 0) % LARGEST_GENERATION) + 1
    this.#generations[slot] = generation
    this.#jobs[slot] = undefined
    return ((generation << SLOT_BITS) | slot) >>> 0
  }

  put(job: PythonJob): void {
    this.#jobs[job.id & (SLOTS - 1)] = job
    this.#size++
  }

  get(id: number): PythonJob | undefined {
    const job = this.#jobs[id & (SLOTS - 1)]
    return job !== undefined && job.id === id ? job : undefined
  }

  delete(job: PythonJob): void {
    const slot = job.id & (SLOTS - 1)
    if (this.#jobs[slot] !== job) return
    this.#jobs[slot] = undefined
    this.#free.push(slot)
    this.#size--
    if (job.late) this.#late--
  }

  /** The jobs that run now. */
  all(): PythonJob[] {
    return this.#jobs.filter((job) => job !== undefined)
  }
}
