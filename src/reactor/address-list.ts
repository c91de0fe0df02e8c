import { BlockList, isIP, isIPv4 } from 'node:net'
import { PlaitError } from '../errors.ts'
import type { Address } from './reactor.ts'

/** Addresses of which something is believed: single ones, networks, `unix` (every client of a UNIX socket) and `*` (everyone). */
export class AddressList {
  readonly #listed = new BlockList()
  #everyone = false
  #unix = false

  /**
   * @param entries `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`, `unix`, `*`
   * @param what named in messages: the option that has them
   * @throws PlaitError `PLAIT_CONFIGURATION` for what is no address
   */
  constructor(entries: readonly string[], what: string) {
    for (const entry of entries) {
      if (entry === '*') this.#everyone = true
      else if (entry === 'unix') this.#unix = true
      else if (!this.#add(entry)) {
        throw new PlaitError(
          'PLAIT_CONFIGURATION',
          `${what}: ${JSON.stringify(entry)} is neither an address like 127.0.0.1, nor a network like 10.0.0.0/8, nor unix, nor *`,
        )
      }
    }
  }

  includes(address: Address): boolean {
    if (this.#everyone) return true
    if (address.type === 'UNIX') return this.#unix
    const { host } = address
    return isIP(host) !== 0 && this.#listed.check(host, isIPv4(host) ? 'ipv4' : 'ipv6')
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
