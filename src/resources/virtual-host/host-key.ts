import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/** No name of the DNS is longer; what is, is only ever looked up as a whole. */
const LONGEST_NAME = 253

/**
 * A host as names are compared: without its port and the dot at its end, in lower case, an IPv6 address in its shortest form without brackets. Never throws; `''` for none.
 * @param host value of a Host field
 */
export function hostKey(host: string): string {
  if (host.startsWith('[')) return addressKey(host.slice(1, host.indexOf(']')))
  const colon = host.indexOf(':')
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/**
 * The key of a name that a programmer gives: as in a Host field, an IPv6 address with or without brackets; letters outside ASCII become what browsers send for them. `*.` in front stands for any names.
 * Undefined for what is no host, or has a port.
 */
export function namedKey(name: string): string | undefined {
  if (isIPv6(name)) return addressKey(name)
  const [, bracketed] = /^\[(.*)\]$/.exec(name) ?? []
  if (bracketed !== undefined) return isIPv6(bracketed) ? addressKey(bracketed) : undefined
  const [, star = '', rest = ''] = /^(\*\.)?([^\s/?#@\\%[\]:*]+)$/.exec(name) ?? []
  // An underscore is in some names, though none of the DNS has it.
  const ascii = /^[\w.-]+$/.test(rest) ? rest : domainToASCII(rest)
  const key = hostKey(ascii)
  return key === '' ? undefined : star + key
}

/** The keys under which a host may be found, the most exact first: itself, then `*.` with ever less of its name. */
export function* keysOf(key: string): Generator<string, undefined> {
  yield key
  if (key.length > LONGEST_NAME || key.includes(':')) return
  for (let dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) yield `*${key.slice(dot)}`
}

function addressKey(address: string): string {
  return isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address.toLowerCase()
}
