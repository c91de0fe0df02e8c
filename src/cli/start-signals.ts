import { closeSync, openSync } from 'node:fs'

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

/** What signals ask for. */
interface SignalActions {
  /** SIGUSR1. */
  reopen(): void
  /** SIGHUP. */
  reload(): void
  /** SIGQUIT. */
  dump(): void
  /** SIGUSR2. */
  upgrade(): void
}

/**
 * Signals that the server lives through: SIGUSR1 opens the logs anew, SIGHUP loads the applications anew, SIGQUIT tells where all threads stand, SIGUSR2 gives the place to a new process. But when a terminal that shows the log is closed, the server
 * stops, as everything does that runs in it (nohup sends the log to a file).
 * @returns ends that, and the process itself where its terminal is gone: to be called last
 */
export function surviveSignals({ reopen, reload, dump, upgrade }: SignalActions): () => void {
  const onTerminal = process.stdout.isTTY || process.stderr.isTTY
  let hungUp = false
  const hangUp = (): void => {
    hungUp = onTerminal && !hasTerminal()
    if (hungUp) process.kill(process.pid, 'SIGTERM')
    else reload()
  }
  process.on('SIGUSR1', reopen).on('SIGHUP', hangUp).on('SIGQUIT', dump).on('SIGUSR2', upgrade)
  return () => {
    process.off('SIGUSR1', reopen).off('SIGHUP', hangUp).off('SIGQUIT', dump).off('SIGUSR2', upgrade)
    // At its own exit Node would restore the settings of the terminal, and abort because there is none.
    if (hungUp) process.kill(process.pid, 'SIGHUP')
  }
}

/** Is there still a terminal that controls this process? */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
