import { BlockList, isIP, isIPv4 } from 'node:net'
import { PlaitError } from '../errors.ts'
import type { Address } from './reactor.ts'

const named: Readonly<Record<string, readonly string[]>> = Object.freeze({
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
})

const MOST_KNOWN = 1000

/**
 * Addresses of which something is believed: single ones, networks, the names `loopback`, `private` and `linklocal`, `unix` (every client of a UNIX socket) and `*`
 * (everyone).
 */
export class AddressList {
  readonly #listed = new BlockList()
  /** Answers given before: a proxy comes again with each request. */
  readonly #known = new Map<string, boolean>()
  #everyone = false
  #unix = false

  /**
   * @param entries `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`, `loopback`, `unix`, `*` …
   * @param what named in messages: the option that has them
   * @throws PlaitError `PLAIT_CONFIGURATION` for what is no address
   */
  constructor(entries: readonly string[], what: string) {
    for (const entry of entries) {
      if (entry === '*') this.#everyone = true
      else if (entry === 'unix') this.#unix = true
      else if (Object.hasOwn(named, entry)) for (const network of named[entry] as readonly string[]) this.#add(network)
      else if (!this.#add(entry)) throw wrong(entry, what)
    }
  }

  includes(address: Address): boolean {
    if (this.#everyone) return true
    return address.type === 'UNIX' ? this.#unix : this.includesHost(address.host)
  }

  /** @param host an address as text. What is none is not in the list */
  includesHost(host: string): boolean {
    if (this.#everyone) return true
    return this.#known.get(host) ?? this.#look(host)
  }

  #look(host: string): boolean {
    // The zone of a link-local address says by which interface it came.
    const [address = ''] = host.split('%')
    if (isIP(address) === 0) return false
    const found = this.#listed.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(host, found)
    return found
  }

  #add(entry: string): boolean {
    const [, host = '', bits] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const version = isIP(host)
    if (version === 0) return false
    const family = version === 4 ? 'ipv4' : 'ipv6'
    const most = version === 4 ? 32 : 128
    if (bits === undefined) this.#listed.addAddress(host, family)
    else if (Number(bits) > most) return false
    else this.#listed.addSubnet(host, Number(bits), family)
    return true
  }
}

function wrong(entry: string, what: string): PlaitError {
  const expected = `an address like 127.0.0.1, a network like 10.0.0.0/8, ${Object.keys(named).join(', ')}, unix`
  return new PlaitError('PLAIT_CONFIGURATION', `${what}: ${JSON.stringify(entry)} is none of these: ${expected}`)
}
