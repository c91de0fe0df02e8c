import type { Address } from '../reactor.ts'
import { canonicalAddress } from '../socket-address.ts'
import { WrongProxyHeader, type ProxyHeader } from './proxy-header.ts'

/** [2.2] */
export const SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const FIXED = 16
/** Of addresses and additions. Those of the known proxies take a few hundred bytes. */
const LONGEST = 4096
const PATH = 108

/** Bytes of both addresses, by family. */
const FAMILIES: Readonly<Record<number, { readonly size: number; read(bytes: Buffer): ProxyHeader['addresses'] }>> =
  Object.freeze({
    1: { size: 12, read: (bytes) => internet(bytes, 4, (part) => part.join('.')) },
    2: { size: 36, read: (bytes) => internet(bytes, 16, (part) => canonicalAddress(groups(part))) },
    3: { size: 2 * PATH, read: (bytes) => ({ source: path(bytes.subarray(0, PATH)), destination: path(bytes.subarray(PATH)) }) },
  })

/** The binary header [2.2]. What follows the addresses (TLVs) is skipped. */
export function readVersion2(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < FIXED) return undefined
  const [version, command] = [bytes.readUInt8(12) >> 4, bytes.readUInt8(12) & 15]
  const [family, transport] = [bytes.readUInt8(13) >> 4, bytes.readUInt8(13) & 15]
  const length = bytes.readUInt16BE(14)
  if (version !== 2 || command > 1) throw new WrongProxyHeader('its PROXY header is of an unknown version')
  if (length > LONGEST) throw new WrongProxyHeader(`its PROXY header has more than ${LONGEST} bytes`)
  const size = FIXED + length
  // "the receiver must accept this connection as valid and must use the real connection endpoints and discard the protocol block" [2.2]
  const speaksForItself = command === 0 || family === 0
  const known = FAMILIES[family]
  if (!speaksForItself && (known === undefined || transport !== 1))
    throw new WrongProxyHeader('its PROXY header names no stream that there is')
  if (!speaksForItself && known !== undefined && length < known.size)
    throw new WrongProxyHeader('its PROXY header is too short for its addresses')
  if (bytes.length < size) return undefined
  return { size, addresses: speaksForItself ? undefined : known?.read(bytes.subarray(FIXED, FIXED + known.size)) }
}

function internet(bytes: Buffer, width: number, text: (part: Buffer) => string): ProxyHeader['addresses'] {
  const one = (at: number): Address => ({
    type: 'TCP',
    host: text(bytes.subarray(at * width, (at + 1) * width)),
    port: bytes.readUInt16BE(2 * width + 2 * at),
  })
  return { source: one(0), destination: one(1) }
}

function groups(part: Buffer): string {
  return Array.from({ length: 8 }, (_, at) => part.readUInt16BE(2 * at).toString(16)).join(':')
}

function path(bytes: Buffer): Address {
  const end = bytes.indexOf(0)
  return { type: 'UNIX', name: bytes.toString('utf8', 0, end < 0 ? PATH : end) }
}
