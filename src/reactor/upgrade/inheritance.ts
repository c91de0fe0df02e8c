import { closeSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Endpoint } from '../listen-error.ts'
import { GO, HERITAGE, keyOf, type HandedSocket, type Heritage, type Said } from './heritage.ts'

/** What this process got from the one that it takes the place of: see {@link Successor}, which is the other end. */
export class Inheritance {
  /** Process id of the one before. */
  readonly predecessor: number
  readonly #channel: number
  readonly #descriptors: Heritage['descriptors']
  #left: readonly HandedSocket[]
  readonly #taken: string[] = []
  #talk: Socket | undefined
  #expected = true

  constructor({ predecessor, channel, sockets, descriptors }: Heritage) {
    this.predecessor = predecessor
    this.#channel = channel
    this.#left = sockets
    this.#descriptors = descriptors
  }

  /**
   * Of this process; undefined when it was started in the usual way. To be asked once, and early: what this process starts itself inherits nothing.
   * systemd's sockets are ours from now on.
   */
  static ofThisProcess(environment: NodeJS.ProcessEnv = process.env): Inheritance | undefined {
    const text = environment[HERITAGE]
    if (text === undefined) return undefined
    delete environment[HERITAGE]
    if (environment['LISTEN_PID'] !== undefined) environment['LISTEN_PID'] = String(process.pid)
    return new Inheritance(JSON.parse(text) as Heritage)
  }

  /** The socket of an endpoint, once; undefined when there is none. */
  take(endpoint: Endpoint): HandedSocket | undefined {
    const key = keyOf(endpoint)
    const found = this.#left.find((socket) => socket.key === key)
    if (found === undefined) return undefined
    this.#left = this.#left.filter((socket) => socket !== found)
    this.#taken.push(key)
    return found
  }

  /** A further file descriptor; undefined when there is none of that name. */
  descriptor(name: string): number | undefined {
    return this.#descriptors[name]
  }

  /** True while the old process waits for a word of this one. */
  get expected(): boolean {
    return this.#expected
  }

  /** Says that everything is ready. Fulfilled when the sockets may be used: the old process has said so, or is gone. */
  async ready(): Promise<void> {
    const talk = new Socket({ fd: this.#channel, readable: true, writable: false })
    this.#talk = talk
    const answered = new Promise<void>((resolve) => {
      talk.setEncoding('utf8').on('data', (text: string) => text.includes(GO) && resolve())
      talk.on('error', () => resolve()).on('close', () => resolve())
    })
    this.#say({ say: 'ready' })
    await answered
  }

  /** Says that connections are taken, from which sockets: the old process stops. */
  serving(): void {
    // Nobody listens there any more.
    for (const { fd } of this.#left) closeSync(fd)
    this.#left = []
    this.#say({ say: 'serving', taken: this.#taken })
    this.#end()
  }

  /** Says that this process could not start: the old one goes on, and its log has the reason. */
  failed(why: string): void {
    this.#say({ say: 'failed', why })
    this.#end()
  }

  #say(said: Said): void {
    if (!this.#expected) return
    try {
      writeSync(this.#channel, `${JSON.stringify(said)}\n`)
    } catch {
      // Nobody is left who would hear it.
    }
  }

  /** The number of the descriptor may be another's from now on. */
  #end(): void {
    this.#expected = false
    this.#talk?.destroy()
  }
}
