import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import { silentLogger, type Logger } from '../log/logger.ts'
import type { ConnectionInfo, Reactor, ServerFactory, StopFactoryOptions } from '../reactor/reactor.ts'
import { DefaultFields, type DefaultHeaders } from './default-fields.ts'
import { isWebSocketOpening, upgradeOnlyWebSockets } from './websocket-opening.ts'
import type { HeadLimits, RequestRecords } from './channel.ts'
import { Forwarding, type ForwardingOptions } from './forwarded/forwarding.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { HTTPChannel, type ChannelOwner } from './http-channel.ts'
import { HTTP2Connection } from './http2/http2-connection.ts'
import { watchPreface } from './http2/prior-knowledge.ts'
import { refuse, type Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import { Spool } from './spool.ts'
import { UnsentLimit } from './unsent-limit.ts'
import { ConnectionSweep, type Connection, type ConnectionTimeouts } from './connection-sweep.ts'

/** Options of everything that speaks HTTP. */
export interface HTTPOptions extends ForwardingOptions {
  /** Called once for each request when it has ended; `request.aborted` when its response was cut. @default nothing */
  accessLog?: (request: Request) => void
  /**
   * Fields for every response that does not set them itself: pages, files, what applications and proxied servers answer, refusals. Not for the
   * 101 of a WebSocket. Content-Length and other fields that are of one response alone cannot be among them.
   * @default none
   */
  defaultHeaders?: DefaultHeaders
  /**
   * Give each request a name: the X-Request-ID of a trusted proxy, else the trace-id of its traceparent, else a new one. Applications get it as
   * HTTP_X_REQUEST_ID, proxied servers and clients as X-Request-ID, logs as `id`.
   * @default false
   */
  requestId?: boolean
  /** @default silent */
  logger?: Logger
  /** Seconds for the head of a request (408). @default 15 */
  headTimeout?: number
  /** Seconds without a byte of the body (408). @default 30 */
  bodyTimeout?: number
  /** Seconds in which the client takes no byte of the response (cut). @default 60 */
  writeTimeout?: number
  /** Seconds that a connection may be idle between requests. @default 100 */
  idleTimeout?: number
  /** Bytes of a head (431). @default 64 KiB */
  maxHeadSize?: number
  /** Fields of a head (431). @default 200 */
  maxFields?: number
  /** Bytes of a request-target (414). @default 16 KiB */
  maxTarget?: number
  /** Connections at the same time, 0 for any number. For one more, the one that is idle longest is closed; where none is, the new one. @default 16384 */
  maxConnections?: number
  /**
   * The same for the connections of one address: of IPv6, of a network of 64 bits. Trusted proxies have no limit of their own.
   * @default 0
   */
  maxConnectionsPerAddress?: number
  /**
   * Bytes of responses in memory that their clients have not taken, all together; 0 for any number. When they are more, those connections are cut whose clients have taken nothing for the longest time.
   * @default 256 MiB
   */
  maxUnsent?: number
  /** Where request bodies lie that are too large for memory, and how many there may be. @default in the system's folder for temporary files, half of what is free there */
  spool?: Spool
  /** Speak HTTP/2 too: on TLS with clients that ask for it (ALPN), else with those that begin with it (RFC 9113 section 3.3). @default true */
  http2?: boolean
  /** Requests that a client may have under way on one connection of HTTP/2. @default 100 */
  maxStreams?: number
}

/** A NaN would never be reached, nor anything compared with it. */
function checkLimits(options: HTTPOptions): void {
  for (const name of limitNames) {
    const value: unknown = options[name]
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue
    throw new PlaitError(
      'PLAIT_CONFIGURATION',
      `Cannot use the option ${name}: it must be a number, 0 or more, not ${String(value)}`,
    )
  }
}

const limitNames = [
  'headTimeout',
  'bodyTimeout',
  'writeTimeout',
  'idleTimeout',
  'maxHeadSize',
  'maxFields',
  'maxTarget',
  'maxStreams',
  'maxConnections',
  'maxConnectionsPerAddress',
  'maxUnsent',
] as const

/** Seconds that a connection has at a stop which is new, or whose last response had promised that it stays open. */
const LEAST_PATIENCE = 1

const CHANNEL = Symbol('plait.channel')
type WithChannel = Duplex & { [CHANNEL]?: HTTPChannel }

/**
 * Speaks HTTP on the connections that a reactor accepts (Twisted: `twisted.web.http.HTTPFactory`). The parser of HTTP/1 is node:http's, in a
 * server that never listens itself: sockets come from the reactor, or from a test's memory. HTTP/2 is node:http2's.
 */
export class HTTPFactory implements ServerFactory, ChannelOwner {
  readonly logger: Logger
  readonly limits: HeadLimits
  readonly defaultFields: DefaultFields | undefined
  readonly forwarding: Forwarding
  readonly records: RequestRecords
  readonly spool: Spool
  readonly requestReceived: (request: Request) => void
  readonly #connections = new Set<Connection>()
  readonly #limits: ConnectionLimits
  readonly #accessLog: ((request: Request) => void) | undefined
  readonly #server: Server
  readonly #sweep: ConnectionSweep
  readonly #http2: boolean
  readonly #maxStreams: number
  #reactor: Reactor | undefined
  /** It knows `shouldUpgradeCallback`. */
  readonly #asks: boolean
  #stopping = false
  /** It stops, and nobody is waited for any more. */
  #cuts = false
  #allClosed: (() => void) | undefined

  /** @param requestReceived called with each request that HTTP lets through, on the event loop */
  constructor(requestReceived: (request: Request) => void, options: HTTPOptions = {}) {
    checkLimits(options)
    this.requestReceived = requestReceived
    this.#accessLog = options.accessLog
    this.records = { times: options.accessLog !== undefined, ids: options.requestId ?? false }
    this.logger = options.logger ?? silentLogger
    this.spool = options.spool ?? new Spool({ logger: this.logger })
    this.limits = {
      maxTarget: options.maxTarget ?? defaults.maxTarget,
      maxFields: options.maxFields ?? defaults.maxFields,
      maxHeadSize: options.maxHeadSize ?? defaults.maxHeadSize,
    }
    this.#http2 = options.http2 ?? true
    this.#maxStreams = options.maxStreams ?? defaults.maxStreams
    this.defaultFields = options.defaultHeaders === undefined ? undefined : new DefaultFields(options.defaultHeaders)
    this.forwarding = new Forwarding(options)
    const timeouts: ConnectionTimeouts = {
      head: options.headTimeout ?? defaults.headTimeout,
      body: options.bodyTimeout ?? defaults.bodyTimeout,
      write: options.writeTimeout ?? defaults.writeTimeout,
      idle: options.idleTimeout ?? defaults.idleTimeout,
    }
    const unsent = new UnsentLimit(options.maxUnsent ?? defaults.maxUnsent, this.logger)
    this.#sweep = new ConnectionSweep(this.#connections, timeouts, unsent)
    const all = options.maxConnections ?? defaults.maxConnections
    const perAddress = options.maxConnectionsPerAddress ?? defaults.maxConnectionsPerAddress
    this.#limits = new ConnectionLimits(
      { all, perAddress },
      {
        connections: this.#connections,
        logger: this.logger,
        seconds: () => this.reactor.seconds(),
        isProxy: (peer) => this.forwarding.trusts(peer),
        drop: (connection) => this.#drop(connection),
      },
    )
    this.#server = this.#createServer(this.limits.maxHeadSize)
    this.#asks = 'shouldUpgradeCallback' in this.#server
  }

  get reactor(): Reactor {
    return this.#reactor as Reactor
  }

  get stopping(): boolean {
    return this.#stopping
  }

  acceptableProtocols(): readonly string[] {
    return this.#http2 ? ['h2', 'http/1.1'] : ['http/1.1']
  }

  startFactory(reactor: Reactor): void {
    this.#reactor ??= reactor
    this.#stopping = false
    this.#cuts = false
    this.#sweep.start(reactor)
  }

  connectionMade(socket: Duplex, info: ConnectionInfo): void {
    // Its end would not be told any more.
    if (socket.destroyed) return
    // Its handshake was under way when all others were cut.
    if (this.#cuts) return refuseSocket(socket)
    if (!this.#limits.admits(info.peer)) return refuseSocket(socket)
    const { alpnProtocol } = socket as TLSSocket
    if (this.#http2 && alpnProtocol === 'h2') return this.#speakHTTP2(socket, info)
    const channel = new HTTPChannel(this, socket, info)
    this.#opened(channel)
    // On TLS, ALPN has decided.
    if (this.#http2 && alpnProtocol === undefined) this.#letClientChoose(channel)
    else this.#speakHTTP1(channel)
  }

  #letClientChoose(channel: HTTPChannel): void {
    const { socket } = channel
    // Refused meanwhile because it took too long.
    const late = (): boolean => socket.writableEnded || socket.destroyed
    watchPreface(socket, {
      http1: () => {
        if (!late()) this.#speakHTTP1(channel)
      },
      http2: () => {
        if (late()) return void socket.resume()
        channel.leave()
        this.#closed(channel)
        this.#speakHTTP2(socket, channel)
      },
      ended: (bytes) => {
        if (bytes === 0) socket.end()
        else channel.refuseBytes(refuse(400, 'This is no request'))
      },
    })
  }

  #speakHTTP1(channel: HTTPChannel): void {
    const { socket } = channel
    ;(socket as WithChannel)[CHANNEL] = channel
    this.#server.emit('connection', socket)
    if (!this.#asks) upgradeOnlyWebSockets(socket, acceptUpgrade)
  }

  #speakHTTP2(socket: Duplex, info: ConnectionInfo): void {
    const connection = new HTTP2Connection(this, socket, info, this.#maxStreams)
    this.#opened(connection)
    if (this.#stopping) connection.serverStops()
  }

  /** Closes idle connections, lets running requests finish; `abort` cuts them. */
  stopFactory(_reactor: Reactor, abort: AbortSignal, { patience = 0 }: StopFactoryOptions = {}): Promise<void> {
    this.#stopping = true
    for (const connection of this.#connections) connection.serverStops(patience > 0)
    this.#sweep.hurry(Math.max(patience, LEAST_PATIENCE))
    const cut = (): void => {
      this.#cuts = true
      for (const connection of this.#connections) connection.socket.destroy()
    }
    if (abort.aborted) cut()
    abort.addEventListener('abort', cut, { once: true })
    return new Promise<void>((resolve) => {
      this.#allClosed = () => {
        this.#sweep.stop()
        this.spool.close()
        abort.removeEventListener('abort', cut)
        resolve()
      }
      if (this.#connections.size === 0) this.#allClosed()
    })
  }

  // -- ChannelOwner

  requestOver(request: Request): void {
    if (this.#accessLog === undefined) return
    try {
      this.#accessLog(request)
    } catch (error) {
      this.logger.error(`The access log failed: ${String(error)}`)
    }
  }

  connectionClosed(connection: Connection): void {
    this.#closed(connection)
    if (this.#connections.size === 0) this.#allClosed?.()
  }

  /** Its place is free at once, though a client of HTTP/2 is told first. */
  #drop(connection: Connection): void {
    this.#closed(connection)
    connection.serverStops()
    const { socket } = connection
    if (!socket.destroyed) this.reactor.callLater(1, () => socket.destroy())
  }

  #opened(connection: Connection): void {
    this.#connections.add(connection)
    this.#limits.opened(connection)
  }

  #closed(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#limits.closed(connection)
  }

  #createServer(maxHeaderSize: number): Server {
    // From Node 24 on; the types are those of Node 20.
    const upgrades = { shouldUpgradeCallback: acceptUpgrade }
    const server = createServer(
      {
        ...upgrades,
        maxHeaderSize,
        insecureHTTPParser: false,
        // All of these are ours: they count progress, and run on the reactor's clock.
        keepAliveTimeout: 0,
        requestTimeout: 0,
        headersTimeout: 0,
        connectionsCheckingInterval: 2 ** 31 - 1,
        // Checked with the rest of the head, so that it is logged.
        requireHostHeader: false,
      },
      (incoming, response) => this.#requestArrived(incoming, response),
    )
    // node:http would deliver only so many fields and say nothing; we count them and refuse.
    server.maxHeadersCount = 0
    server.timeout = 0
    // A client that has sent its FIN still gets its answer (Node keeps this one off its documentation, not off its API).
    ;(server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true
    // Continue is sent when somebody wants the body, not before.
    server.on('checkContinue', (incoming, response) => this.#requestArrived(incoming, response))
    // Every other expectation is refused with the rest of the head.
    server.on('checkExpectation', (incoming, response) => this.#requestArrived(incoming, response))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // The parser's errors are about bytes; all others mean that the connection is lost.
      if (error.code?.startsWith('HPE_') === true) channelOf(socket)?.refuseBytes(refusalOf(error))
      else socket.destroy()
    })
    // Only the openings of WebSockets come here, see upgradeOnlyWebSockets.
    server.on('upgrade', (incoming, socket, head) => channelOf(socket)?.openingArrived(incoming, head))
    server.on('connect', (_incoming, socket) => channelOf(socket)?.refuseBytes(refuse(405, 'This server is no proxy')))
    return server
  }

  #requestArrived(incoming: IncomingMessage, response: ServerResponse): void {
    const channel = (incoming.socket as WithChannel)[CHANNEL] as HTTPChannel
    channel.requestArrived(incoming, response)
  }
}

/** Nobody else listens for its errors. */
function refuseSocket(socket: Duplex): void {
  socket.on('error', () => undefined)
  socket.destroy()
}

function acceptUpgrade(incoming: IncomingMessage): boolean {
  if (isWebSocketOpening(incoming)) return true
  channelOf(incoming.socket)?.upgradeDeclined()
  return false
}

function channelOf(socket: Duplex): HTTPChannel | undefined {
  return (socket as WithChannel)[CHANNEL]
}

function refusalOf(error: NodeJS.ErrnoException): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse(431, 'The head of the request is too large')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return refuse(413, 'The chunk extensions are too large')
    case 'HPE_INVALID_EOF_STATE':
      return refuse(400, 'The request broke off before its end')
    default:
      return refuse(400, 'This is no request of HTTP/1.1')
  }
}
