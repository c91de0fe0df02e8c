/** A reactor without sockets, timers and signals (Twisted: `twisted.internet.testing.MemoryReactor`). */
import type { Duplex } from 'node:stream'
import { defaults } from '../defaults.ts'
import type { Logger } from '../log/logger.ts'
import { layersOf } from '../reactor/layers.ts'
import { Openings } from '../reactor/openings.ts'
import type {
  Address,
  ConnectionInfo,
  ListenOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
  ListeningPort,
  Phase,
  Reactor,
  ReactorThreadPool,
  ServerFactory,
  SystemEvent,
  TLSContext,
} from '../reactor/reactor.ts'
import type { TLSContextSource } from '../reactor/tls/tls-context.ts'
import type { TLSInfo } from '../reactor/tls/tls-info.ts'
import { Clock } from './clock.ts'
import { MemoryConnection } from './memory-connection.ts'
import { MemorySocket } from './memory-socket.ts'
import { MemoryThreadPool } from './memory-thread-pool.ts'
import { RecordingLogger } from './recording-logger.ts'
import type { MemoryResponse } from './response-parser.ts'

/** What a client of {@link MemoryPort} is to the server. */
export interface ConnectOptions {
  /** The client's address. @default 192.0.2.1, a port of its own; an unnamed socket on a UNIX port */
  peer?: Address
  /** What the handshake of TLS came to, on a port with TLS. @default TLS 1.3, no client certificate */
  tls?: Partial<TLSInfo>
}

const TLS_1_3: TLSInfo = Object.freeze({
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  alpnProtocol: undefined,
  clientVerify: 'NONE',
  clientCertificate: undefined,
} satisfies TLSInfo)

/** The options that a port was given. */
export type MemoryPortOptions = ListenTCPOptions & ListenUNIXOptions

/** A port that listens in memory only: tests connect to it by {@link connect}. TLS is taken for done; a PROXY header is read. */
export class MemoryPort implements ListeningPort {
  readonly ready: Promise<void> = Promise.resolve()
  /** What the port serves. */
  readonly factory: ServerFactory
  /** The options that it was given; those of `listenTLS` are in `tls`. */
  readonly options: MemoryPortOptions
  readonly #host: Address
  readonly #openings: Openings
  #listening = true
  #clients = 0

  constructor(reactor: Reactor, factory: ServerFactory, host: Address, options: MemoryPortOptions) {
    this.factory = factory
    this.options = options
    this.#host = host
    const layers = options.proxyProtocol === undefined ? [] : layersOf({ proxyProtocol: options.proxyProtocol })
    const { openTimeout: seconds = defaults.openTimeout, maxOpenings: most = defaults.maxOpenings } = options
    this.#openings = new Openings(reactor, layers, { seconds, most })
    for (const layer of layers) layer.start?.(reactor, factory)
  }

  /** False once {@link stopListening} was called. */
  get listening(): boolean {
    return this.#listening
  }

  getHost(): Address {
    return this.#host
  }

  async stopListening(): Promise<void> {
    this.#listening = false
    this.#openings.stop()
  }

  /** A client connects. */
  connect(options: ConnectOptions = {}): MemoryConnection {
    return new MemoryConnection(this.#accept(options))
  }

  /** A client connects, and gets its end as a stream: for clients of a protocol of their own, as `connect` of node:http2 is one. */
  open(options: ConnectOptions = {}): Duplex {
    return this.#accept(options)
  }

  #accept(options: ConnectOptions): MemorySocket {
    if (!this.#listening) throw new Error('Connection refused: the port has stopped listening')
    const [client, server] = MemorySocket.pair()
    const unnamed: Address = { type: 'UNIX', name: '' }
    const numbered: Address = { type: 'TCP', host: '192.0.2.1', port: 49152 + this.#clients++ }
    const peer = options.peer ?? (this.#host.type === 'UNIX' ? unnamed : numbered)
    const secure = this.options.tls !== undefined
    const tls = secure ? { tls: { ...TLS_1_3, ...options.tls } } : {}
    const info: ConnectionInfo = { peer, host: this.#host, secure, ...tls }
    this.#openings.open(server, info, (socket, known) => this.factory.connectionMade(socket, known))
    return client
  }

  /**
   * A client connects, sends one request, reads the response and closes.
   * @param request its bytes, or in short: `GET /path`
   */
  async request(request: string, options: ConnectOptions = {}): Promise<MemoryResponse> {
    const connection = this.connect(options)
    try {
      return await connection.request(request)
    } finally {
      connection.close()
    }
  }
}

/** Options of {@link MemoryReactor}. */
export interface MemoryReactorOptions<Pool extends ReactorThreadPool> {
  /** @default a RecordingLogger */
  logger?: Logger
  /** What `getThreadPool()` gives. @default a `MemoryThreadPool` without an application */
  threadPool?: Pool
}

/**
 * Records what would listen, lets time pass by {@link Clock.advance}, and connects clients without a socket:
 *
 *     const reactor = new MemoryReactor()
 *     const port = reactor.listenTCP(8080, new Site(root))
 *     const response = await port.request('GET /')
 */
export class MemoryReactor<Pool extends ReactorThreadPool = MemoryThreadPool> extends Clock implements Reactor {
  readonly logger: Logger
  /** Every port that was asked for, in order. */
  readonly ports: MemoryPort[] = []
  readonly #threadPool: Pool
  readonly #triggers: { phase: Phase; event: SystemEvent; callable: () => void | Promise<void> }[] = []
  readonly #whenRunning: (() => void)[] = []
  #running = false
  #poolUsed = false
  #stopped: (() => void) | undefined
  #freePort = 40000

  constructor(options: MemoryReactorOptions<Pool> = {}) {
    super()
    this.logger = options.logger ?? new RecordingLogger()
    this.#threadPool = options.threadPool ?? (new MemoryThreadPool() as ReactorThreadPool as Pool)
  }

  get running(): boolean {
    return this.#running
  }

  callWhenRunning(callable: () => void): void {
    if (this.#running) callable()
    else this.#whenRunning.push(callable)
  }

  addSystemEventTrigger(phase: Phase, event: SystemEvent, callable: () => void | Promise<void>): void {
    this.#triggers.push({ phase, event, callable })
  }

  listenTCP(port: number, factory: ServerFactory, options: ListenTCPOptions = {}): MemoryPort {
    const host: Address = { type: 'TCP', host: options.interface ?? '127.0.0.1', port: port === 0 ? this.#freePort++ : port }
    return this.#listen(factory, host, options)
  }

  listenTLS(
    port: number,
    factory: ServerFactory,
    context: TLSContext | TLSContextSource = {},
    options: ListenTCPOptions = {},
  ): MemoryPort {
    return this.listenTCP(port, factory, { ...options, tls: context })
  }

  listenUNIX(path: string, factory: ServerFactory, options: ListenUNIXOptions = {}): MemoryPort {
    return this.#listen(factory, { type: 'UNIX', name: path }, options)
  }

  adoptStreamPort(fd: number, factory: ServerFactory, options: ListenOptions = {}): MemoryPort {
    return this.#listen(factory, { type: 'UNIX', name: `fd ${fd}` }, options)
  }

  getThreadPool(): Pool {
    this.#poolUsed = true
    return this.#threadPool
  }

  suggestThreadPoolSize(size: number): void {
    this.#threadPool.adjustPoolSize(0, size)
  }

  /** Runs the start-up triggers; fulfilled when {@link stop} was called. No signals, no time. */
  async run(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve
    })
    await this.#fire('before', 'startup')
    this.#running = true
    await this.#fire('during', 'startup')
    if (this.#poolUsed) this.#threadPool.start()
    for (const callable of this.#whenRunning.splice(0)) callable()
    await this.#fire('after', 'startup')
    return stopped
  }

  /** Stops the ports and runs the shutdown triggers. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    await this.#fire('before', 'shutdown')
    const abort = new AbortController()
    const factories = new Set(this.ports.map((port) => port.factory))
    await Promise.all(this.ports.map((port) => port.stopListening()))
    await Promise.all([...factories].map((factory) => factory.stopFactory?.(this, abort.signal)))
    await this.#fire('during', 'shutdown')
    if (this.#poolUsed) await this.#threadPool.stop()
    await this.#fire('after', 'shutdown')
    this.#stopped?.()
  }

  #listen(factory: ServerFactory, host: Address, options: MemoryPortOptions): MemoryPort {
    const port = new MemoryPort(this, factory, host, options)
    this.ports.push(port)
    factory.startFactory?.(this)
    return port
  }

  async #fire(phase: Phase, event: SystemEvent): Promise<void> {
    for (const trigger of this.#triggers) {
      if (trigger.phase === phase && trigger.event === event) await trigger.callable()
    }
  }
}
