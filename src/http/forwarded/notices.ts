import { isIPv4 } from 'node:net'
import type { Logger } from '../../log/logger.ts'
import type { Address } from '../../reactor/reactor.ts'
import { TrustedProxies } from './trusted-proxies.ts'

/** Lines in all: anybody can send these fields, from anywhere. */
const MOST_LINES = 100

const nearby = new TrustedProxies(['loopback', 'private', 'linklocal', 'unix'])

/** Says what happened to forwarding fields, once for each network of peers. */
export class ForwardingNotices {
  readonly #said = new Set<string>()

  /** Fields of a peer that is no trusted proxy were removed. */
  removed(field: string, peer: Address, logger: Logger): void {
    if (!this.#first(`removed ${networkOf(peer)}`)) return
    const who = peer.type === 'UNIX' ? 'a client of the UNIX socket' : peer.host
    const message = `Removed ${field} from a request of ${who}, which is no trusted proxy. If it is a proxy of yours, say so: --trust-proxy ${wordFor(peer)} (trustProxy of Site)`
    // A stranger may try; a neighbour who does so is most likely the proxy in front.
    if (nearby.trustsPeer(peer)) logger.warn(message)
    else logger.info(message)
  }

  /** What a trusted proxy said could not be read. */
  malformed(field: string, peer: Address, logger: Logger): void {
    if (!this.#first(`malformed ${field} ${networkOf(peer)}`)) return
    logger.warn(`Ignored the field ${field} that came by the trusted proxy ${nameOf(peer)}: it cannot be read`)
  }

  #first(what: string): boolean {
    if (this.#said.has(what) || this.#said.size >= MOST_LINES) return false
    this.#said.add(what)
    return true
  }
}

function nameOf(peer: Address): string {
  return peer.type === 'UNIX' ? 'on the UNIX socket' : peer.host
}

function wordFor(peer: Address): string {
  if (peer.type === 'UNIX') return 'unix'
  return new TrustedProxies('loopback').trustsPeer(peer) ? 'loopback' : peer.host
}

/** The first 24 bits of an IPv4 address, about 64 of an IPv6 address. */
function networkOf(peer: Address): string {
  if (peer.type === 'UNIX') return 'unix'
  if (isIPv4(peer.host)) return peer.host.slice(0, peer.host.lastIndexOf('.'))
  const [front = '', back] = peer.host.split('::')
  const groups = front.split(':')
  return back === undefined || groups.length >= 4 ? groups.slice(0, 4).join(':') : `${front}::`
}
