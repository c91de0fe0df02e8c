import type { Logger } from '../log/logger.ts'
import type { Phase, SystemEvent } from './reactor.ts'

const PHASES: readonly Phase[] = ['before', 'during', 'after']

/** What runs around start and stop (Twisted: `_ThreePhaseEvent`). */
export class Triggers {
  readonly #logger: Logger
  readonly #calls = new Map<string, (() => void | Promise<void>)[]>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add(phase: Phase, event: SystemEvent, callable: () => void | Promise<void>): void {
    const key = `${phase} ${event}`
    const calls = this.#calls.get(key)
    if (calls === undefined) this.#calls.set(key, [callable])
    else calls.push(callable)
  }

  /** Runs one phase of an event; all of it is awaited, and one that fails stops none of the others. */
  async fire(phase: Phase, event: SystemEvent): Promise<void> {
    const calls = this.#calls.get(`${phase} ${event}`) ?? []
    await Promise.all(
      calls.map(async (callable) => {
        try {
          await callable()
        } catch (error) {
          this.#logger.error(`A trigger ${phase} ${event} failed: ${String(error)}`, { error })
        }
      }),
    )
  }

  /** Runs all three phases. */
  async fireAll(event: SystemEvent): Promise<void> {
    for (const phase of PHASES) await this.fire(phase, event)
  }
}
