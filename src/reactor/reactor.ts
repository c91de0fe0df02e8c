/**
 * The event loop as a parameter (Twisted: `IReactorCore`, `IReactorTime`, `IReactorTCP`, `IReactorUNIX`, `IReactorSSL`,
 * `IReactorThreads`). Rooms above never touch timers, sockets or signals but through this.
 */
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import type { Logger } from '../log/logger.ts'
import type { ProxyProtocolOptions } from './proxy-protocol/proxy-protocol-layer.ts'
import type { TLSContextSource } from './tls/tls-context.ts'
import type { TLSInfo } from './tls/tls-info.ts'

/** The address of one end of a connection (Twisted: `IPv4Address`, `IPv6Address`, `UNIXAddress`). */
export type Address =
  | { readonly type: 'TCP'; readonly host: string; readonly port: number }
  | { readonly type: 'UNIX'; readonly name: string }

/** What a listening port does with connections. `Site` is one (Twisted: `IProtocolFactory`). */
export interface ServerFactory {
  /** Called once for each accepted connection, on the event loop. The factory owns the socket from here on. */
  connectionMade(socket: Duplex, info: ConnectionInfo): void
  /**
   * The protocols that it speaks on TLS, as ALPN names, its favourite first (Twisted: `IProtocolNegotiationFactory`; RFC 7301). The one that was
   * agreed on is the socket's `alpnProtocol`.
   */
  acceptableProtocols?(): readonly string[]
  /** Called once for each port that uses this factory, when it starts to listen. */
  startFactory?(reactor: Reactor): void
  /**
   * Called when the port has closed: close idle connections, let what runs finish.
   * Gives a promise that settles when the last connection is gone; `abort` cuts what is left.
   */
  stopFactory?(reactor: Reactor, abort: AbortSignal, options?: StopFactoryOptions): Promise<void>
}

/** How {@link ServerFactory.stopFactory} stops. */
export interface StopFactoryOptions {
  /**
   * Seconds in which an idle connection may bring one more request, after which it closes: somebody else serves the next connections already, so there is no hurry, and no client meets the end of its
   * connection just as it sends a request.
   * @default 0
   */
  readonly patience?: number
}

/** What the reactor knows of an accepted connection. */
export interface ConnectionInfo {
  /** The client's address (Twisted: `getPeer`). */
  readonly peer: Address
  /** The server's own address (Twisted: `getHost`). */
  readonly host: Address
  /** True on TLS. */
  readonly secure: boolean
  /** What client and server agreed on; undefined without TLS. */
  readonly tls?: TLSInfo | undefined
}

/** A port that listens (Twisted: `IListeningPort`). */
export interface ListeningPort {
  /** The address bound, with the real port number when 0 was asked for. Valid once {@link ready} is fulfilled. */
  getHost(): Address
  /** Fulfilled when bound; rejected with `PLAIT_LISTEN` (address in use, permission denied …). */
  readonly ready: Promise<void>
  /** Stops accepting. Connections already made live on. Idempotent. */
  stopListening(): Promise<void>
}

/** Options of every port. */
export interface ListenOptions {
  /** Length of the kernel's queue of connections not yet accepted. @default 511 */
  backlog?: number
  /** TLS on its connections. @default none */
  tls?: TLSContext | TLSContextSource
  /** Each connection begins with a header of the PROXY protocol, in front of TLS. @default none does */
  proxyProtocol?: ProxyProtocolOptions
  /** Seconds that a client has for the header and the handshake of TLS. @default 10 */
  openTimeout?: number
  /** Connections that may be in front of the end of these two; with one more the oldest ends. @default 1000 */
  maxOpenings?: number
}

/** Options of {@link Reactor.listenTCP}. */
export interface ListenTCPOptions extends ListenOptions {
  /** Address to bind. @default all addresses */
  interface?: string
  /** On an IPv6 address, take no IPv4 clients. @default false */
  ipv6Only?: boolean
}

/** Options of {@link Reactor.listenUNIX}. */
export interface ListenUNIXOptions extends ListenOptions {
  /** Permission bits of the socket file, as in `chmod`. @default 0o666 */
  mode?: number
}

/** Options of {@link Reactor.listenTLS}: Node's TLS server options. */
export type TLSContext = SecureContextOptions & TlsOptions

/** A call that was put off (Twisted: `IDelayedCall`). */
export interface DelayedCall {
  /** Not called any more. Idempotent. */
  cancel(): void
  /** Postpones the call to `seconds` from now. */
  reset(seconds: number): void
  /** True while the call lies ahead. */
  active(): boolean
  /** The reactor's time, in seconds, at which the call is due. */
  getTime(): number
}

/** When a trigger runs (Twisted: `addSystemEventTrigger`). */
export type Phase = 'before' | 'during' | 'after'
/** The events that triggers wait for. */
export type SystemEvent = 'startup' | 'shutdown'

/**
 * What the reactor needs to know of a thread pool that it owns. `ThreadPool` (a higher room) fits; the reactor gets a function
 * that makes one.
 */
export interface ReactorThreadPool {
  start(): void
  stop(options?: { timeout?: number }): Promise<void>
  adjustPoolSize(minThreads: number, maxThreads: number): void
}

/** The event loop. */
export interface Reactor<Pool extends ReactorThreadPool = ReactorThreadPool> {
  /** Where the reactor and what it owns log to. */
  readonly logger: Logger
  /** Seconds of a clock that only goes forward (Twisted: `IReactorTime.seconds`). */
  seconds(): number
  /** Runs `callable` in `seconds` from now. Does not keep the process alive by itself. */
  callLater(seconds: number, callable: () => void): DelayedCall
  /** Runs `callable` now if the reactor runs, else when it starts. */
  callWhenRunning(callable: () => void): void
  /** Runs `callable` around start or stop. Promises that `before` and `during` triggers give are awaited. */
  addSystemEventTrigger(phase: Phase, event: SystemEvent, callable: () => void | Promise<void>): void
  /** Listens on TCP. `port` 0 lets the system choose. */
  listenTCP(port: number, factory: ServerFactory, options?: ListenTCPOptions): ListeningPort
  /** Listens on TCP with TLS. Offers the protocols that the factory speaks (ALPN), where `context` names none. */
  listenTLS(
    port: number,
    factory: ServerFactory,
    context: TLSContext | TLSContextSource,
    options?: ListenTCPOptions,
  ): ListeningPort
  /** Listens on a UNIX socket. A socket file that a dead process left is removed first. */
  listenUNIX(path: string, factory: ServerFactory, options?: ListenUNIXOptions): ListeningPort
  /** Listens on a socket that the process was started with (Twisted: `IReactorSocket.adoptStreamPort`); `fd` is its file descriptor. */
  adoptStreamPort(fd: number, factory: ServerFactory, options?: ListenOptions): ListeningPort
  /** The reactor's own pool: made at the first call, started with the reactor, stopped with it (0–10 threads). */
  getThreadPool(): Pool
  /** Sets the largest size of that pool. */
  suggestThreadPoolSize(size: number): void
  /** Starts; the promise is fulfilled when the reactor has stopped. Rejected when a port cannot listen. */
  run(options?: RunOptions): Promise<void>
  /** Stops: ports close, running requests finish (up to the grace), pools stop. Idempotent; a second call cuts at once. */
  stop(): Promise<void>
  /** True between start and stop. */
  readonly running: boolean
}

/** Options of {@link Reactor.run}. */
export interface RunOptions {
  /** Stop on SIGINT and SIGTERM; the second signal cuts. @default true */
  installSignalHandlers?: boolean
  /** Seconds that running requests have to finish at stop. @default 30 */
  gracefulTimeout?: number
  /**
   * Seconds at stop in which everything is served as before, while {@link Reactor.running} is false already: time for a load balancer to see that, and to send its clients elsewhere. A second stop ends them.
   * @default 0
   */
  drainDelay?: number
}
