import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from '../log/logger.ts'
import type { Address, ConnectionInfo, Reactor } from '../reactor/reactor.ts'
import { lookAtChannel } from './channel-clock.ts'
import type { Channel, HeadLimits, RequestRecords } from './channel.ts'
import type { Connection, ConnectionTimeouts } from './connection-sweep.ts'
import type { DefaultFields } from './default-fields.ts'
import type { TLSInfo } from '../reactor/tls/tls-info.ts'
import type { Forwarding } from './forwarded/forwarding.ts'
import { HTTP1Writer } from './http1-writer.ts'
import { joinSmallPieces } from './joined-pieces.ts'
import { Opening, type TakenOver } from './opening.ts'
import { rawRefusal, refusalFields, refusalPhrase, refusalText, type Refusal } from './refusal.ts'
import { Request } from './request.ts'
import type { Spool } from './spool.ts'

/** What a channel needs of its factory. */
export interface ChannelOwner {
  readonly reactor: Reactor
  readonly logger: Logger
  readonly limits: HeadLimits
  /** What is added to every response; undefined for nothing. */
  readonly defaultFields: DefaultFields | undefined
  readonly forwarding: Forwarding
  /** Where large bodies lie. */
  readonly spool: Spool
  readonly records: RequestRecords
  /** No new requests on this connection: the server stops. */
  readonly stopping: boolean
  requestReceived(request: Request): void
  requestOver(request: Request): void
  connectionClosed(connection: Connection): void
}

/** What the connection is doing; each has a time limit of its own. */
export type ChannelPhase = 'head' | 'body' | 'working' | 'idle' | 'lingering' | 'taken'

/** A client that pipelines is read no further while this many requests wait. */
const MOST_WAITING = 8
/** Seconds for which a connection, or a head that has begun to come, counts as new. */
const NEW = 1

/** One connection (Twisted: `HTTPChannel`): at most one of its requests is past this room, the others wait here in order. */
export class HTTPChannel implements Channel, Connection {
  readonly socket: Duplex
  readonly peer: Address
  readonly host: Address
  readonly secure: boolean
  readonly tls: TLSInfo | undefined
  /** Addresses as text; '' on UNIX sockets. */
  readonly peerHost: string
  readonly peerPort: string
  readonly hostHost: string
  readonly hostPort: string
  readonly #owner: ChannelOwner
  readonly #waiting: Request[] = []
  #current: Request | undefined
  /** What is to be said of bytes that were no request, once the requests before them are answered. */
  #farewell: Refusal | undefined
  /** The last request that node:http will read: the opening of a WebSocket. */
  #opening: Opening | undefined
  #onStop: (() => void) | undefined
  phase: ChannelPhase = 'head'
  /** When it entered the phase, in seconds. */
  since: number
  /** Bytes in and out at the last look of the clock. */
  progress = 0
  /** Bytes read when the clock first saw the connection idle; -1 before. */
  requestsEnded = -1
  halfClosed = false
  /** The response that runs now is the last: what came behind its request is not looked at (RFC 9112 section 9.6). */
  #closing = false
  /** node:http loses bytes behind the request that comes now, or came: see {@link upgradeDeclined}. */
  #lastComes = false
  #lastCame = false
  #paused = false
  /** In `#advance`; and whether what it started last is over. */
  #advancing = false
  #goesOn = false
  #closed = false
  /** node:http reads on as soon as a response has drained, whatever waits. */
  readonly #hold = (): void => void this.socket.pause()
  readonly #ended = (): void => {
    this.halfClosed = true
    this.#current?.halfClosed()
  }
  readonly #lost = (): void => {
    this.#closed = true
    this.#waiting.length = 0
    this.#current?.connectionLost()
    this.#owner.connectionClosed(this)
  }

  constructor(owner: ChannelOwner, socket: Duplex, info: ConnectionInfo) {
    this.#owner = owner
    this.socket = socket
    this.peer = info.peer
    this.host = info.host
    this.secure = info.secure
    this.tls = info.tls
    this.peerHost = info.peer.type === 'TCP' ? info.peer.host : ''
    this.peerPort = info.peer.type === 'TCP' ? String(info.peer.port) : ''
    this.hostHost = info.host.type === 'TCP' ? info.host.host : ''
    this.hostPort = info.host.type === 'TCP' ? String(info.host.port) : ''
    this.since = owner.reactor.seconds()
    socket.on('close', this.#lost)
    socket.on('end', this.#ended)
    socket.on('error', () => undefined)
  }

  get reactor(): Reactor {
    return this.#owner.reactor
  }

  get limits(): HeadLimits {
    return this.#owner.limits
  }

  get defaultFields(): DefaultFields | undefined {
    return this.#owner.defaultFields
  }

  get forwarding(): Forwarding {
    return this.#owner.forwarding
  }

  get spool(): Spool {
    return this.#owner.spool
  }

  get records(): RequestRecords {
    return this.#owner.records
  }

  /** No request is being read or answered. */
  get idle(): boolean {
    return this.#current === undefined && this.phase !== 'body' && this.phase !== 'lingering' && this.phase !== 'taken'
  }

  get idleSince(): number | undefined {
    return this.idle ? this.since : undefined
  }

  get unsent(): number {
    // Whoever has it bounds what waits there.
    return this.phase === 'taken' ? 0 : this.socket.writableLength
  }

  /** node:http has read a head. */
  requestArrived(incoming: IncomingMessage, response: ServerResponse): void {
    if (this.#closing || this.#lastCame) return
    if (this.#lastComes) {
      this.#lastCame = true
      response.shouldKeepAlive = false
    }
    const request = new Request(this, incoming, new HTTP1Writer(this, response))
    if (this.#current !== undefined) {
      joinSmallPieces(incoming)
      this.#waiting.push(request)
      if (this.#waiting.length >= MOST_WAITING && !this.#paused) {
        this.#paused = true
        this.socket.on('resume', this.#hold).pause()
      }
      return
    }
    this.#start(request)
    if (request.bodyPending) joinSmallPieces(incoming)
  }

  /**
   * The request that arrives next asked for another protocol and does not get it (RFC 9110 section 7.8). node:http stops behind such a message and drops what came
   * with it in one read, so what follows cannot be trusted to be a request: the connection closes behind the response.
   */
  upgradeDeclined(): void {
    this.#lastComes = true
  }

  /** node:http has read the opening of a WebSocket, and let go of the connection. */
  openingArrived(incoming: IncomingMessage, head: Buffer): void {
    // It comes behind the last request of the connection, which closes: what comes is read and dropped.
    if (this.#closing || this.#lastCame) return void this.socket.resume()
    this.#opening = new Opening(this.socket, incoming, head)
    this.requestArrived(incoming, this.#opening.response)
  }

  takeOver(onStop: () => void = () => this.socket.end()): TakenOver {
    const taken = (this.#opening as Opening).take()
    this.#onStop = onStop
    this.enter('taken')
    // Too late to be among those that are told.
    if (this.#owner.stopping) queueMicrotask(onStop)
    return taken
  }

  /** No new requests: what is idle closes, what has left HTTP is asked to. */
  serverStops(patient = false): void {
    if (this.phase === 'taken') this.#onStop?.()
    else if (!this.idle || patient) return
    else if (this.#owner.stopping) this.#partInPeace()
    else this.socket.destroy()
  }

  /** A client may have sent a request before it could know of the stop: what is here already is answered, and a new connection has a moment for its first. */
  #partInPeace(): void {
    const { bytesRead } = this.socket as Partial<Socket>
    const left = this.phase === 'head' && bytesRead !== undefined ? this.since + NEW - this.#owner.reactor.seconds() : 0
    // What has come is read first.
    const close = (): void => void setImmediate(() => setImmediate(() => this.idle && this.socket.destroy()))
    if (left <= 0) return close()
    const call = this.#owner.reactor.callLater(left, close)
    this.socket.once('close', () => call.cancel())
  }

  #start(request: Request): void {
    this.#current = request
    // Nothing ever comes behind an opening: this is it.
    if (this.#opening !== undefined && this.#waiting.length === 0) this.#opening.begin()
    this.enter('working')
    const refusal = request.examine()
    if (refusal !== undefined) this.answerRefusal(request, refusal)
    // Its body broke while it waited: there is nothing that anybody could do with it.
    else if (this.#farewell !== undefined && request.bodyPending) this.#bodyBroken(request, this.#farewell)
    else this.#owner.requestReceived(request)
  }

  look(now: number, timeouts: ConnectionTimeouts): void {
    lookAtChannel(this, now, timeouts)
  }

  /** What the connection does from now on; its clock starts anew. */
  enter(phase: ChannelPhase): void {
    this.phase = phase
    this.progress = 0
    this.requestsEnded = -1
    this.since = this.#owner.reactor.seconds()
  }

  /** May the connection live on behind the response to `request`? */
  mayPersist(request: Request): boolean {
    return !this.#closing && !this.#owner.stopping && !request.bodyPending
  }

  /** The connection closes behind the response that runs now. */
  closeAfterResponse(): void {
    this.#closing = true
    this.#waiting.length = 0
    // node:http destroys the connection as soon as its last response is out. A client that still sends its body would get a reset,
    // and lose the answer (RFC 9112 section 9.6): let it have both, for a moment.
    if (this.#current?.bodyPending !== true) return
    ;(this.socket as Socket).destroySoon = () => {
      this.socket.end()
      this.linger()
    }
  }

  /** Answers a request with an error of HTTP itself; the connection closes behind it. */
  answerRefusal(request: Request, refusal: Refusal): void {
    this.#logRefusal(refusal, `${request.method} ${request.uri}`)
    const { status } = refusal
    this.closeAfterResponse()
    request.sendWhole(status, refusalPhrase(status), refusalFields(status), Buffer.from(refusalText(refusal)))
  }

  /**
   * What came is no request (node:http: 'clientError', 'connect'). Never in place of the answer to an earlier request.
   * @returns false when nothing follows from it: behind the last request of the connection nothing is looked at
   */
  refuseBytes(refusal: Refusal): boolean {
    const current = this.#current
    // Inside the body of the running request: nothing that comes after can be trusted.
    if (current?.bodyPending === true && !current.finished) this.#bodyBroken(current, refusal)
    else if (this.#closing || this.#lastCame) return false
    else {
      this.#farewell = refusal
      if (current === undefined) this.#sayFarewell()
    }
    return true
  }

  #bodyBroken(request: Request, refusal: Refusal): void {
    this.#logRefusal(refusal, `${request.method} ${request.uri}`)
    if (request.code === 0 && this.socket.writable) this.socket.write(rawRefusal(refusal, this.defaultFields))
    request.connectionLost()
  }

  #sayFarewell(): void {
    const refusal = this.#farewell
    if (refusal === undefined || this.#closed) return
    // node:http goes on to say so of every piece that still comes.
    this.#closing = true
    this.#logRefusal(refusal, 'a request that could not be read')
    if (this.socket.writable) this.socket.end(rawRefusal(refusal, this.defaultFields))
    this.linger()
  }

  #logRefusal({ status, reason }: Refusal, what: string): void {
    this.#owner.logger.info(`Refused with ${status}: ${what.slice(0, 200)}: ${reason}`, { client: this.peerHost })
  }

  /** Reads on for a moment after the last answer, so that the client gets it before the connection is reset. */
  linger(): void {
    this.enter('lingering')
    this.#release()
  }

  /** Ends the connection by a reset where the transport has one (TCP), else at once. */
  reset(): void {
    const socket = this.socket as Duplex & { resetAndDestroy?: () => void }
    try {
      if (socket.resetAndDestroy !== undefined) return socket.resetAndDestroy()
    } catch {
      // Not on TLS and UNIX sockets, and not while it closes.
    }
    socket.destroy()
  }

  /** A request has ended, either way. The next one starts when node:http has let go of this one. */
  requestOver(request: Request): void {
    this.#owner.requestOver(request)
    if (this.#current !== request) return
    this.#current = undefined
    if (request.disconnected || request.aborted || this.#closed || this.phase === 'taken') return
    // node:http ends the connection.
    if (this.#closing) return this.enter('lingering')
    if (this.#advancing) this.#goesOn = true
    else this.#advance()
  }

  /** Starts what waits. In a loop: many requests are over before `#start` is, and a client may have sent thousands of them. */
  #advance(): void {
    this.#advancing = true
    try {
      do {
        this.#goesOn = false
        const next = this.#waiting.shift()
        if (this.#paused && this.#waiting.length < MOST_WAITING / 2) this.#release()
        if (next !== undefined) this.#start(next)
        else if (this.#farewell !== undefined) this.#sayFarewell()
        else this.enter('idle')
      } while (this.#goesOn)
    } finally {
      this.#advancing = false
    }
  }

  #release(): void {
    this.#paused = false
    this.socket.off('resume', this.#hold).resume()
  }

  /** The connection speaks another protocol, as its first bytes have shown. */
  leave(): void {
    this.socket.removeListener('close', this.#lost)
    this.socket.removeListener('end', this.#ended)
  }
}
