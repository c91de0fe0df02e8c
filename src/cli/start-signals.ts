import type { Logger } from '../log/logger.ts'

/** The server was told to stop before it ran. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    super(`${signal} while the server started`)
    this.signal = signal
  }
}

const STOP: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']

/** SIGINT and SIGTERM until the reactor takes care of them. */
export class StartSignals {
  readonly #interruption: Promise<never>
  #interrupt: (signal: NodeJS.Signals) => void = () => undefined

  constructor() {
    this.#interruption = new Promise((_, reject) => {
      this.#interrupt = (signal) => reject(new Interrupted(signal))
    })
    this.#interruption.catch(() => undefined)
    for (const signal of STOP) process.on(signal, this.#interrupt)
  }

  /** What `step` gives. @throws Interrupted as soon as a signal comes */
  during<T>(step: Promise<T>): Promise<T> {
    return Promise.race([step, this.#interruption])
  }

  end(): void {
    for (const signal of STOP) process.off(signal, this.#interrupt)
  }
}

/**
 * Signals that the server lives through: SIGUSR1 opens the logs anew, SIGHUP does nothing yet.
 * @returns ends that
 */
export function surviveSignals(log: Logger, reopen: () => void): () => void {
  const hangUp = (): void => log.info('SIGHUP: there is nothing to load anew. SIGUSR1 opens the logs, SIGTERM stops')
  process.on('SIGUSR1', reopen).on('SIGHUP', hangUp)
  return () => void process.off('SIGUSR1', reopen).off('SIGHUP', hangUp)
}
