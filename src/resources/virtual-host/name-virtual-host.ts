/** Several sites at one address, told apart by their names (Twisted: `twisted.web.vhost.NameVirtualHost`). */
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { notFound } from '../../resource/error-page.ts'
import { Resource, type Rendered, type TreeNode } from '../../resource/resource.ts'
import { hostKey, keysOf, namedKey } from './host-key.ts'

/** What of an unknown name is shown. */
const SHOWN = 255

/**
 * Passes each request to the resource of the host that it names. It takes no segment of the path, wherever it is in the tree.
 *
 *     const hosts = new NameVirtualHost()
 *     hosts.addHost('shop.example', shop)
 *     hosts.addHost('*.shop.example', tenants)
 *     hosts.default = welcome
 *
 * The host is that of the Host field, or what a trusted proxy says. Its case, its port and a dot at its end do not matter.
 * Children that were put here (`putChild`) come first, for all hosts.
 */
export class NameVirtualHost extends Resource {
  /** Answers for hosts that nobody has added. @default a 404 page */
  default: TreeNode | undefined = undefined
  readonly #hosts = new Map<string, TreeNode>()

  /**
   * Adds a host; replaces silently.
   * @param name `example.org`, `192.0.2.1`, `::1`; `*.example.org` for all names that end in `.example.org`. Of several that fit, the longest counts
   * @throws PlaitError `PLAIT_RESOURCE` for what is no host, or has a port
   */
  addHost(name: string, resource: TreeNode): void {
    this.#hosts.set(checked(name), resource)
  }

  /** Removes a host; nothing happens when there is none. */
  removeHost(name: string): void {
    this.#hosts.delete(checked(name))
  }

  /** Hands the segment back: it belongs to the host. */
  override getChild(_name: string, request: Request): TreeNode {
    request.postpath.unshift(request.prepath.pop() as string)
    return this.#resourceFor(request)
  }

  override render(request: Request): Rendered | Promise<Rendered> {
    return this.#resourceFor(request).render(request)
  }

  /** The children, and the resources of the hosts. */
  override listEntities(): TreeNode[] {
    return [...super.listEntities(), ...this.#hosts.values(), ...(this.default === undefined ? [] : [this.default])]
  }

  #resourceFor({ host }: Request): TreeNode {
    const key = hostKey(host ?? '')
    for (const one of keysOf(key)) {
      const found = this.#hosts.get(one)
      if (found !== undefined) return found
    }
    if (this.default !== undefined) return this.default
    return key === '' ? notFound() : notFound('Not Found', `The host ${key.slice(0, SHOWN)} is not served here.`)
  }
}

function checked(name: string): string {
  const key = namedKey(name)
  if (key !== undefined) return key
  const message = `Cannot use the host ${JSON.stringify(name)}: expected a name or an address without a port, maybe with *. in front`
  throw new PlaitError('PLAIT_RESOURCE', message)
}
