import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address, ConnectionInfo, Reactor } from '../../reactor/reactor.ts'
import type { TLSInfo } from '../../reactor/tls/tls-info.ts'
import type { HeadLimits } from '../channel.ts'
import { LINGER, type Connection, type ConnectionTimeouts } from '../connection-sweep.ts'
import type { ChannelOwner } from '../http-channel.ts'
import type { Refusal } from '../refusal.ts'
import { Allowance } from './allowance.ts'
import { Heartbeat } from './heartbeat.ts'
import { sessionOptions, CONNECTION_WINDOW } from './session-options.ts'
import { StreamChannel } from './stream-channel.ts'

const { NGHTTP2_FLAG_END_STREAM, NGHTTP2_ENHANCE_YOUR_CALM } = constants

/** Streams that a client may give up at once, and each second: each costs the server work for nothing (CVE-2023-44487). */
const RESETS = [200, 50] as const
/** PING, SETTINGS and PRIORITY frames: each wants an answer, or work. */
const CONTROLS = [2000, 200] as const

/** The types of Node 20 leave out the fields as they came. */
type StreamListener = (stream: ServerHttp2Stream) => void

/** A connection of HTTP/2: any number of its requests, up to `maxStreams`, may be past this room at the same time. */
export class HTTP2Connection implements Connection, ConnectionInfo {
  readonly owner: ChannelOwner
  readonly socket: Duplex
  readonly peer: Address
  readonly host: Address
  readonly secure: boolean
  readonly tls: TLSInfo | undefined
  /** A proxy that is believed is at the other end. */
  readonly trusted: boolean
  readonly peerHost: string
  readonly peerPort: string
  readonly hostHost: string
  readonly hostPort: string
  readonly #session: ServerHttp2Session
  readonly #streams = new Set<StreamChannel>()
  readonly #resets: Allowance
  readonly #controls: Allowance
  readonly #heartbeat = new Heartbeat(() => void (this.open && this.#session.ping(() => undefined)))
  /** The client's first SETTINGS have come. */
  #greeted = false
  /** When the last stream ended, in seconds. */
  #idleSince: number

  constructor(owner: ChannelOwner, socket: Duplex, info: ConnectionInfo, maxStreams: number) {
    this.owner = owner
    this.socket = socket
    this.peer = info.peer
    this.host = info.host
    this.secure = info.secure
    this.tls = info.tls
    this.trusted = owner.forwarding.trusts(info.peer)
    this.peerHost = info.peer.type === 'TCP' ? info.peer.host : ''
    this.peerPort = info.peer.type === 'TCP' ? String(info.peer.port) : ''
    this.hostHost = info.host.type === 'TCP' ? info.host.host : ''
    this.hostPort = info.host.type === 'TCP' ? String(info.host.port) : ''
    this.#idleSince = owner.reactor.seconds()
    this.#resets = new Allowance(...RESETS, this.#idleSince)
    this.#controls = new Allowance(...CONTROLS, this.#idleSince)
    socket.on('error', () => undefined)
    socket.on('close', () => owner.connectionClosed(this))
    // Without its side the client cannot open windows: nothing that is large would ever end.
    socket.on('end', () => this.#session.destroy())
    this.#session = performServerHandshake(socket, sessionOptions(owner.limits, maxStreams)) as ServerHttp2Session
    this.#listen()
  }

  get reactor(): Reactor {
    return this.owner.reactor
  }

  get idleSince(): number | undefined {
    return this.#streams.size === 0 ? this.#idleSince : undefined
  }

  get since(): number {
    let since = Number.NEGATIVE_INFINITY
    for (const stream of this.#streams) if (stream.unsent > 0) since = Math.max(since, stream.since)
    return since
  }

  get unsent(): number {
    let sum = 0
    for (const stream of this.#streams) sum += stream.unsent
    return sum
  }

  get limits(): HeadLimits {
    return this.owner.limits
  }

  /** Its session has not ended. */
  get open(): boolean {
    return !this.#session.destroyed
  }

  #listen(): void {
    const session = this.#session
    session.setLocalWindowSize(CONNECTION_WINDOW)
    session.on('stream', ((stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: readonly string[]) => {
      this.#arrived(stream, raw, flags)
    }) as StreamListener)
    session.on('error', (error) => this.#failed(error))
    session.on('ping', () => this.#control())
    session.on('remoteSettings', () => {
      this.#greeted = true
      this.#control()
    })
    session.on('priority' as 'ping', () => this.#control())
  }

  #arrived(stream: ServerHttp2Stream, raw: readonly string[], flags: number): void {
    // Given up in the same breath.
    if (stream.destroyed || stream.closed) {
      stream.on('error', () => undefined)
      return this.#givenUp()
    }
    const channel = new StreamChannel(this, stream, raw, (flags & NGHTTP2_FLAG_END_STREAM) !== 0)
    this.#streams.add(channel)
    channel.start()
  }

  /** @param givenUp the client left it before its response was whole */
  streamClosed(channel: StreamChannel, givenUp: boolean): void {
    this.#streams.delete(channel)
    this.#idleSince = this.reactor.seconds()
    if (givenUp) this.#givenUp()
  }

  #givenUp(): void {
    if (!this.#resets.take(this.reactor.seconds())) this.#calm('too many of its streams broke off')
  }

  #control(): void {
    if (!this.#controls.take(this.reactor.seconds())) this.#calm('it sent too many frames that ask for nothing')
  }

  /** The client works against the server: the connection ends. */
  #calm(why: string): void {
    if (this.#session.destroyed) return
    this.owner.logger.warn(`Closed a connection of HTTP/2: ${why}`, { client: this.peerHost })
    this.#session.destroy(new Error(why), NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #failed(error: Error & { code?: string }): void {
    // What is wrong with the bytes; a connection that was lost is no news.
    if (error.code?.startsWith('ERR_HTTP2_') !== true || error.code === 'ERR_HTTP2_SESSION_ERROR') return
    this.owner.logger.info(`A connection of HTTP/2 broke off: ${error.message}`, { client: this.peerHost })
  }

  logRefusal({ status, reason }: Refusal, what: string): void {
    this.owner.logger.info(`Refused with ${status}: ${what.slice(0, 200)}: ${reason}`, { client: this.peerHost })
  }

  /**
   * No new streams; when the last one is over, the connection ends. The GOAWAY names the last stream that is served, so the client may send anew what it
   * sent behind that (RFC 9113 section 6.8). There is no first GOAWAY that only warns: from then on node:http2 would not serve streams either.
   */
  serverStops(): void {
    this.#session.close()
  }

  #listenForLife(now: number, patience: number): void {
    const { bytesRead = 0 } = this.socket as Socket
    // A session that closes cannot ask any more.
    if (this.#session.closed || this.#heartbeat.beats(now, bytesRead, patience)) return
    this.owner.logger.info('Closed a connection of HTTP/2: its client does not answer', { client: this.peerHost })
    this.socket.destroy()
  }

  look(now: number, timeouts: ConnectionTimeouts): void {
    for (const stream of this.#streams) stream.look(now, timeouts)
    if (this.#streams.size > 0) return this.#listenForLife(now, timeouts.write)
    const since = now - this.#idleSince
    if (this.#session.closed || this.#session.destroyed) {
      if (since >= LINGER) this.socket.destroy()
    } else if (!this.#greeted) {
      if (since >= timeouts.head) this.socket.destroy()
    } else if (since >= timeouts.idle) {
      this.#idleSince = now
      this.serverStops()
    }
  }
}
