import { isIPv4, isIPv6 } from 'node:net'
import type { Address } from '../reactor.ts'
import { canonicalAddress } from '../socket-address.ts'
import { WrongProxyHeader, type ProxyHeader } from './proxy-header.ts'

/** "a 108-byte buffer is always enough to store all the line and a trailing zero" [2.1] */
const LONGEST = 107

/** `PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\n` [2.1] */
export function readVersion1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, LONGEST).indexOf('\r\n')
  if (end < 0) {
    if (bytes.length >= LONGEST) throw new WrongProxyHeader(`its PROXY header does not end within ${LONGEST} bytes`)
    return undefined
  }
  const size = end + 2
  const line = bytes.toString('latin1', 0, end)
  const [, protocol, ...words] = line.split(' ')
  // "the receiver must ignore anything presented before the CRLF" [2.1]
  if (protocol === 'UNKNOWN') return { size, addresses: undefined }
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isIPv6 : undefined
  if (isAddress === undefined) throw new WrongProxyHeader('its PROXY header names no protocol that there is')
  const [from = '', to = '', fromPort = '', toPort = '', ...more] = words
  if (more.length > 0 || ![from, to].every((text) => isAddress(text) && !text.includes('%')))
    throw new WrongProxyHeader('the addresses in its PROXY header are none')
  return { size, addresses: { source: address(from, fromPort), destination: address(to, toPort) } }
}

function address(host: string, port: string): Address {
  const number = /^(?:0|[1-9]\d{0,4})$/.test(port) ? Number(port) : Number.NaN
  if (!(number <= 65535)) throw new WrongProxyHeader('a port in its PROXY header is none')
  return { type: 'TCP', host: canonicalAddress(host), port: number }
}
