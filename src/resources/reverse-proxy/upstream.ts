import { Agent as PlainAgent, request as plainRequest, type ClientRequest, type RequestOptions } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { PlaitError } from '../../errors.ts'

/** Where an upstream listens, and which of its paths stands for the resource's own. */
export interface UpstreamAddress {
  readonly secure: boolean
  /** Without brackets; '' on UNIX sockets. */
  readonly host: string
  readonly port: number
  /** Path of a UNIX socket. */
  readonly socketPath: string | undefined
  /** Path below which everything is asked for; without a slash at its end. */
  readonly base: string
  /** What Host says by default. */
  readonly authority: string
}

/** One request to an upstream. */
export interface Asked {
  readonly method: string
  readonly path: string
  /** Flat. */
  readonly headers: readonly string[]
  /** A connection of its own: for a protocol that keeps it, or because those at hand seem to be dead. */
  readonly ownConnection: boolean
}

/** Bytes of a response's head. */
const MAX_HEAD = 64 * 1024

/**
 * Reads where an upstream is: `http://host:port/base`, `https://…`, `unix:/path/of/socket[:/base]`.
 * @throws PlaitError `PLAIT_RESOURCE`
 */
export function parseUpstream(text: string): UpstreamAddress {
  const unix = /^unix:(\/[^:]+)(?::(\/.*))?$/.exec(text)
  if (unix !== null) {
    const [, socketPath, path = ''] = unix
    return { secure: false, host: '', port: 0, socketPath, base: baseOf(text, path), authority: 'localhost' }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid(text, 'expected http://host:port/base, https://… or unix:/path/of/socket:/base')
  }
  if (url.username !== '' || url.password !== '') throw invalid(text, 'it may not have a user name or a password')
  if (url.search !== '' || url.hash !== '') throw invalid(text, 'it may have a path, but no query and no fragment')
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  return { secure, host, port, socketPath: undefined, base: baseOf(text, url.pathname), authority: url.host }
}

function baseOf(text: string, path: string): string {
  if (!/^[!-~]*$/.test(path) || /[?#]/.test(path)) throw invalid(text, 'its path must be percent-encoded, without a query')
  return path.replace(/\/+$/, '')
}

function invalid(text: string, why: string): PlaitError {
  return new PlaitError('PLAIT_RESOURCE', `Cannot use the upstream ${JSON.stringify(text)}: ${why}`)
}

/** A server behind this one, with its connections. */
export class Upstream {
  readonly address: UpstreamAddress
  /** Seconds of the reactor's clock since when nobody could connect. */
  downSince: number | undefined
  /** Somebody could connect once: when nobody can any more, it restarts. */
  everUp = false
  readonly #shared: PlainAgent
  readonly #own: PlainAgent
  readonly #options: RequestOptions

  constructor(address: UpstreamAddress, maxConnections: number, tls: ConnectionOptions) {
    const { secure, host, port, socketPath } = address
    this.address = address
    const Agent = secure ? SecureAgent : PlainAgent
    // A peer that half-closes may still want what comes: who pipes decides.
    this.#shared = new Agent({ ...tls, keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' })
    this.#own = new Agent({ ...tls, keepAlive: false, allowHalfOpen: true } as ConstructorParameters<typeof PlainAgent>[0])
    const where = socketPath === undefined ? { host, port } : { socketPath }
    // Without it node:https would take what the client says in Host for the name on the certificate.
    const name = secure ? { servername: tls.servername ?? (isIP(host) === 0 ? host : '') } : {}
    this.#options = { ...where, ...name, maxHeaderSize: MAX_HEAD, insecureHTTPParser: false }
  }

  /** Sends the head as soon as there is a connection. */
  open({ method, path, headers, ownConnection }: Asked): ClientRequest {
    const agent = ownConnection ? this.#own : this.#shared
    // A flat array goes out as it is: repeated fields stay apart, and nothing is added but Connection.
    const options = { ...this.#options, method, path, agent, headers: headers as unknown as Record<string, string> }
    const asked = this.address.secure ? secureRequest(options) : plainRequest(options)
    // node:http would drop what is beyond, and say nothing. The size is limited.
    asked.maxHeadersCount = 0
    return asked
  }

  /** Closes the connections that nobody uses. */
  close(): void {
    this.#shared.destroy()
    this.#own.destroy()
  }
}
