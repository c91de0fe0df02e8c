import type { Address } from '../reactor.ts'

/** What a header of the PROXY protocol says. */
export interface ProxyHeader {
  /** Its length in bytes. */
  readonly size: number
  /** Of the connection that the proxy took; undefined when it speaks for itself (LOCAL), or does not say (UNKNOWN, UNSPEC). */
  readonly addresses: { readonly source: Address; readonly destination: Address } | undefined
}

/** Why it is no header. */
export class WrongProxyHeader extends Error {}
