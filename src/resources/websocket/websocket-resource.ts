/** WebSockets (RFC 6455) in the tree of resources. */
import { WebSocketServer, type PerMessageDeflateOptions, type WebSocket } from 'ws'
import type { Request } from '../../http/request.ts'
import { PlaitError } from '../../errors.ts'
import { errorHTML } from '../../resource/error-page.ts'
import { describeError, failureId, requestLine } from '../../resource/failure.ts'
import type { TreeNode } from '../../resource/resource.ts'
import { UnsupportedMethod } from '../../resource/unsupported-method.ts'
import { checkOpening, type Origins, type Rejection } from './opening-check.ts'
import { limitOutgoing } from './outgoing-limit.ts'
import { Peers } from './peers.ts'

/** Options of {@link WebSocketResource}. */
export interface WebSocketOptions {
  /** Subprotocols that the server speaks; of those that the client names the first one is chosen. @default none */
  protocols?: readonly string[]
  /**
   * Origins whose pages may open a WebSocket, besides those of the server itself; `'*'` for all, or a function. Browsers send cookies with an opening from
   * any page: allow no more than you must. Clients that are no browsers send no Origin and always may.
   * @default pages of the server itself
   */
  origins?: Origins
  /** Bytes of a message; a longer one ends the connection with 1009. @default 1 MiB */
  maxPayload?: number
  /** Bytes that may wait for a client that takes them too slowly; when there are more, the next message cuts it. @default 16 MiB */
  maxBuffered?: number
  /** Connections at a time; the next one gets 503. @default 10000 */
  maxConnections?: number
  /** Seconds between two pings; a peer that did not answer the last one is cut. 0 = no pings. @default 30 */
  pingInterval?: number
  /** Compression (RFC 7692), with its options. It costs much memory for each connection. @default false */
  perMessageDeflate?: boolean | PerMessageDeflateOptions
}

/** Called with each WebSocket that is open, and its request. */
export type WebSocketHandler = (socket: WebSocket, request: Request) => void | Promise<void>

/**
 * A leaf that speaks WebSocket: `onConnection` gets the socket (the class of the package `ws`), and the request that opened it, with its path,
 * cookies and address.
 *
 *     root.putChild('echo', new WebSocketResource((socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))))
 *
 * An error that `onConnection` or a listener of the socket throws is logged, and closes the socket with 1011. When the server stops, sockets are closed with 1001.
 */
export class WebSocketResource implements TreeNode {
  readonly isLeaf = true
  readonly #onConnection: WebSocketHandler
  readonly #origins: Origins
  readonly #maxConnections: number
  readonly #maxBuffered: number
  readonly #peers: Peers
  readonly #server: WebSocketServer

  constructor(onConnection: WebSocketHandler, options: WebSocketOptions = {}) {
    if (typeof onConnection !== 'function') {
      throw new PlaitError('PLAIT_RESOURCE', 'Cannot make a WebSocketResource: its first argument must be a function')
    }
    const { protocols = [], perMessageDeflate = false } = options
    this.#onConnection = onConnection
    this.#origins = options.origins ?? []
    this.#maxConnections = options.maxConnections ?? 10_000
    this.#maxBuffered = options.maxBuffered ?? 16 * 1024 ** 2
    this.#peers = new Peers(options.pingInterval ?? 30)
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxPayload ?? 1024 ** 2,
      perMessageDeflate,
      handleProtocols: (offered) => [...offered].find((name) => protocols.includes(name)) ?? false,
    })
  }

  /** The sockets that are open. */
  get connections(): Iterable<WebSocket> {
    return this.#peers
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): string | undefined {
    if (request.method !== 'GET') throw new UnsupportedMethod(['GET'])
    const rejection = this.#check(request)
    if (rejection !== undefined) return page(request, rejection)
    let socket: WebSocket | undefined
    const { socket: stream, head, incoming } = request.takeOver(() => socket?.close(1001, 'The server stops'))
    this.#server.handleUpgrade(incoming, stream, head, (opened) => {
      socket = opened
      this.#opened(opened, request)
    })
    return undefined
  }

  #check(request: Request): Rejection | undefined {
    if (!request.wantsWebSocket) {
      const detail = 'There is a WebSocket here, and nothing else.'
      return { status: 426, brief: 'Upgrade Required', detail, headers: ['Upgrade', 'websocket'] }
    }
    const rejection = checkOpening(request, this.#origins)
    if (rejection !== undefined || this.#peers.size < this.#maxConnections) return rejection
    const detail = 'Too many WebSockets are open. Try again later.'
    return { status: 503, brief: 'Service Unavailable', detail, headers: ['Retry-After', '5'] }
  }

  #opened(socket: WebSocket, request: Request): void {
    this.#peers.add(socket, request.reactor)
    const failed = (error: unknown): void => {
      const id = failureId()
      request.reactor.logger.error('WebSocket failed', { id, request: requestLine(request), error: describeError(error) })
      socket.close(1011, `Failure ${id}`)
    }
    // Whatever the client did wrong, ws has answered it; without a listener it would end the process.
    socket.on('error', (error) =>
      request.reactor.logger.debug(`WebSocket broken: ${error.message}`, { request: requestLine(request) }),
    )
    limitOutgoing(socket, this.#maxBuffered, () =>
      request.reactor.logger.warn(`Cut a WebSocket: its client left more than ${this.#maxBuffered} bytes waiting`, {
        request: requestLine(request),
      }),
    )
    catchListeners(socket, failed)
    try {
      // `(socket) => socket.on(…)` gives something else than a promise.
      Promise.resolve(this.#onConnection(socket, request)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

/** What a listener throws belongs to this connection; it must not end the process, and all other connections with it. */
function catchListeners(socket: WebSocket, failed: (error: unknown) => void): void {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string | symbol, ...parameters: unknown[]): boolean => {
    try {
      return emit(event, ...parameters)
    } catch (error) {
      failed(error)
      return true
    }
  }
}

function page(request: Request, { status, brief, detail, headers }: Rejection): string {
  request.setResponseCode(status, brief)
  for (let index = 0; index < headers.length; index += 2)
    request.setHeader(headers[index] as string, headers[index + 1] as string)
  return errorHTML(status, brief, detail)
}
