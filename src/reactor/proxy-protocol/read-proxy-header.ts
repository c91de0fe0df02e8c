/** The header of the PROXY protocol: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt (its sections 2.1 and 2.2 are quoted as [2.1], [2.2]). */
import { WrongProxyHeader, type ProxyHeader } from './proxy-header.ts'
import { readVersion1 } from './version-1.ts'
import { readVersion2, SIGNATURE } from './version-2.ts'

const VERSION_1 = Buffer.from('PROXY ')

/**
 * Reads the header at the beginning of `bytes`.
 * @returns undefined when more must come
 * @throws WrongProxyHeader as soon as it cannot become one
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsLike(bytes, VERSION_1)) return bytes.length < VERSION_1.length ? undefined : readVersion1(bytes)
  if (startsLike(bytes, SIGNATURE)) return bytes.length < SIGNATURE.length ? undefined : readVersion2(bytes)
  throw new WrongProxyHeader('it did not begin with a PROXY header')
}

/** As far as they go, both are the same. */
function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, length, 0, length) === 0
}
