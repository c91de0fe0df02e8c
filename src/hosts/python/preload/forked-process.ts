import { connect, type Socket } from 'node:net'
import { eachLine } from '../../output-lines.ts'
import { readOn, writeTo, type HostProcess, type ProcessEvents } from '../host-process.ts'
import { WireBuffers } from '../wire-buffers.ts'
import type { Keeper } from './keeper.ts'

/** How a connection says what it is for, behind the token (`python/plait_host/template.py`). */
const ROLES = { wire: 'w', stdout: 'o', stderr: 'e' } as const

/** A host that a template forks: three connections to the template's socket become its wire, standard output and standard error. */
export class ForkedProcess implements HostProcess {
  readonly note = 'preloaded: its processes share the memory of one import'
  readonly buffers: WireBuffers = new WireBuffers()
  /** Rejected when the template does not listen. */
  readonly connected: Promise<unknown>
  readonly #events: ProcessEvents
  readonly #wire: Socket
  readonly #outputs: readonly Socket[]
  #keeper: Keeper | undefined
  #pid: number | undefined
  /** Why it was killed. */
  #reason: string | undefined

  /** @param socket where the template listens. @param token says to it which host this is, 32 characters */
  constructor(socket: string, token: string, events: ProcessEvents) {
    this.#events = events
    const callback = (count: number): boolean => {
      events.bytes(this.buffers.current.bytes.subarray(0, count))
      return true
    }
    this.#wire = connect({ path: socket, onread: { buffer: () => this.buffers.next(), callback } })
    this.#wire.write(token + ROLES.wire)
    this.#outputs = (['stdout', 'stderr'] as const).map((name) => {
      const output = connect({ path: socket })
      output.write(token + ROLES[name])
      eachLine(output, (line) => events.output(name, line))
      return output
    })
    this.connected = Promise.all([this.#wire, ...this.#outputs].map(isConnected))
    this.connected.catch(() => undefined)
  }

  get pid(): number | undefined {
    return this.#pid
  }

  /** It is there. @param since milliseconds of `performance.now()` at which it was not */
  begin(pid: number, since: number, keeper: Keeper): void {
    this.#pid = pid
    this.#keeper = keeper
    keeper.watch(pid, since, (reason) => readOn(this.#wire, () => this.#end(reason)))
  }

  /** It does not come to be. */
  drop(): void {
    for (const socket of [this.#wire, ...this.#outputs]) socket.destroy()
  }

  write(buffers: readonly Uint8Array[]): void {
    writeTo(this.#wire, buffers)
  }

  kill(reason?: string): void {
    this.#reason ??= reason
    this.signal('SIGKILL')
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pid !== undefined) this.#keeper?.signal(this.#pid, signal)
  }

  #end(reason: string): void {
    this.#wire.destroy()
    // A fork of the application may write on for as long as it likes, but does not keep the server from ending.
    for (const output of this.#outputs) output.unref()
    this.#events.gone(this.#reason ?? reason)
  }
}

/** From then on an error of it says nothing: the end of the process does. */
function isConnected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => socket.once('connect', resolve).on('error', reject))
}
