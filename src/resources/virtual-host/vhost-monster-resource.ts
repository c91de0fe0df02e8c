/** Where a proxy that can only rewrite paths says what it was asked for (Twisted: `twisted.web.vhost.VHostMonsterResource`). */
import { TrustedProxies, type TrustProxy } from '../../http/forwarded/trusted-proxies.ts'
import { parseHost } from '../../http/forwarded/values.ts'
import type { Request } from '../../http/request.ts'
import { forbidden, notFound } from '../../resource/error-page.ts'
import { Resource, type Rendered, type TreeNode } from '../../resource/resource.ts'
import type { Site } from '../../resource/site.ts'

/** Options of {@link VHostMonsterResource}. */
export interface VHostMonsterOptions {
  /** The proxies that may ask here. @default those that the site trusts */
  trustProxy?: TrustProxy
}

/** The path ends where the host has not been said. */
class Unfinished extends Resource {
  override render(request: Request): Rendered | Promise<Rendered> {
    return notFound().render(request)
  }
}

/** A path in a path would else let a client say what only the proxy may. */
const hosted = new WeakSet<Request>()

/**
 * `/vhm/https/shop.example:8443/cart?x` is served as `/cart?x` of the same site, as if the client had asked `https://shop.example:8443/cart?x`. Without a port it is that of the
 * scheme. Peers that are no trusted proxy get 403.
 *
 *     root.putChild('vhm', new VHostMonsterResource())
 */
export class VHostMonsterResource extends Unfinished {
  readonly #trusted: TrustedProxies | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` for proxies that are none */
  constructor(options: VHostMonsterOptions = {}) {
    super()
    this.#trusted = options.trustProxy === undefined ? undefined : new TrustedProxies(options.trustProxy)
  }

  override getChild(scheme: string, request: Request): TreeNode {
    const { peer, forwarding } = request.channel
    if (!(this.#trusted?.trustsPeer(peer) ?? forwarding.trusts(peer))) {
      return forbidden(undefined, 'Only a proxy that this server trusts may ask here.')
    }
    if ((scheme !== 'http' && scheme !== 'https') || hosted.has(request)) return notFound()
    return new SchemeResource(scheme === 'https')
  }
}

/** `/vhm/https`: the next segment is the host. */
class SchemeResource extends Unfinished {
  readonly #secure: boolean

  constructor(secure: boolean) {
    super()
    this.#secure = secure
  }

  override getChild(segment: string, request: Request): TreeNode | Promise<TreeNode> {
    const host = parseHost(segment)
    if (host === undefined) return notFound()
    hosted.add(request)
    request.setHost(host.name, Number(host.port || (this.#secure ? 443 : 80)), this.#secure)
    const raw = request.path.split('/')
    request.path = `/${raw.slice(Math.max(raw.length - request.postpath.length, 1)).join('/')}`
    request.uri = request.uri.includes('?') ? `${request.path}?${request.queryString}` : request.path
    // Links are made from here on as if nothing had been in front.
    request.prepath = []
    if (request.postpath.length === 0) request.postpath = ['']
    return (request.site as Site).getResourceFor(request)
  }
}
