import { BlockList, isIP } from 'node:net'
import { PlaitError } from '../../errors.ts'
import type { Address } from '../../reactor/reactor.ts'

/**
 * Whose word about a request counts: nobody (`false`), as many proxies as stand in front (a number), or those at these addresses: single ones,
 * networks like `10.0.0.0/8`, and the names `loopback`, `private`, `linklocal` and `unix` (whoever connects to a UNIX socket). A text is a list with commas.
 */
export type TrustProxy = false | number | string | readonly string[]

const named: Readonly<Record<string, readonly string[]>> = Object.freeze({
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
})

/** The proxies in front of a server. */
export class TrustedProxies {
  readonly #listed = new BlockList()
  #unix = false
  /** How many there are; undefined where they are known by their addresses. */
  readonly #hops: number | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(trust: TrustProxy) {
    const entries = entriesOf(trust)
    const [first = ''] = entries
    if (/^\d+$/.test(first) && entries.length === 1) {
      this.#hops = Number(first)
      return
    }
    for (const entry of entries) this.#add(entry)
  }

  /** Is what the peer of a connection says believed? */
  trustsPeer(peer: Address): boolean {
    if (this.#hops !== undefined) return this.#hops > 0
    return peer.type === 'UNIX' ? this.#unix : this.#lists(peer.host)
  }

  /**
   * Is what the proxy at `host` said believed?
   * @param nearer how many proxies stand between it and this server
   */
  trusts(host: string, nearer: number): boolean {
    return this.#hops === undefined ? this.#lists(host) : nearer < this.#hops
  }

  #lists(host: string): boolean {
    const [address = ''] = host.split('%')
    const version = isIP(address)
    return version !== 0 && this.#listed.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(entry: string): void {
    if (entry === 'unix') {
      this.#unix = true
      return
    }
    for (const network of Object.hasOwn(named, entry) ? (named[entry] as readonly string[]) : [entry]) this.#addNetwork(network)
  }

  #addNetwork(network: string): void {
    const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(network) ?? []
    const version = isIP(address)
    if (version === 0 || Number(bits ?? 0) > (version === 4 ? 32 : 128)) throw wrong(network)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) this.#listed.addAddress(address, family)
    else this.#listed.addSubnet(address, Number(bits), family)
  }
}

function entriesOf(trust: TrustProxy): readonly string[] {
  if (trust === false) return []
  const given = typeof trust === 'object' && Array.isArray(trust) ? (trust as readonly string[]) : [trust]
  const entries = given.flatMap((entry) => String(entry).split(',')).map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '')
}

function wrong(entry: string): PlaitError {
  const expected = `an address, a network like 10.0.0.0/8, ${Object.keys(named).join(', ')}, unix, or the number of proxies alone`
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot trust the proxy ${JSON.stringify(entry)}: expected ${expected}`)
}
