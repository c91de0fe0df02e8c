/** A client that asks a tree without a socket. */
import type { Logger } from '../log/logger.ts'
import type { Address } from '../reactor/reactor.ts'
import type { TreeNode } from '../resource/resource.ts'
import { Site } from '../resource/site.ts'
import type { SiteOptions } from '../resource/site.ts'
import { CookieJar } from './cookie-jar.ts'
import { MemoryReactor } from './memory-reactor.ts'
import type { MemoryPort } from './memory-reactor.ts'
import { RecordingLogger } from './recording-logger.ts'
import type { LogRecord } from './recording-logger.ts'
import { methodOf, requestBytes } from './request-bytes.ts'
import type { RequestDescription } from './request-bytes.ts'
import type { MemoryResponse } from './response-parser.ts'

/** Options of {@link MemoryClient}. */
export interface MemoryClientOptions {
  /** Options of the site, where a resource was given. */
  site?: SiteOptions
  /** Whose time it is. @default a new one */
  reactor?: MemoryReactor
  /** The client's address: `'192.0.2.7'`, `'192.0.2.7:1234'`, `'[2001:db8::1]:1234'`. @default 192.0.2.1 */
  peer?: string | Address
  /** The connection is one with TLS. @default false */
  secure?: boolean
}

/** A response, and what was logged meanwhile. */
export interface TestResponse extends MemoryResponse {
  /** The value that the body is JSON of. */
  json<Value = unknown>(): Value
  /** What the server logged while it answered. */
  readonly logged: readonly LogRecord[]
}

/**
 * Asks the tree below a resource, through the whole server: parser, checks, traversal, error pages. Cookies are kept from response to request.
 *
 *     const client = new MemoryClient(root)
 *     await client.request({ path: '/login', form: { user: 'ada' } })
 *     const response = await client.request('/account')
 */
export class MemoryClient {
  readonly reactor: MemoryReactor
  readonly site: Site
  /** What the server logs; the reactor's, where one was given that records. */
  readonly logger: RecordingLogger
  /** The cookies that it would send. */
  readonly cookies: CookieJar = new CookieJar()
  readonly #port: MemoryPort
  readonly #peer: Address | undefined

  /** @param resource the root of a tree, or a site that serves one */
  constructor(resource: TreeNode, options: MemoryClientOptions = {}) {
    const { reactor: given } = options
    this.logger = given?.logger instanceof RecordingLogger ? given.logger : new RecordingLogger()
    const logger = bothLoggers(this.logger, options.site?.logger)
    this.reactor = given ?? new MemoryReactor({ logger: this.logger })
    this.site = resource instanceof Site ? resource : new Site(resource, { ...options.site, logger })
    const { reactor, site } = this
    this.#port = options.secure === true ? reactor.listenTLS(443, site) : reactor.listenTCP(80, site)
    this.#peer = typeof options.peer === 'string' ? parsePeer(options.peer) : options.peer
  }

  /**
   * Sends a request on a connection of its own, and gives the response.
   * @param request a path, or a description
   * @throws Error when the connection ended without a response
   */
  async request(request: string | RequestDescription = {}): Promise<TestResponse> {
    const description = typeof request === 'string' ? { path: request } : request
    const before = this.logger.records.length
    const connection = this.#port.connect(this.#peer === undefined ? {} : { peer: this.#peer })
    try {
      connection.write(requestBytes(this.#withCookies(description)))
      const response = await connection.response(methodOf(description))
      this.cookies.take(response.rawHeaders)
      // The server sees that its response has left before it sees the client leave.
      await new Promise((resolve) => setImmediate(resolve))
      return { ...response, json: () => JSON.parse(response.text) as never, logged: this.logger.records.slice(before) }
    } finally {
      connection.close()
    }
  }

  #withCookies(description: RequestDescription): RequestDescription {
    const { headers = {} } = description
    const { field } = this.cookies
    if (field === '' || Object.keys(headers).some((name) => name.toLowerCase() === 'cookie')) return description
    return { ...description, headers: { ...headers, Cookie: field } }
  }
}

/**
 * Asks a tree once.
 *
 *     const response = await requestFor(root, { path: '/hello', headers: { Accept: 'text/plain' } })
 *
 * For a response that takes time give a `reactor`, and let its time pass.
 */
export function requestFor(resource: TreeNode, options: RequestDescription & MemoryClientOptions = {}): Promise<TestResponse> {
  return new MemoryClient(resource, options).request(options)
}

function bothLoggers(recording: RecordingLogger, other: Logger | undefined): Logger {
  if (other === undefined) return recording
  const both = (level: LogRecord['level']): Logger['info'] => {
    return (message, fields) => {
      recording[level](message, fields)
      other[level](message, fields)
    }
  }
  return { debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error') }
}

function parsePeer(peer: string): Address {
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(peer) ?? []
  return { type: 'TCP', host: bracketed ?? bare ?? peer, port: Number(port ?? 49152) }
}
