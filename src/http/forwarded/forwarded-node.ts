import { isIP, isIPv4 } from 'node:net'

/** One end of a hop, as a proxy names it. */
export interface ForwardedNode {
  /** Without brackets. */
  readonly host: string
  /** '' where it is not told. */
  readonly port: string
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}|_[A-Za-z0-9._-]+))?$/

/**
 * An address as X-Forwarded-For and the `for` of Forwarded have it (RFC 7239 section 6): `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, and the `2001:db8::1` of
 * the older field. Of a name that hides an address (`unknown`, `_proxy`) it gives `unknown`, of anything else undefined.
 */
export function parseNode(text: string): ForwardedNode | 'unknown' | undefined {
  if (isIP(text) !== 0) return { host: plain(text), port: '' }
  if (text.toLowerCase() === 'unknown' || /^_[A-Za-z0-9._-]+$/.test(text)) return 'unknown'
  const [, bracketed, bare, port = ''] = WITH_PORT.exec(text) ?? []
  const host = bracketed ?? bare ?? ''
  if (host.toLowerCase() === 'unknown') return 'unknown'
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || Number(port) > 65_535) return undefined
  return { host: plain(host), port: port.startsWith('_') ? '' : port }
}

/** An IPv4 address is one however it is written; an address of another machine has no zone here. */
function plain(address: string): string {
  const [host = ''] = address.split('%')
  const last = host.slice(host.lastIndexOf(':') + 1)
  return /^::ffff:[^:]+$/i.test(host) && isIPv4(last) ? last : host
}
