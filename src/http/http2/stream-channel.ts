import { constants, type ServerHttp2Stream } from 'node:http2'
import { PlaitError } from '../../errors.ts'
import type { Address, Reactor } from '../../reactor/reactor.ts'
import type { TLSInfo } from '../../reactor/tls/tls-info.ts'
import type { Channel, HeadLimits, RequestRecords } from '../channel.ts'
import { LINGER, type ConnectionTimeouts } from '../connection-sweep.ts'
import type { DefaultFields } from '../default-fields.ts'
import type { Forwarding } from '../forwarded/forwarding.ts'
import { refusalFields, refusalPhrase, refusalText, refuse, type Refusal } from '../refusal.ts'
import { Request } from '../request.ts'
import type { Spool } from '../spool.ts'
import type { HTTP2Connection } from './http2-connection.ts'
import { readStreamHead } from './stream-head.ts'
import { StreamMessage } from './stream-message.ts'
import { StreamWriter } from './stream-writer.ts'

const { NGHTTP2_NO_ERROR } = constants
/** Seconds without a byte of a body that comes behind its response, until the client is told to stop. */
const PATIENCE = 1

/** A stream, as its request sees it. */
export class StreamChannel implements Channel {
  readonly #connection: HTTP2Connection
  readonly #stream: ServerHttp2Stream
  readonly #message: StreamMessage
  readonly #writer: StreamWriter
  readonly #request: Request
  readonly #refusal: Refusal | undefined
  #phase: 'body' | 'working' = 'working'
  /** When it entered its phase, or there was progress last, in seconds. */
  since: number
  #progress = 0
  #endedAt = 0

  /**
   * @param raw the head as it came
   * @param whole nothing comes behind it
   */
  constructor(connection: HTTP2Connection, stream: ServerHttp2Stream, raw: readonly string[], whole: boolean) {
    this.#connection = connection
    this.#stream = stream
    this.since = connection.reactor.seconds()
    const head = readStreamHead(raw, connection)
    this.#refusal = head.refusal
    this.#message = new StreamMessage(stream, head, whole)
    this.#writer = new StreamWriter(stream, () => this.#ended())
    this.#request = new Request(this, this.#message, this.#writer)
    stream.on('aborted', () => this.#request.connectionLost())
    stream.on('finish', () => this.#finished())
    stream.on('close', () => this.#closed())
    stream.on('error', () => undefined)
  }

  /** Hands the request on, or refuses it. */
  start(): void {
    const request = this.#request
    const refusal = this.#refusal ?? request.examine()
    if (refusal !== undefined) return this.answerRefusal(request, refusal)
    // A body comes whose length nobody has told.
    if (!this.#message.complete && request.getHeader('content-length') === undefined) request.contentLength = undefined
    this.#connection.owner.requestReceived(request)
  }

  // -- Channel

  get peer(): Address {
    return this.#connection.peer
  }
  get host(): Address {
    return this.#connection.host
  }
  get secure(): boolean {
    return this.#connection.secure
  }
  get tls(): TLSInfo | undefined {
    return this.#connection.tls
  }
  get peerHost(): string {
    return this.#connection.peerHost
  }
  get peerPort(): string {
    return this.#connection.peerPort
  }
  get hostHost(): string {
    return this.#connection.hostHost
  }
  get hostPort(): string {
    return this.#connection.hostPort
  }
  get reactor(): Reactor {
    return this.#connection.reactor
  }
  get limits(): HeadLimits {
    return this.#connection.limits
  }
  get defaultFields(): DefaultFields | undefined {
    return this.#connection.owner.defaultFields
  }

  get forwarding(): Forwarding {
    return this.#connection.owner.forwarding
  }
  get spool(): Spool {
    return this.#connection.owner.spool
  }
  get records(): RequestRecords {
    return this.#connection.owner.records
  }

  enter(phase: 'body' | 'working'): void {
    this.#phase = phase
    this.since = this.reactor.seconds()
  }

  answerRefusal(request: Request, refusal: Refusal): void {
    this.#connection.logRefusal(refusal, `${request.method} ${request.uri}`)
    const body = Buffer.from(refusalText(refusal))
    request.sendWhole(refusal.status, refusalPhrase(refusal.status), refusalFields(refusal.status), body)
  }

  /** @throws PlaitError always: a stream cannot leave HTTP */
  takeOver(): never {
    throw new PlaitError('PLAIT_RESOURCE', 'Cannot take the connection over: it carries streams of HTTP/2')
  }

  requestOver(request: Request): void {
    this.#connection.owner.requestOver(request)
  }

  /** Bytes of its response that the client has not taken. */
  get unsent(): number {
    return this.#writer.pending
  }

  // -- what the connection tells

  /** Ends the stream when it is late. */
  look(now: number, { body, write }: ConnectionTimeouts): void {
    const { pending, taken, ended } = this.#writer
    const progress = this.#message.received + taken
    // While the application works nobody is late, unless the client does not take what is there.
    const waiting = this.#phase === 'body' || pending > 0 || ended
    if (!waiting || progress !== this.#progress) {
      this.#progress = progress
      this.since = now
    }
    if (ended) this.#linger(now)
    if (now - this.since < (this.#phase === 'body' ? body : write)) return
    if (this.#phase === 'body' && this.#request.code === 0) {
      this.enter('working')
      this.#request.refuse(refuse(408, 'The body of the request did not come in time'))
    } else this.#drop()
  }

  #ended(): void {
    this.#endedAt = this.since = this.reactor.seconds()
    this.#message.drain()
  }

  /** The response is whole, the body still comes: for a moment, then the client is told to stop (RFC 9113 section 8.1). */
  #linger(now: number): void {
    const stream = this.#stream
    if (this.#message.complete || stream.destroyed) return
    if (now - this.#endedAt < LINGER && now - this.since < PATIENCE) return
    // Not before the last frame of the response has left.
    if (!stream.closed && stream.state.localClose !== 1) return
    this.#message.cut()
    stream.close(NGHTTP2_NO_ERROR)
    setImmediate(() => stream.destroy())
  }

  #drop(): void {
    this.#request.connectionLost()
    // Where the request is over already.
    this.#writer.destroy()
  }

  // -- what the stream tells

  #finished(): void {
    // node:http2 also finishes what it aborts, and HEAD before its response.
    if (!this.#writer.ended || this.#writer.bodyless) return
    this.#request.responseSent()
  }

  #closed(): void {
    const { ended, pending } = this.#writer
    // Often without 'finish' before: node:http2 has the last frame out and asks no further. A connection that ends takes along what has not left.
    const left = pending === 0 || this.#connection.open
    if (ended && left && this.#stream.rstCode === NGHTTP2_NO_ERROR) this.#request.responseSent()
    else this.#request.connectionLost()
    this.#message.closed()
    this.#connection.streamClosed(this, this.#request.disconnected && !this.#writer.broken)
  }
}
