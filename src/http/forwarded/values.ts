/** The single values that proxies tell: each is read whole, or not at all. */
import { isHost } from '../header-policy.ts'
import { splitPath } from '../request-target.ts'

/** A host with or without its port. */
export interface NamedHost {
  /** As in a Host field, without the port: an IPv6 address has brackets. */
  readonly name: string
  /** '' where it is not told. */
  readonly port: string
}

/** Is it https? Undefined for what is no scheme of HTTP. Some proxies say `wss` where a WebSocket is opened. */
export function parseScheme(text: string): boolean | undefined {
  switch (text.toLowerCase()) {
    case 'https':
    case 'wss':
      return true
    case 'http':
    case 'ws':
      return false
    default:
      return undefined
  }
}

/** A host as in a Host field. */
export function parseHost(text: string): NamedHost | undefined {
  const [, name, port = ''] = /^(\[.*\]|[^:]+)(?::(\d*))?$/.exec(text) ?? []
  if (name === undefined || !isHost(name) || (port !== '' && parsePort(port) === undefined)) return undefined
  return { name, port }
}

/** A port, 1 to 65535. */
export function parsePort(text: string): string | undefined {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? text : undefined
}

const MOST_PREFIX = 2048

/**
 * The path that a proxy has taken away from the front, as decoded segments. It goes into links: `//evil.example` would lead away from here, so empty segments are
 * none, and neither are those of dots.
 */
export function parsePrefix(text: string): string[] | undefined {
  if (text === '/') return []
  if (text.length > MOST_PREFIX || !/^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)+\/?$/.test(text)) return undefined
  const segments = splitPath(text.replace(/\/$/, ''))
  // oxlint-disable-next-line no-control-regex -- the range is the point
  return segments.some((segment) => /^\.\.?$|[/\\\x00-\x1f\x7f]/.test(segment)) ? undefined : segments
}
