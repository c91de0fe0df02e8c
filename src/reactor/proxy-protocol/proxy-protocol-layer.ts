import type { Duplex } from 'node:stream'
import type { Logger } from '../../log/logger.ts'
import { AddressList } from '../address-list.ts'
import type { ConnectionLayer, NextLayer } from '../connection-layer.ts'
import type { Address, ConnectionInfo, Reactor } from '../reactor.ts'
import { WrongProxyHeader, type ProxyHeader } from './proxy-header.ts'
import { readProxyHeader } from './read-proxy-header.ts'

/** Options of the PROXY protocol. */
export interface ProxyProtocolOptions {
  /**
   * Addresses and networks whose headers are believed; everybody else is cut off. `loopback`, `private` and `linklocal` are networks, `unix` is every
   * client of a UNIX socket, `*` everyone: only where nobody but the proxy can reach the port. @default this machine and UNIX sockets
   */
  readonly trust?: readonly string[]
}

const THIS_MACHINE: readonly string[] = Object.freeze(['loopback', 'unix'])

/** Reads who the client is, before anything else of a connection (Twisted: `twisted.protocols.haproxy`). */
export class ProxyProtocolLayer implements ConnectionLayer {
  readonly #trusted: AddressList
  #logger: Logger | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` when `trust` has what is no address */
  constructor({ trust = THIS_MACHINE }: ProxyProtocolOptions = {}) {
    this.#trusted = new AddressList(trust, 'Whom to trust with the PROXY protocol')
  }

  start({ logger }: Reactor): void {
    this.#logger = logger
  }

  open(socket: Duplex, info: ConnectionInfo, next: NextLayer): void {
    if (!this.#trusted.includes(info.peer)) return this.#close(socket, info, 'it is not among the trusted proxies')
    let received: Buffer = Buffer.alloc(0)
    const read = (): void => {
      const piece = socket.read() as Buffer | null
      if (piece === null) return
      received = received.length === 0 ? piece : Buffer.concat([received, piece])
      let header: ProxyHeader | undefined
      try {
        header = readProxyHeader(received)
      } catch (error) {
        if (!(error instanceof WrongProxyHeader)) throw error
        leave()
        return this.#close(socket, info, error.message)
      }
      if (header === undefined) return
      leave()
      if (received.length > header.size) socket.unshift(received.subarray(header.size))
      next(socket, withAddresses(info, header))
    }
    const ended = (): void => {
      leave()
      // A look whether the port is open sends nothing.
      if (received.length > 0) this.#close(socket, info, 'its PROXY header is not whole')
      else socket.destroy()
    }
    const leave = (): void => {
      socket.off('readable', read)
      socket.off('end', ended)
    }
    socket.on('readable', read)
    socket.on('end', ended)
  }

  late(info: ConnectionInfo, seconds: number): void {
    this.#say(info, `its PROXY header did not come within ${seconds} s`)
  }

  #close(socket: Duplex, info: ConnectionInfo, why: string): void {
    this.#say(info, why)
    socket.destroy()
  }

  #say({ peer }: ConnectionInfo, why: string): void {
    this.#logger?.info(`Closed a connection from ${nameOf(peer)}: ${why}`)
  }
}

function withAddresses(info: ConnectionInfo, { addresses }: ProxyHeader): ConnectionInfo {
  return addresses === undefined ? info : { ...info, peer: addresses.source, host: addresses.destination }
}

function nameOf(peer: Address): string {
  return peer.type === 'TCP' ? peer.host : 'a UNIX socket'
}
