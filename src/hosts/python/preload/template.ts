import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { PlaitError } from '../../../errors.ts'
import type { PrivateFolder } from '../../../reactor/process/private-folder.ts'
import type { Application } from '../../application.ts'
import { loadError, type LoadFailure } from '../../load-failure.ts'
import type { ProcessEvents } from '../host-process.ts'
import { assertDirectory } from '../python-process.ts'
import { ForkedProcess } from './forked-process.ts'
import { eachMessage, processId, type Message } from './json-lines.ts'
import { Keeper } from './keeper.ts'
import { socketFolder } from './socket-folder.ts'

/** What a {@link Template} is made of. */
export interface TemplateOptions {
  readonly executable: string
  readonly application: Application
  readonly output: ProcessEvents['output']
  /** Wants to know which files the application has imported. */
  readonly onImported: ((files: readonly string[]) => void) | undefined
  /** It has ended, by itself or by a stranger's hand. Hosts go on. */
  readonly died: (reason: string) => void
}

/** Hosts cannot be forked from it, though nothing is wrong with the application. */
export interface Obstacle {
  /** In words that follow "is not preloaded: ". */
  readonly obstacle: string
}

interface Waiter<Value> {
  resolve(value: Value): void
  reject(error: Error): void
}

/** The template has ended: another one may do what was asked of it. */
export class TemplateGone extends PlaitError {}

/** The process that imports an application once, and from which its hosts are forked (`python/plait_host/template.py`). */
export class Template {
  /** What came of the import. Rejected when it failed, or the template ended before it was over. */
  readonly loaded: Promise<Obstacle | undefined>
  readonly gone: Promise<void>
  readonly #options: TemplateOptions
  readonly #folder: PrivateFolder
  readonly #socket: string
  readonly #keeper: Keeper
  readonly #forks = new Map<string, Waiter<number>>()
  #loading: Waiter<Obstacle | undefined> = { resolve: () => undefined, reject: () => undefined }
  #last: Promise<unknown> = Promise.resolve()
  #pid: number | undefined
  /** Why it was killed. */
  #reason: string | undefined
  #hosts = 0
  #isDead = false
  #isEnded = false

  /** Starts it. @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(options: TemplateOptions) {
    const { executable, application, onImported, output } = options
    this.#options = options
    this.loaded = new Promise((resolve, reject) => (this.#loading = { resolve, reject }))
    this.loaded.catch(() => undefined)
    assertDirectory(application)
    this.#folder = socketFolder()
    this.#socket = path.join(this.#folder.path, 's')
    const { name, preFork } = application
    const settings = { application: name, preFork, reportImports: onImported !== undefined, socket: this.#socket }
    const template = (pid: number): void => this.#started(pid)
    const unable = (obstacle: string): void => this.#loading.resolve({ obstacle })
    try {
      this.#keeper = new Keeper({ executable, application, settings, output, template, unable })
    } catch (error) {
      this.#folder.remove()
      throw error
    }
    eachMessage(
      this.#keeper.words,
      (message) => this.#heard(message),
      (reason) => this.#kill(`was killed: what it said is no message of ours (${reason}); descriptor 3 is not the application's`),
    )
    this.gone = this.#leave()
  }

  async #leave(): Promise<void> {
    await this.#keeper.gone
    this.#died('was ended with its keeper')
    this.#folder.remove()
  }

  /** Forks a host. @throws TemplateGone. @throws PlaitError `PLAIT_APPLICATION` when the hook before it raised, or the system had no process to give */
  fork(events: ProcessEvents): Promise<ForkedProcess> {
    // One after the other, as it does it: more would have to wait for a place in front of its socket, and might get none.
    const forked = this.#last.then(() => this.#fork(events))
    this.#last = forked.catch(() => undefined)
    return forked
  }

  /** It is not needed any more. What was forked goes on; when that has ended nothing is left. */
  end(): void {
    this.#isEnded = true
    if (this.#isDead) this.#letGo()
    else this.#kill()
  }

  #kill(reason?: string): void {
    this.#reason ??= reason
    if (this.#pid === undefined) this.#keeper.kill()
    else this.#keeper.signal(this.#pid, 'SIGKILL')
  }

  async #fork(events: ProcessEvents): Promise<ForkedProcess> {
    if (this.#isDead) throw this.#lost('had ended')
    const token = randomBytes(16).toString('hex')
    const since = performance.now()
    const answer = new Promise<number>((resolve, reject) => this.#forks.set(token, { resolve, reject }))
    answer.catch(() => undefined)
    this.#say({ fork: token })
    const gone = (reason: string): void => {
      this.#hosts--
      events.gone(reason)
      this.#letGo()
    }
    const host = new ForkedProcess(this.#socket, token, { ...events, gone })
    this.#hosts++
    try {
      await host.connected.catch((error: NodeJS.ErrnoException) => this.#notConnected(token, error))
      host.begin(await answer, since, this.#keeper)
    } catch (error) {
      this.#hosts--
      host.drop()
      throw error
    } finally {
      this.#forks.delete(token)
      this.#letGo()
    }
    return host
  }

  /** Without its socket (who cleans up takes it away) it is of no use any more, and its end is the answer. */
  #notConnected(token: string, error: NodeJS.ErrnoException): void {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return this.#kill('was killed: its socket was gone')
    this.#say({ forget: token })
    throw new PlaitError('PLAIT_HOST_LOST', `Cannot ask for a process of ${this.#options.application.name}: ${error.message}`, {
      status: 502,
      cause: error,
    })
  }

  #say(message: object): void {
    this.#keeper.words.write(`${JSON.stringify(message)}\n`)
  }

  #started(pid: number): void {
    this.#pid = pid
    this.#keeper.watch(pid, 0, (reason) => this.#died(reason))
    if (this.#isEnded) this.end()
  }

  #heard(message: Message): void {
    if (typeof message['forked'] === 'string') this.#forks.get(message['forked'])?.resolve(processId(message['pid']))
    else if (typeof message['failed'] === 'string') {
      const error = loadError(this.#options.application, message['outcome'] as LoadFailure)
      this.#forks.get(message['failed'])?.reject(error)
    } else this.#imported(message as unknown as { loaded: LoadFailure & { ok: boolean }; threads: string[]; files: string[] })
  }

  #imported({ loaded, threads, files }: { loaded: LoadFailure & { ok: boolean }; threads: string[]; files: string[] }): void {
    if (files.length > 0) this.#options.onImported?.(files)
    if (!loaded.ok) this.#loading.reject(loadError(this.#options.application, loaded))
    else if (threads.length === 0) this.#loading.resolve(undefined)
    else this.#loading.resolve({ obstacle: describeThreads(threads) })
  }

  #died(how: string): void {
    if (this.#isDead) return
    this.#isDead = true
    const reason = this.#reason ?? how
    const error = this.#lost(reason)
    this.#loading.reject(error)
    for (const fork of this.#forks.values()) fork.reject(error)
    if (!this.#isEnded) this.#options.died(reason)
    this.#letGo()
  }

  /** Lets the keeper go when nobody needs it. */
  #letGo(): void {
    if (this.#isDead && this.#hosts === 0 && this.#forks.size === 0) this.#keeper.letGo()
  }

  #lost(reason: string): TemplateGone {
    const { name } = this.#options.application
    return new TemplateGone('PLAIT_HOST_LOST', `The template process of ${name} ${reason}`, { status: 502 })
  }
}

function describeThreads(names: readonly string[]): string {
  const [what, they] = names.length === 1 ? ['a thread', 'it'] : [`${names.length} threads`, 'them']
  return `its import started ${what} (${names.join(', ')}), and a forked process would be without ${they}. Start ${they} in a function for --post-fork`
}
