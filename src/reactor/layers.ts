import type { ConnectionLayer } from './connection-layer.ts'
import { ProxyProtocolLayer } from './proxy-protocol/proxy-protocol-layer.ts'
import type { ListenOptions } from './reactor.ts'
import { TLSLayer } from './tls/tls-layer.ts'

/** What the options of a port put between it and its factory, in the order of the bytes. */
export function layersOf({ tls, proxyProtocol }: ListenOptions): ConnectionLayer[] {
  const layers: ConnectionLayer[] = []
  if (proxyProtocol !== undefined) layers.push(new ProxyProtocolLayer(proxyProtocol))
  if (tls !== undefined) layers.push(new TLSLayer(tls))
  return layers
}
