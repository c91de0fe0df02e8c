import { PlaitError } from '../../errors.ts'
import type { Logger } from '../../log/logger.ts'
import type { Address } from '../../reactor/reactor.ts'
import { refuse, type Refusal } from '../refusal.ts'
import { forwardingName, isForwardingField } from './field-names.ts'
import { toldByForwarded, toldByXForwarded } from './hops.ts'
import { ForwardingNotices } from './notices.ts'
import { contradiction, originOf, type Origin } from './origin.ts'
import { TrustedProxies, type TrustProxy } from './trusted-proxies.ts'
import { parseHost } from './values.ts'

/** Options about proxies in front of the server. */
export interface ForwardingOptions {
  /**
   * The proxies that are believed when they say where a request came from (RFC 7239 and X-Forwarded-*). From everybody else these fields are removed.
   * @default `unix`: who connects to a UNIX socket of the server
   */
  trustProxy?: TrustProxy
  /** The fields that they set on every request, like `['X-Forwarded-For', 'X-Forwarded-Proto']`; others of the kind are removed. @default all */
  forwardedFields?: readonly string[]
  /** @default the reactor's */
  logger?: Logger
}

/** A request with forwarding fields. */
export interface Forwarded {
  readonly peer: Address
  readonly secure: boolean
  /** Value of the Host field. */
  readonly host: string | undefined
  /** Flat. */
  readonly headers: readonly string[]
}

/** What comes of it. */
export interface Learnt {
  /** Undefined: the peer is not believed. */
  readonly origin: Origin | undefined
  /** The fields that are left. */
  readonly headers: readonly string[]
}

/** What a server does with the fields by which proxies tell where a request came from. */
export class Forwarding {
  readonly #proxies: TrustedProxies
  /** The only fields that the proxies set; undefined for all. */
  readonly #believed: ReadonlySet<string> | undefined
  readonly #notices = new ForwardingNotices()

  readonly #logger: Logger | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor({ trustProxy = 'unix', forwardedFields, logger }: ForwardingOptions = {}) {
    this.#proxies = new TrustedProxies(trustProxy)
    this.#believed = forwardedFields === undefined ? undefined : new Set(forwardedFields.map(checked))
    this.#logger = logger
  }

  /** Is it a proxy that is believed? */
  trusts(peer: Address): boolean {
    return this.#proxies.trustsPeer(peer)
  }

  /** Reads the fields of a trusted proxy, removes those of others. Only for requests that have some. */
  learn({ peer, secure, host, headers: all }: Forwarded, reactorLogger: Logger): Learnt | Refusal {
    const logger = this.#logger ?? reactorLogger
    const believed = this.#believed
    const headers = believed === undefined ? all : withoutFields(all, (name) => !believed.has(name))
    const fields = collect(headers)
    if (!this.#proxies.trustsPeer(peer)) {
      this.#notices.removed([...collect(all).keys()].join(', ').slice(0, 200), peer, logger)
      return { origin: undefined, headers: withoutFields(headers, () => true) }
    }
    const forwarded = toldByForwarded(fields, this.#proxies)
    const xForwarded = toldByXForwarded(fields, this.#proxies)
    const about = contradiction(forwarded, xForwarded)
    if (about !== undefined) {
      return refuse(
        400,
        `Forwarded and X-Forwarded-* contradict each other about ${about}: the proxy must remove the one that it does not set`,
      )
    }
    const malformed = [...forwarded.malformed, ...xForwarded.malformed]
    for (const field of malformed) this.#notices.malformed(field, peer, logger)
    return {
      origin: originOf(forwarded, xForwarded, { secure, host: parseHost(host ?? '') }),
      // Nobody behind this server reads what could not be read here.
      headers: malformed.length === 0 ? headers : withoutFields(headers, (name) => malformed.includes(name)),
    }
  }
}

function collect(headers: readonly string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  for (let index = 0; index < headers.length; index += 2) {
    const name = forwardingName(headers[index] as string)
    if (name === undefined) continue
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [headers[index + 1] as string])
    else values.push(headers[index + 1] as string)
  }
  return fields
}

/** `headers`, flat, without those forwarding fields that `drop` takes, by the name in lower case. */
function withoutFields(headers: readonly string[], drop: (lower: string) => boolean): string[] {
  const left: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = forwardingName(headers[index] as string)
    if (name === undefined || !drop(name)) left.push(headers[index] as string, headers[index + 1] as string)
  }
  return left
}

function checked(name: string): string {
  const lower = String(name).toLowerCase()
  if (isForwardingField(lower)) return lower
  throw new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot use the option forwardedFields: ${JSON.stringify(name)} is no field by which proxies tell where a request came from`,
  )
}
