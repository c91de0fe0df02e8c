/** Another server below a path of this one (Twisted: `twisted.web.proxy.ReverseProxyResource`). */
import type { ConnectionOptions } from 'node:tls'
import { defaults } from '../../defaults.ts'
import type { Request } from '../../http/request.ts'
import { errorHTML } from '../../resource/error-page.ts'
import type { TreeNode } from '../../resource/resource.ts'
import type { CollectedBody } from './body-passage.ts'
import { Exchange, type ExchangeSettings, type Outgoing } from './exchange.ts'
import { isLoop, requestFields } from './request-fields.ts'
import { mountPath, upstreamPath } from './upstream-path.ts'
import { parseUpstream, Upstream } from './upstream.ts'

/** Options of {@link ReverseProxyResource}. Times in seconds. */
export interface ReverseProxyOptions {
  /** The upstream gets the client's Host, in place of its own. @default false */
  preserveHost?: boolean
  /** Translate Location without a host, and the Path of cookies, from the upstream's paths to those here. @default false */
  rewritePaths?: boolean
  /** `stream`: the upstream gets the body as it comes. `buffer`: when it is whole, so that a slow client does not occupy the upstream. @default 'stream' */
  requestBody?: 'stream' | 'buffer'
  /** Bytes of a request body (413), 0 = no limit. @default 1 GiB */
  maxBody?: number
  /** Until there is a connection (504). @default 5 */
  connectTimeout?: number
  /** Until the response begins, counted from the last byte of the request (504). 0 = no limit. @default 60 */
  responseTimeout?: number
  /** Without a byte of a response that has begun (cut). 0 = no limit. @default 300 */
  idleTimeout?: number
  /** How long a request waits while nobody can connect: the upstream may be starting. Counted from the first failure. @default 5 */
  retryFor?: number
  /** Connections to the upstream at a time, WebSockets aside. @default 1000 */
  maxConnections?: number
  /** For `https://`: `ca`, `servername`, `rejectUnauthorized` … of `node:tls`. */
  tls?: ConnectionOptions
}

/**
 * Answers each request with what another server says to it. Bodies stream both ways, WebSockets pass through, connections are used again.
 *
 *     root.putChild('shop', new ReverseProxyResource('http://127.0.0.1:3000/base'))
 *
 * `/shop/a%2Fb?c` becomes `/base/a%2Fb?c`. An upstream that fails is answered for: 502, 503 while it restarts, 504 when it is late.
 */
export class ReverseProxyResource implements TreeNode {
  readonly isLeaf = true
  readonly #upstream: Upstream
  readonly #options: ReverseProxyOptions
  readonly #settings: ExchangeSettings

  /**
   * @param url `http://host:port/base`, `https://…` or `unix:/path/of/socket:/base`
   * @throws PlaitError `PLAIT_RESOURCE` when it is none of these
   */
  constructor(url: string, options: ReverseProxyOptions = {}) {
    this.#upstream = new Upstream(parseUpstream(url), options.maxConnections ?? 1000, options.tls ?? {})
    this.#options = options
    this.#settings = {
      connectTimeout: options.connectTimeout ?? 5,
      responseTimeout: options.responseTimeout ?? 60,
      idleTimeout: options.idleTimeout ?? 300,
      retryFor: options.retryFor ?? 5,
      maxBody: options.maxBody ?? defaults.maxBody,
    }
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  /** Closes the connections that nobody uses. They do not keep the process alive. */
  close(): void {
    this.#upstream.close()
  }

  render(request: Request): string | undefined {
    const { base } = this.#upstream.address
    const path = upstreamPath(request, base)
    if (path === undefined) return page(request, 400, 'Bad Request', 'The path leads out of what is served here.')
    if (isLoop(request)) return page(request, 508, 'Loop Detected', 'This server is its own upstream.')
    if (!request.hasBody || this.#options.requestBody !== 'buffer') {
      this.#exchange(request, path, request.hasBody ? 'stream' : undefined, request.contentLength)
      return undefined
    }
    request.readBody({ maxBody: this.#settings.maxBody }, (error, body) => {
      if (error !== undefined) return
      const collected = body as CollectedBody | undefined
      this.#exchange(request, path, collected, collected?.size ?? 0)
    })
    return undefined
  }

  #exchange(request: Request, path: string, body: Outgoing['body'], contentLength: number | undefined): void {
    const { authority, base } = this.#upstream.address
    const { preserveHost = false, rewritePaths = false } = this.#options
    const host = preserveHost ? (request.host ?? authority) : authority
    const headers = requestFields(request, { host, contentLength })
    const map = { authority, base, mount: mountPath(request), rewritePaths }
    new Exchange(request, this.#upstream, { path, headers, map, body }, this.#settings).start()
  }
}

function page(request: Request, status: number, brief: string, detail: string): string {
  request.setResponseCode(status, brief)
  return errorHTML(status, brief, detail)
}
