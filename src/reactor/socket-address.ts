import { SocketAddress } from 'node:net'

/**
 * An IP address in the one form that it has in logs, lists and `REMOTE_ADDR` (RFC 5952). An IPv4 address that came through an IPv6 socket is
 * shown as what it is.
 */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address
  const text = new SocketAddress({ address, family: 'ipv6' }).address
  return plainAddress(text)
}

/** The same for what the system gave, which is canonical already. */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
