import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** What of a request tells a WebSocket opening; node:http's `IncomingMessage` fits. */
export interface OpeningHead {
  readonly method?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** Is it the opening handshake of a WebSocket, and nothing else (RFC 6455 section 4.2.1)? A request with a body is none. */
export function isWebSocketOpening({ method, httpVersion, rawHeaders }: OpeningHead): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false
  let upgrade = false
  let connection = false
  let keys = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] as string
    switch ((rawHeaders[index] as string).toLowerCase()) {
      case 'upgrade':
        // Of several protocols a server may choose one (RFC 9110 section 7.8); no client of WebSocket offers a second.
        if (value.trim().toLowerCase() !== 'websocket') return false
        upgrade = true
        break
      case 'connection':
        connection ||= /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(value)
        break
      case 'sec-websocket-key':
        keys++
        break
      case 'content-length':
      case 'transfer-encoding':
        return false
    }
  }
  return upgrade && connection && keys === 1
}

/** node:http's parser of a connection, as far as it matters here. */
interface Parser {
  onIncoming: (incoming: IncomingMessage & { upgrade: boolean }, keepAlive: boolean) => number
}

/**
 * Node 20 and 22 ask a request's `upgrade`, which is true for any token in the Upgrade field, whether the connection leaves HTTP behind its head, and hand
 * the body over as if it were the other protocol's: a request smuggled past every check. From Node 24 on `shouldUpgradeCallback` decides. Here
 * only the opening of a WebSocket does, and every other request is read to its end (RFC 9110 section 7.8: a server may ignore Upgrade).
 * (A subclass of `IncomingMessage` could say it too, but costs each request 4 %.)
 */
export function upgradeOnlyWebSockets(socket: Duplex, accept: (incoming: IncomingMessage) => boolean): void {
  const { parser } = socket as Duplex & { parser?: Parser | null }
  if (!parser) return
  const { onIncoming } = parser
  parser.onIncoming = (incoming, keepAlive) => {
    if (incoming.upgrade && incoming.method !== 'CONNECT' && !accept(incoming)) incoming.upgrade = false
    return onIncoming(incoming, keepAlive)
  }
}
