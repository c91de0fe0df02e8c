import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { defaults } from '../defaults.ts'
import type { ConnectionLayer } from './connection-layer.ts'
import { checkInherited, pathOfInherited } from './inherited-socket.ts'
import { layersOf } from './layers.ts'
import { listenError, type Endpoint } from './listen-error.ts'
import { Openings } from './openings.ts'
import type { Address, ConnectionInfo, ListeningPort, ListenOptions, Reactor, ServerFactory } from './reactor.ts'
import { plainAddress } from './socket-address.ts'
import { bindSocketFile, checkPath, removeDeadSocket, removeSocketFile, type SocketFile } from './unix-socket.ts'
import { keyOf, type HandedSocket } from './upgrade/heritage.ts'

export type { Endpoint } from './listen-error.ts'

/** What a port is made of. */
export interface NodePortSettings {
  readonly reactor: Reactor
  readonly endpoint: Endpoint
  readonly factory: ServerFactory
  readonly options: ListenOptions
  /** The socket, bound and listening, that another process has left us; nothing is taken from it before {@link NodePort.accept}. */
  readonly inherited?: HandedSocket | undefined
}

const BACKLOG = 511
/** Seconds in which connections may still open (TLS) when nothing more is accepted. */
const OPENING = 1

/** A listening socket of node:net, whose connections go through the layers of its options to a factory. */
export class NodePort implements ListeningPort {
  readonly ready: Promise<void>
  readonly factory: ServerFactory
  readonly #server: Server
  readonly #endpoint: Endpoint
  readonly #backlog: number
  readonly #layers: readonly ConnectionLayer[]
  readonly #openings: Openings
  readonly #inherited: HandedSocket | undefined
  /** Connections so far. */
  #taken = 0
  #stopping: Promise<void> | undefined
  /** Of a UNIX socket, once it listens. */
  #host: Address | undefined
  /** The socket file that is ours to remove. */
  #file: SocketFile | undefined

  /** @throws PlaitError for options that cannot be: `PLAIT_CONFIGURATION`, `PLAIT_CERTIFICATE` */
  constructor({ reactor, endpoint, factory, options, inherited }: NodePortSettings) {
    this.#endpoint = endpoint
    this.#inherited = inherited
    this.#backlog = options.backlog ?? BACKLOG
    this.factory = factory
    this.#layers = layersOf(options)
    const { openTimeout: seconds = defaults.openTimeout, maxOpenings: most = defaults.maxOpenings } = options
    this.#openings = new Openings(reactor, this.#layers, { seconds, most })
    for (const layer of this.#layers) layer.start?.(reactor, factory)
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accepted(socket))
    this.ready = this.#listen()
    // Whoever runs the reactor is told; nobody else has to listen.
    this.ready.catch(() => this.#stopLayers())
  }

  getHost(): Address {
    const endpoint = this.#endpoint
    if (this.#inherited !== undefined) return this.#inherited.address
    if (endpoint.type === 'UNIX') return { type: 'UNIX', name: endpoint.path }
    const address = this.#server.address() as AddressInfo | string | null
    if (typeof address === 'object' && address !== null) return { type: 'TCP', host: address.address, port: address.port }
    if (endpoint.type === 'FD') return { type: 'UNIX', name: pathOfInherited(endpoint.fd) }
    return { type: 'TCP', host: endpoint.host ?? '', port: endpoint.port }
  }

  /** Takes connections from the socket that it has inherited. */
  async accept(): Promise<void> {
    await this.ready
    const inherited = this.#inherited
    if (inherited !== undefined && !this.#server.listening) await this.#open({ type: 'FD', fd: inherited.fd })
  }

  /** The process that it was inherited from uses it no more: its file is ours. */
  own(): void {
    this.#file ??= this.#inherited?.file
  }

  /** The socket, as another process gets it; undefined while it does not listen. */
  toHand(): HandedSocket | undefined {
    // node:net keeps it off its documentation; cluster and many others live by it.
    const { _handle: handle } = this.#server as Server & { readonly _handle?: { readonly fd?: number } | null }
    const fd = handle?.fd ?? -1
    if (fd < 0) return undefined
    return { key: keyOf(this.#endpoint), fd, address: this.getHost(), file: this.#file }
  }

  /** The socket is another process's now: closing it here leaves its file. */
  handOver(): void {
    this.#file = undefined
  }

  stopListening(): Promise<void> {
    this.#stopping ??= this.ready.then(
      () => this.#stop(),
      () => undefined,
    )
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#acceptThoseThatWait()
    this.#closeServer()
    await Promise.race([this.#openings.over(), pause(OPENING * 1000, undefined, { ref: false })])
    this.#stopLayers()
  }

  /** The system has opened connections that nobody has accepted yet: to close now would reset them. Node takes one in each turn of the loop. */
  async #acceptThoseThatWait(): Promise<void> {
    for (let turn = 0, before = -1; before !== this.#taken && turn < this.#backlog; turn++) {
      before = this.#taken
      for (let poll = 0; poll < 2; poll++) await new Promise((done) => setImmediate(done))
    }
  }

  /** As {@link stopListening}, but those that are on their way to the factory have all the time of their limits. The socket is another process's too. */
  async stopInPeace(): Promise<void> {
    await this.ready.then(
      () => this.#closeServer(),
      () => undefined,
    )
    await this.#openings.over()
    this.#stopLayers()
  }

  #closeServer(): void {
    // 'close' waits for the connections too; to stop accepting is what was asked for.
    if (this.#file !== undefined) removeSocketFile(this.#file)
    this.#file = undefined
    this.#server.close()
  }

  #stopLayers(): void {
    this.#openings.stop()
    for (const layer of this.#layers) layer.stop?.()
  }

  async #listen(): Promise<void> {
    const endpoint = this.#endpoint
    if (this.#inherited !== undefined) return checkInherited(this.#inherited.fd)
    if (endpoint.type === 'UNIX') {
      checkPath(endpoint.path)
      await removeDeadSocket(endpoint.path)
    } else if (endpoint.type === 'FD') checkInherited(endpoint.fd)
    await this.#open(endpoint)
  }

  async #open(endpoint: Endpoint): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(endpoint, error)))
      this.#server.once('listening', () => resolve())
      try {
        this.#bind(endpoint)
      } catch (error) {
        this.#server.close()
        reject(listenError(endpoint, error as NodeJS.ErrnoException))
      }
    })
    this.#server.on('error', () => undefined)
    const host = this.getHost()
    if (host.type === 'UNIX') this.#host = host
  }

  #bind(endpoint: Endpoint): void {
    const backlog = this.#backlog
    if (endpoint.type === 'FD') this.#server.listen({ fd: endpoint.fd, backlog })
    else if (endpoint.type === 'UNIX') {
      const { path, mode } = endpoint
      this.#file = bindSocketFile(path, mode, (draft) => void this.#server.listen({ path: draft, backlog }))
    } else {
      const { port, host, ipv6Only } = endpoint
      this.#server.listen({ port, backlog, ipv6Only, ...(host === undefined ? {} : { host }) })
    }
  }

  #accepted(socket: Socket): void {
    this.#taken++
    const info = this.#info(socket)
    if (this.#layers.length === 0) this.factory.connectionMade(socket, info)
    else this.#openings.open(socket, info, (opened, known) => this.factory.connectionMade(opened, known))
  }

  #info(socket: Socket): ConnectionInfo {
    if (this.#host !== undefined) {
      return { peer: { type: 'UNIX', name: '' }, host: this.#host, secure: false }
    }
    const peer: Address = { type: 'TCP', host: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 }
    const host: Address = { type: 'TCP', host: plainAddress(socket.localAddress), port: socket.localPort ?? 0 }
    return { peer, host, secure: false }
  }
}
