import type { ForwardedNode } from './forwarded-node.ts'
import type { Told } from './hops.ts'
import type { NamedHost } from './values.ts'

/** Where a request came from, as trusted proxies tell it. */
export interface Origin {
  /** Undefined: nobody knows more than the connection. */
  readonly client: ForwardedNode | undefined
  readonly secure: boolean
  /** As the client named the server; undefined where there is no Host either. */
  readonly host: NamedHost | undefined
  /** That the client used. */
  readonly port: string
  /** Decoded segments that a proxy has taken away from the front of the path. */
  readonly prefix: readonly string[]
}

/** What is known without proxies. */
export interface Seen {
  readonly secure: boolean
  /** The Host field. */
  readonly host: NamedHost | undefined
}

/**
 * The name of what two proxies, or two families of fields, tell in different ways. Which of them a client could have written, only those know who set the proxies up.
 * Undefined where they agree.
 */
export function contradiction(one: Told, other: Told): string | undefined {
  if (differ(one.client?.host, other.client?.host)) return 'the client'
  if (differ(one.secure, other.secure)) return 'the scheme'
  if (differ(one.host?.name.toLowerCase(), other.host?.name.toLowerCase())) return 'the host'
  return undefined
}

function differ(one: unknown, other: unknown): boolean {
  return one !== undefined && other !== undefined && one !== other
}

/** Both families of fields, and what the request itself says, as one. They must not contradict each other. */
export function originOf(forwarded: Told, xForwarded: Told, seen: Seen): Origin {
  const secure = forwarded.secure ?? xForwarded.secure ?? seen.secure
  const host = longer(forwarded.host, xForwarded.host) ?? seen.host
  return {
    client: forwarded.client ?? xForwarded.client,
    secure,
    host,
    port: host?.port || otherPort(xForwarded.port, secure) || (secure ? '443' : '80'),
    prefix: xForwarded.prefix ?? [],
  }
}

/** The one with a port, where only one has it. */
function longer(one: NamedHost | undefined, other: NamedHost | undefined): NamedHost | undefined {
  return one === undefined || one.port === '' ? (other ?? one) : one
}

/**
 * X-Forwarded-Port is where the proxy listens, which is not always where the client connected: the port in its Host counts first, and behind another proxy that speaks TLS
 * there often stands the port of the plain scheme.
 */
function otherPort(port: string | undefined, secure: boolean): string {
  return port === undefined || port === (secure ? '80' : '443') ? '' : port
}
