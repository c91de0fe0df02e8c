import { parseElement } from './forwarded-element.ts'
import { parseNode, type ForwardedNode } from './forwarded-node.ts'
import { fromRight } from './from-right.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { parseHost, parsePort, parsePrefix, parseScheme, type NamedHost } from './values.ts'

/** What proxies tell of a request. Undefined is what they do not. */
export interface Told {
  client: ForwardedNode | undefined
  secure: boolean | undefined
  host: NamedHost | undefined
  port: string | undefined
  prefix: readonly string[] | undefined
  /** Fields that could not be read. */
  readonly malformed: string[]
}

/** Values of the fields, by names in lower case. */
export type ForwardingFields = ReadonlyMap<string, readonly string[]>

/**
 * Forwarded (RFC 7239), from its end: each proxy has added an element with whom it saw. The first that is no trusted proxy is the client. What stands in front of it
 * is the client's own, and never looked at.
 */
export function toldByForwarded(fields: ForwardingFields, proxies: TrustedProxies): Told {
  const told = nothingTold()
  let nearer = 1
  for (const item of fromRight(fields.get('forwarded') ?? [], true)) {
    const element = parseElement(item)
    const node = element?.for === undefined ? 'unknown' : parseNode(element.for)
    const secure = element?.proto === undefined ? undefined : parseScheme(element.proto)
    const host = element?.host === undefined ? undefined : parseHost(element.host)
    const broken = (element?.proto !== undefined && secure === undefined) || (element?.host !== undefined && host === undefined)
    if (element === undefined || node === undefined || broken) {
      told.malformed.push('forwarded')
      return told
    }
    told.secure = secure ?? told.secure
    told.host = host ?? told.host
    // Nobody knows who that is: the proxy that said so is the last that can be named.
    if (node === 'unknown') return told
    told.client = node
    if (!proxies.trusts(node.host, nearer++)) return told
  }
  return told
}

/**
 * X-Forwarded-For and its relatives. The list of addresses is walked as Forwarded is. Where another field is a list too, its item at the same place
 * counts: it was added by the same proxy. A single value was passed on by the nearer ones.
 */
export function toldByXForwarded(fields: ForwardingFields, proxies: TrustedProxies): Told {
  const told = nothingTold()
  const place = walkAddresses(fields.get('x-forwarded-for') ?? [], proxies, told)
  const read = <Value>(name: string, parse: (text: string) => Value | undefined): Value | undefined => {
    const text = itemAt(fields.get(name) ?? [], place)
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) told.malformed.push(name)
    return value
  }
  told.secure = read('x-forwarded-proto', parseScheme)
  told.host = read('x-forwarded-host', parseHost)
  told.port = read('x-forwarded-port', parsePort)
  told.prefix = read('x-forwarded-prefix', parsePrefix)
  return told
}

/** Sets the client. Gives its place in the list, counted from the end; 1 when there is no list. */
function walkAddresses(lines: readonly string[], proxies: TrustedProxies, told: Told): number {
  let place = 0
  for (const item of fromRight(lines, false)) {
    const node = parseNode(item)
    place++
    if (node === undefined) told.malformed.push('x-forwarded-for')
    if (node === undefined || node === 'unknown') break
    told.client = node
    if (!proxies.trusts(node.host, place)) break
  }
  return Math.max(place, 1)
}

/** The item at a place counted from the end, or the first of a shorter list. */
function itemAt(lines: readonly string[], place: number): string | undefined {
  let at = 0
  let last: string | undefined
  for (const item of fromRight(lines, false)) {
    last = item
    if (++at >= place) break
  }
  return last
}

function nothingTold(): Told {
  return { client: undefined, secure: undefined, host: undefined, port: undefined, prefix: undefined, malformed: [] }
}
