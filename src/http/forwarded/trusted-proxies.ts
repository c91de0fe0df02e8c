import { PlaitError } from '../../errors.ts'
import { AddressList } from '../../reactor/address-list.ts'
import type { Address } from '../../reactor/reactor.ts'

/**
 * Whose word about a request counts: nobody (`false`), as many proxies as stand in front (a number), or those at these addresses: single ones,
 * networks like `10.0.0.0/8`, and the names `loopback`, `private`, `linklocal` and `unix` (whoever connects to a UNIX socket). A text is a list with commas.
 */
export type TrustProxy = false | number | string | readonly string[]

const WHAT = 'Cannot trust these proxies'

/** The proxies in front of a server. */
export class TrustedProxies {
  readonly #listed: AddressList
  /** How many there are; undefined where they are known by their addresses. */
  readonly #hops: number | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(trust: TrustProxy) {
    const entries = entriesOf(trust)
    const [first = ''] = entries
    this.#hops = /^\d+$/.test(first) && entries.length === 1 ? Number(first) : undefined
    if (entries.includes('*')) {
      const instead =
        'who trusts everybody believes the client itself. Where nobody can reach the server past its proxies, say how many they are'
      throw new PlaitError('PLAIT_CONFIGURATION', `${WHAT}: "*": ${instead}`)
    }
    this.#listed = new AddressList(this.#hops === undefined ? entries : [], WHAT)
  }

  /** Is what the peer of a connection says believed? */
  trustsPeer(peer: Address): boolean {
    return this.#hops === undefined ? this.#listed.includes(peer) : this.#hops > 0
  }

  /**
   * Is what the proxy at `host` said believed?
   * @param nearer how many proxies stand between it and this server
   */
  trusts(host: string, nearer: number): boolean {
    return this.#hops === undefined ? this.#listed.includesHost(host) : nearer < this.#hops
  }
}

function entriesOf(trust: TrustProxy): readonly string[] {
  if (trust === false) return []
  const given = typeof trust === 'object' ? trust : [trust]
  const entries = given.flatMap((entry) => String(entry).split(',')).map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '')
}
