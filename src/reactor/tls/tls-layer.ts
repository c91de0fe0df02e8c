import type { Duplex } from 'node:stream'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { PlaitError } from '../../errors.ts'
import type { Logger } from '../../log/logger.ts'
import type { ConnectionLayer, NextLayer } from '../connection-layer.ts'
import type { ConnectionInfo, Reactor, ServerFactory, TLSContext } from '../reactor.ts'
import { isContextSource, type TLSContextSource } from './tls-context.ts'
import { tlsInfo, type TLSInfo } from './tls-info.ts'

interface Waiting {
  readonly info: ConnectionInfo
  readonly next: NextLayer
}

/** node:tls ends a handshake by itself after this many seconds; the port does it earlier. */
const LAST_RESORT = 120_000

/** TLS on connections that are there already: node:tls's, in a server that never listens itself. */
export class TLSLayer implements ConnectionLayer {
  readonly #given: TLSContext | TLSContextSource
  readonly #waiting = new WeakMap<object, Waiting>()
  #server: Server | undefined
  #logger: Logger | undefined
  #requested = false
  #required = false
  #unwatch: (() => void) | undefined

  constructor(context: TLSContext | TLSContextSource) {
    this.#given = context
  }

  /** @throws PlaitError `PLAIT_CERTIFICATE` when the certificate or its files are not right */
  start(reactor: Reactor, factory: ServerFactory): void {
    const given = this.#given
    const source = isContextSource(given) ? given : undefined
    this.#logger = reactor.logger
    this.#unwatch = source?.watch(reactor, () => this.#server?.setSecureContext(source.context()))
    try {
      this.#start(source === undefined ? (given as TLSContext) : source.context(), factory)
    } catch (error) {
      this.stop()
      if (error instanceof PlaitError) throw error
      throw new PlaitError('PLAIT_CERTIFICATE', `Cannot use these options of TLS: ${(error as Error).message}`, { cause: error })
    }
  }

  #start(context: TLSContext, factory: ServerFactory): void {
    this.#requested = context.requestCert === true
    this.#required = this.#requested && context.rejectUnauthorized !== false
    const server = createServer({ handshakeTimeout: LAST_RESORT, ...protocolsOf(factory, context), ...context } as TLSContext)
    this.#server = server
    server.on('secureConnection', (socket) => this.#opened(socket))
    server.on('tlsClientError', (error: Error) => this.#logger?.debug(`A TLS handshake failed: ${error.message}`))
  }

  open(socket: Duplex, info: ConnectionInfo, next: NextLayer): void {
    this.#waiting.set(socket, { info, next })
    this.#server?.emit('connection', socket)
  }

  late({ peer }: ConnectionInfo, seconds: number): void {
    this.#logger?.debug(`A TLS handshake was not done within ${seconds} s`, { client: peer.type === 'TCP' ? peer.host : '' })
  }

  stop(): void {
    this.#unwatch?.()
  }

  #opened(socket: TLSSocket): void {
    // What TLS lies on: node:tls keeps it there, and node:net looks for it there.
    const { _parent: carrier = socket } = socket as TLSSocket & { readonly _parent?: object }
    const waiting = this.#waiting.get(carrier)
    if (waiting === undefined) {
      this.#logger?.error('A TLS connection came from nowhere: this release of Node is not supported')
      return void socket.destroy()
    }
    const { info, next } = waiting
    socket.on('error', ignore)
    const tls = tlsInfo(socket, this.#requested)
    if (!this.#accepts(tls)) {
      this.#logger?.info(`Closed a connection: its client certificate is not trusted (${tls.clientVerify})`)
      return void socket.destroy()
    }
    next(socket, { ...info, secure: true, tls })
  }

  /** node:tls lets no certificate pass that it must verify; this holds for whatever else it may take for one. */
  #accepts({ clientVerify }: TLSInfo): boolean {
    if (this.#required) return clientVerify === 'SUCCESS'
    return !clientVerify.startsWith('FAILED') || !isContextSource(this.#given)
  }
}

/** What ALPN offers; a callback of the caller's own decides alone. */
function protocolsOf(factory: ServerFactory, context: TLSContext): TLSContext {
  const protocols = factory.acceptableProtocols?.()
  return protocols === undefined || context.ALPNCallback !== undefined ? {} : { ALPNProtocols: [...protocols] }
}

function ignore(): void {
  // 'close' follows.
}
