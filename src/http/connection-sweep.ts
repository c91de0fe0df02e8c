import type { Socket } from 'node:net'
import type { DelayedCall, Reactor } from '../reactor/reactor.ts'
import type { HTTPChannel } from './http-channel.ts'
import { refuse } from './refusal.ts'

/** Seconds; each counts anew whenever there is progress. */
export interface ConnectionTimeouts {
  readonly head: number
  readonly body: number
  readonly write: number
  readonly idle: number
}

/** Seconds between two looks. */
const INTERVAL = 1
/** Seconds that a client has to take its last answer. */
const LINGER = 5

/** The clock of all connections of a factory: one look a second in place of timers for each request. */
export class ConnectionSweep {
  readonly #channels: Set<HTTPChannel>
  readonly #timeouts: ConnectionTimeouts
  #reactor: Reactor | undefined
  #call: DelayedCall | undefined

  constructor(channels: Set<HTTPChannel>, timeouts: ConnectionTimeouts) {
    this.#channels = channels
    this.#timeouts = timeouts
  }

  start(reactor: Reactor): void {
    if (this.#call !== undefined) return
    this.#reactor = reactor
    this.#call = reactor.callLater(INTERVAL, () => this.#look())
  }

  stop(): void {
    this.#call?.cancel()
    this.#call = undefined
  }

  #look(): void {
    const reactor = this.#reactor as Reactor
    const now = reactor.seconds()
    for (const channel of this.#channels) this.#check(channel, now)
    this.#call = reactor.callLater(INTERVAL, () => this.#look())
  }

  #check(channel: HTTPChannel, now: number): void {
    const { socket } = channel
    const { bytesRead = 0, bytesWritten = 0, writableLength } = socket as Socket
    if (channel.phase === 'idle' && channel.requestsEnded !== bytesRead) {
      // Bytes came since the last response: the next head has begun.
      if (channel.requestsEnded >= 0) channel.enter('head')
      channel.requestsEnded = bytesRead
    }
    const { phase } = channel
    // Whoever has it knows what is late.
    if (phase === 'taken') return
    // The limits of head and idleness are absolute: a byte now and then must not keep a connection open.
    const taken = bytesWritten - writableLength
    // While a streamed body comes, the response may be on its way too.
    const progress = phase === 'body' ? bytesRead + taken : phase === 'working' || phase === 'lingering' ? taken : 0
    // While the application works nobody is late, unless the client does not take what is there.
    if (progress !== channel.progress || (phase === 'working' && writableLength === 0)) {
      channel.progress = progress
      channel.since = now
      return
    }
    if (now - channel.since < this.#limit(channel)) return
    const hears = phase === 'body' || (phase === 'head' && bytesRead > 0)
    if (!hears || !channel.refuseBytes(refuse(408, `The ${phase} of the request did not come in time`))) socket.destroy()
  }

  #limit({ phase }: HTTPChannel): number {
    const { head, body, write, idle } = this.#timeouts
    return { head, body, working: write, idle, lingering: LINGER, taken: Infinity }[phase]
  }
}
