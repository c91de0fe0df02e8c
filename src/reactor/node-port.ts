import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { PlaitError } from '../errors.ts'
import type { Address, ConnectionInfo, ListeningPort, ServerFactory } from './reactor.ts'

/** Where a port listens. */
export type Endpoint =
  | { readonly type: 'TCP'; readonly port: number; readonly host: string | undefined; readonly backlog: number }
  | { readonly type: 'UNIX'; readonly path: string; readonly mode: number; readonly backlog: number }

/** A listening socket of node:net or node:tls, whose connections go to a factory. */
export class NodePort implements ListeningPort {
  readonly ready: Promise<void>
  readonly factory: ServerFactory
  readonly #server: Server
  readonly #endpoint: Endpoint
  readonly #secure: boolean

  /** @param secure the server is a TLS one: connections come when the handshake is done */
  constructor(server: Server, endpoint: Endpoint, factory: ServerFactory, secure: boolean) {
    this.#server = server
    this.#endpoint = endpoint
    this.#secure = secure
    this.factory = factory
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => this.#accepted(socket))
    this.ready = this.#listen()
    // Whoever runs the reactor is told; nobody else has to listen.
    this.ready.catch(() => undefined)
  }

  getHost(): Address {
    if (this.#endpoint.type === 'UNIX') return { type: 'UNIX', name: this.#endpoint.path }
    const address = this.#server.address() as AddressInfo | null
    return { type: 'TCP', host: address?.address ?? this.#endpoint.host ?? '', port: address?.port ?? this.#endpoint.port }
  }

  stopListening(): Promise<void> {
    // 'close' waits for the connections too; to stop accepting is what was asked for.
    void this.ready.then(
      () => void this.#server.close(),
      () => undefined,
    )
    return Promise.resolve()
  }

  async #listen(): Promise<void> {
    const endpoint = this.#endpoint
    if (endpoint.type === 'UNIX') await removeDeadSocket(endpoint.path)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(endpoint, error)))
      this.#server.once('listening', () => resolve())
      const { backlog } = endpoint
      if (endpoint.type === 'UNIX') this.#server.listen({ path: endpoint.path, backlog })
      else this.#server.listen({ port: endpoint.port, backlog, ...(endpoint.host === undefined ? {} : { host: endpoint.host }) })
    })
    this.#server.on('error', () => undefined)
    if (endpoint.type === 'UNIX') chmodSync(endpoint.path, endpoint.mode)
  }

  #accepted(socket: Socket): void {
    this.factory.connectionMade(socket, this.#info(socket))
  }

  #info(socket: Socket): ConnectionInfo {
    if (this.#endpoint.type === 'UNIX') {
      return { peer: { type: 'UNIX', name: '' }, host: { type: 'UNIX', name: this.#endpoint.path }, secure: this.#secure }
    }
    const peer: Address = { type: 'TCP', host: plain(socket.remoteAddress), port: socket.remotePort ?? 0 }
    const host: Address = { type: 'TCP', host: plain(socket.localAddress), port: socket.localPort ?? 0 }
    return { peer, host, secure: this.#secure }
  }
}

/** An IPv4 address that came through an IPv6 socket is shown as what it is. */
function plain(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** A socket file on which nobody listens any more is removed; a living one stays, and listening fails. */
async function removeDeadSocket(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) return
  } catch {
    return
  }
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => resolve(true))
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
    probe.once('close', () => probe.removeAllListeners())
    probe.once('connect', () => probe.destroy())
  })
  if (!alive) unlinkSync(path)
}

function listenError(endpoint: Endpoint, error: NodeJS.ErrnoException): PlaitError {
  const where = endpoint.type === 'UNIX' ? endpoint.path : `${endpoint.host ?? 'all addresses'}, port ${endpoint.port}`
  return new PlaitError('PLAIT_LISTEN', `Cannot listen on ${where}: ${explain(endpoint, error)}`, { cause: error })
}

function explain(endpoint: Endpoint, error: NodeJS.ErrnoException): string {
  // libuv says EACCES for this one.
  if (endpoint.type === 'UNIX' && !existsSync(dirname(endpoint.path))) return 'there is no such directory'
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the address is in use. Stop the program that listens there, or choose another with --listen'
    case 'EACCES':
    case 'EPERM':
      return endpoint.type === 'TCP' && endpoint.port < 1024
        ? 'permission denied. Ports below 1024 need root or CAP_NET_BIND_SERVICE; choose another with --listen'
        : 'permission denied'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address'
    default:
      return error.message
  }
}
