import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { PlaitError } from '../../errors.ts'
import { GO, HERITAGE, type HandedSocket, type Heritage, type Said } from './heritage.ts'
import { startCommand } from './start-command.ts'

/** Seconds between the word that the sockets are its own and the answer that it uses them: no code of the user's runs there. */
const TAKEOVER = 10
/** Seconds that it has to end when it is told to. */
const LAST = 5
const CHANNEL = 3

/** The process that takes the place of this one: the same command, with our listening sockets. {@link Inheritance} is its end. */
export class Successor {
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #said = new Map<Said['say'], Said>()
  #over: PlaitError | undefined
  #changed: () => void = () => undefined
  #text = ''

  /** Starts it. @throws PlaitError `PLAIT_UPGRADE` when that is not possible at all */
  constructor(sockets: readonly HandedSocket[], descriptors: Readonly<Record<string, number>>) {
    const further = Object.entries(descriptors)
    const first = CHANNEL + 1
    const heritage: Heritage = {
      predecessor: process.pid,
      channel: CHANNEL,
      sockets: sockets.map((socket, index) => ({ ...socket, fd: first + index })),
      descriptors: Object.fromEntries(further.map(([name], index) => [name, first + sockets.length + index])),
    }
    const fds = [...sockets.map(({ fd }) => fd), ...further.map(([, fd]) => fd)]
    this.#child = start(heritage, ['inherit', 'inherit', 'inherit', 'pipe', ...fds])
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#ended(`could not be started: ${error.message}`, resolve))
      // When it is gone and all that it said was read.
      this.#child.once('close', (code, signal) =>
        this.#ended(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, resolve),
      )
    })
    this.#listen(this.#child.stdio[CHANNEL] as Socket | null)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /**
   * Fulfilled when it takes connections; gives the keys of the sockets that it has taken.
   * @param timeout seconds that it has to get ready
   * @throws PlaitError `PLAIT_UPGRADE` when it does not come to that. It may live then: see {@link end}
   */
  async takesOver(timeout: number): Promise<readonly string[]> {
    await this.#hears('ready', timeout)
    ;(this.#child.stdio[CHANNEL] as Socket).write(GO)
    const serving = await this.#hears('serving', TAKEOVER)
    this.#child.unref()
    ;(this.#child.stdio[CHANNEL] as Socket).destroy()
    return serving.say === 'serving' ? serving.taken : []
  }

  /** Ends it, for this reason. Fulfilled when it is gone. */
  async end(why: string): Promise<void> {
    this.#over ??= new PlaitError('PLAIT_UPGRADE', why)
    this.#changed()
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LAST * 1000)
    await this.#gone
    clearTimeout(timer)
  }

  #hears(what: Said['say'], seconds: number): Promise<Said> {
    return new Promise((resolve, reject) => {
      const late = new PlaitError('PLAIT_UPGRADE', `the new process (${this.pid}) was not ${what} within ${seconds} s`)
      const timer = setTimeout(() => reject(late), seconds * 1000)
      this.#changed = () => {
        const said = this.#said.get(what)
        if (said === undefined && this.#over === undefined) return
        clearTimeout(timer)
        if (said === undefined) reject(this.#over as PlaitError)
        else resolve(said)
      }
      this.#changed()
    })
  }

  #listen(channel: Socket | null): void {
    channel?.on('error', () => undefined)
    channel?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#text + text).split('\n')
      this.#text = lines.pop() as string
      for (const line of lines) {
        const said = JSON.parse(line) as Said
        this.#said.set(said.say, said)
      }
      this.#changed()
    })
  }

  #ended(how: string, gone: () => void): void {
    const failed = this.#said.get('failed')
    const why = failed?.say === 'failed' ? `: ${failed.why}` : ''
    this.#over ??= new PlaitError('PLAIT_UPGRADE', `the new process (${this.pid}) ${how}${why}`)
    gone()
    this.#changed()
  }
}

function start(heritage: Heritage, stdio: StdioOptions): ChildProcess {
  const { program, words, cwd, env } = startCommand()
  if (!existsSync(cwd)) throw new PlaitError('PLAIT_UPGRADE', `the directory in which this process was started, ${cwd}, is gone`)
  try {
    return spawn(program, words, { cwd, env: { ...env, [HERITAGE]: JSON.stringify(heritage) }, stdio })
  } catch (error) {
    throw new PlaitError('PLAIT_UPGRADE', `a new process could not be started: ${(error as Error).message}`, { cause: error })
  }
}
