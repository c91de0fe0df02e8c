import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { defaults } from '../defaults.ts'
import type { ConnectionLayer } from './connection-layer.ts'
import { checkInherited, pathOfInherited } from './inherited-socket.ts'
import { layersOf } from './layers.ts'
import { listenError, type Endpoint } from './listen-error.ts'
import { Openings } from './openings.ts'
import type { Address, ConnectionInfo, ListeningPort, ListenOptions, Reactor, ServerFactory } from './reactor.ts'
import { plainAddress } from './socket-address.ts'
import { bindWithMode, checkPath, removeDeadSocket } from './unix-socket.ts'

export type { Endpoint } from './listen-error.ts'

/** What a port is made of. */
export interface NodePortSettings {
  readonly reactor: Reactor
  readonly endpoint: Endpoint
  readonly factory: ServerFactory
  readonly options: ListenOptions
}

const BACKLOG = 511

/** A listening socket of node:net, whose connections go through the layers of its options to a factory. */
export class NodePort implements ListeningPort {
  readonly ready: Promise<void>
  readonly factory: ServerFactory
  readonly #server: Server
  readonly #endpoint: Endpoint
  readonly #backlog: number
  readonly #layers: readonly ConnectionLayer[]
  readonly #openings: Openings
  /** Of a UNIX socket, once it listens. */
  #host: Address | undefined

  /** @throws PlaitError for options that cannot be: `PLAIT_CONFIGURATION`, `PLAIT_CERTIFICATE` */
  constructor({ reactor, endpoint, factory, options }: NodePortSettings) {
    this.#endpoint = endpoint
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
    if (endpoint.type === 'UNIX') return { type: 'UNIX', name: endpoint.path }
    const address = this.#server.address() as AddressInfo | string | null
    if (typeof address === 'object' && address !== null) return { type: 'TCP', host: address.address, port: address.port }
    if (endpoint.type === 'FD') return { type: 'UNIX', name: pathOfInherited(endpoint.fd) }
    return { type: 'TCP', host: endpoint.host ?? '', port: endpoint.port }
  }

  stopListening(): Promise<void> {
    this.#stopLayers()
    // 'close' waits for the connections too; to stop accepting is what was asked for.
    void this.ready.then(
      () => void this.#server.close(),
      () => undefined,
    )
    return Promise.resolve()
  }

  #stopLayers(): void {
    this.#openings.stop()
    for (const layer of this.#layers) layer.stop?.()
  }

  async #listen(): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint.type === 'UNIX') {
      checkPath(endpoint.path)
      await removeDeadSocket(endpoint.path)
    } else if (endpoint.type === 'FD') checkInherited(endpoint.fd)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(endpoint, error)))
      this.#server.once('listening', () => resolve())
      this.#bind(endpoint)
    })
    this.#server.on('error', () => undefined)
    const host = this.getHost()
    if (host.type === 'UNIX') this.#host = host
  }

  #bind(endpoint: Endpoint): void {
    const backlog = this.#backlog
    if (endpoint.type === 'FD') this.#server.listen({ fd: endpoint.fd, backlog })
    else if (endpoint.type === 'UNIX') {
      bindWithMode(endpoint.path, endpoint.mode, () => this.#server.listen({ path: endpoint.path, backlog }))
    } else {
      const { port, host, ipv6Only } = endpoint
      this.#server.listen({ port, backlog, ipv6Only, ...(host === undefined ? {} : { host }) })
    }
  }

  #accepted(socket: Socket): void {
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
