/** One process that runs a script, in a process group of its own, and how it ends. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { eachLine } from '../../hosts/output-lines.ts'
import type { DelayedCall, Reactor } from '../../reactor/reactor.ts'
import { runningScripts } from './running-scripts.ts'

/** What to run. */
export interface ScriptCommand {
  readonly program: string
  readonly words: readonly string[]
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Standard input: nothing, a pipe, or an open file. */
  readonly input: 'ignore' | 'pipe' | number
}

/** How a process ended. */
export interface ScriptEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It could not be started at all. */
  readonly error?: NodeJS.ErrnoException
}

/** What a {@link ScriptProcess} tells. */
export interface ScriptEvents {
  /** A line on standard error. */
  complaint(line: string): void
  /** The process has ended, or was never there. Once; what it wrote may still be on its way. */
  ended(end: ScriptEnd): void
  /** The process has ended and its pipes are closed: nothing is left. Last, once. */
  over(): void
}

/** After the process has ended, its standard error is read this long: something that it started may hold it. */
const READ_ON = 0.1

/** A process. Nothing of it stays behind: {@link stop} ends its whole group. */
export class ScriptProcess {
  readonly #child: ChildProcess
  readonly #reactor: Reactor
  readonly #killDelay: number
  readonly #events: ScriptEvents
  #killTimer: DelayedCall | undefined
  #stopped = false
  #ended = false
  #over = false

  /** Starts it. @throws the error of the system, where Node throws it */
  constructor(reactor: Reactor, command: ScriptCommand, killDelay: number, events: ScriptEvents) {
    this.#reactor = reactor
    this.#killDelay = killDelay
    this.#events = events
    this.#child = spawn(command.program, command.words, {
      cwd: command.folder,
      env: { ...command.env },
      stdio: [command.input, 'pipe', 'pipe'],
      // A group of its own: it can be ended with all that it started, and Ctrl-C at the server's terminal does not reach it.
      detached: true,
    })
    this.#listen()
    runningScripts(reactor).add(this)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Undefined unless the command asked for a pipe. */
  get stdin(): Writable | null {
    return this.#child.stdin
  }

  /** Undefined when the process could not be started. */
  get stdout(): Readable | null | undefined {
    return this.#child.stdout
  }

  /** Asks the process and all that it started to end; after the delay they must. Idempotent. */
  stop(): void {
    if (this.#stopped || this.#over) return
    this.#stopped = true
    this.#killTimer = this.#reactor.callLater(this.#killDelay, () => this.kill())
    this.#signal('SIGTERM')
    if (this.#ended) this.#close()
  }

  /** Ends the process and all that it started, at once. */
  kill(): void {
    this.#stopped = true
    this.#signal('SIGKILL')
    this.#forget()
    this.#close()
  }

  #listen(): void {
    const child = this.#child
    child.stdin?.on('error', () => undefined)
    child.stdout?.on('error', () => undefined)
    if (child.stderr !== null) eachLine(child.stderr, (line) => this.#events.complaint(line))
    child.on('error', (error) => {
      // Also for a signal that could not be sent: then the process is there.
      if (child.pid === undefined) this.#end({ code: null, signal: null, error })
    })
    child.on('exit', (code, signal) => this.#end({ code, signal }))
    // The process has ended and its pipes are at their ends.
    child.on('close', () => this.#finish())
  }

  #end(end: ScriptEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.ended(end)
    if (end.error !== undefined) return this.#finish()
    if (this.#stopped) this.#close()
    else this.#reactor.callLater(READ_ON, () => this.#child.stderr?.destroy())
  }

  /** Nobody wants what may still be in the pipes, whoever holds their other ends. */
  #close(): void {
    this.#child.stdin?.destroy()
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    // Of its group something may still be there that was asked to end, and has the delay for it.
    if (this.#killTimer?.active() !== true || !this.#signal(0)) this.#forget()
    this.#events.over()
  }

  #forget(): void {
    this.#killTimer?.cancel()
    runningScripts(this.#reactor).delete(this)
  }

  #signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#child
    if (pid === undefined) return false
    try {
      return process.kill(-pid, signal)
    } catch {
      // Nobody is left in the group.
      return false
    }
  }
}
