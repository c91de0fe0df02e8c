import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import type { Application } from '../../application.ts'
import { eachLine } from '../../output-lines.ts'
import { describeEnd, type ProcessEvents } from '../host-process.ts'
import { HOST_SCRIPT } from '../python-process.ts'
import { eachMessage, processId, type Message } from './json-lines.ts'

/** Ends of processes that are kept until somebody asks for them: a host may have ended before its number is known here. */
const MOST_EARLY = 64
/** Milliseconds in which a keeper that was let go ends by itself. */
const EXIT_MS = 5000

interface Early {
  readonly pid: number
  readonly at: number
  readonly reason: string
}

/** What a {@link Keeper} is to run. */
export interface KeeperSettings {
  readonly executable: string
  readonly application: Application
  /** The first line to it, see `python/plait_host/keeper.py`. */
  readonly settings: object
  readonly output: ProcessEvents['output']
  /** The template runs under this number. */
  readonly template: (pid: number) => void
  /** It cannot be, for this reason; it ends. */
  readonly unable: (reason: string) => void
}

/**
 * The process that is the parent of a template and of all its hosts (`python/plait_host/keeper.py`): tells how each of them ends, and signals them. It outlives the template, and
 * ends when it is let go.
 */
export class Keeper {
  /** The connection of the template itself. */
  readonly words: Socket
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #control: Socket
  readonly #watched = new Map<number, (reason: string) => void>()
  readonly #early: Early[] = []
  #isGone = false

  constructor({ executable, application, settings, output, template, unable }: KeeperSettings) {
    this.#child = spawn(executable, [HOST_SCRIPT, 'preload'], {
      cwd: application.cwd,
      env: { ...process.env, ...application.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    this.words = this.#child.stdio[3] as Socket
    this.#control = this.#child.stdio[4] as unknown as Socket
    this.gone = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(this.#end(`could not be started: ${error.message}`)))
      this.#child.once('exit', (code, signal) => resolve(this.#end(describeEnd(code, signal))))
    })
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#child[name]
      if (stream !== null) eachLine(stream, (line) => output(name, line))
    }
    const take = (message: Message): void => {
      if ('template' in message) template(processId(message['template']))
      else if ('unable' in message) unable(String(message['unable']))
      else this.#ended(processId(message['ended']), message as { code: number | null; signal: number | null })
    }
    eachMessage(this.#control, take, () => this.kill())
    this.#say(settings)
  }

  /** Calls `ended` when this child of the keeper has ended. @param since milliseconds of `performance.now()` at which it was not there yet */
  watch(pid: number, since: number, ended: (reason: string) => void): void {
    const early = this.#early.find((one) => one.pid === pid && one.at >= since)
    if (early !== undefined) ended(early.reason)
    else if (this.#isGone) ended('was ended with its keeper')
    else this.#watched.set(pid, ended)
  }

  /** Never reaches a stranger that has its number by now. */
  signal(pid: number, signal: NodeJS.Signals): void {
    this.#say({ signal: [pid, constants.signals[signal]] })
  }

  /** It ends, and with it all children that there still are. */
  letGo(): void {
    if (this.#isGone) return
    this.#control.end()
    const timer = setTimeout(() => this.kill(), EXIT_MS)
    timer.unref()
    void this.gone.then(() => clearTimeout(timer))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #say(message: object): void {
    if (this.#control.writable) this.#control.write(`${JSON.stringify(message)}\n`)
  }

  #ended(pid: number, { code, signal }: { code: number | null; signal: number | null }): void {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0]
    const reason = describeEnd(code, signal === null ? null : ((name ?? `signal ${signal}`) as NodeJS.Signals))
    const watcher = this.#watched.get(pid)
    this.#watched.delete(pid)
    if (watcher !== undefined) return watcher(reason)
    this.#early.push({ pid, at: performance.now(), reason })
    if (this.#early.length > MOST_EARLY) this.#early.shift()
  }

  #end(reason: string): void {
    this.#isGone = true
    for (const stream of [this.#child.stdout, this.#child.stderr]) (stream as Socket | null)?.unref()
    for (const stream of [this.words, this.#control]) (stream as Socket | undefined)?.destroy()
    for (const ended of this.#watched.values()) ended(`was ended with its keeper, which ${reason}`)
    this.#watched.clear()
  }
}
