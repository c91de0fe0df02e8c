/** Several resources on one port, each below a path of its own. Twisted has no such class: its users write it anew each time. */
import { PlaitError } from '../errors.ts'
import type { Request } from '../http/request.ts'
import { splitPath } from '../http/request-target.ts'
import { notFound } from '../resource/error-page.ts'
import type { Rendered, TreeNode } from '../resource/resource.ts'

/** A segment on the way to mounts. */
class Place {
  readonly places: Map<string, Place> = new Map()
  resource: TreeNode | undefined
}

/**
 * A root that sends each request to the mount with the longest path that fits. The path up to there becomes `prepath`, so that a WSGI application gets it as `SCRIPT_NAME`.
 * What is mounted at `/` gets everything that no other mount takes, and `SCRIPT_NAME` is then empty.
 *
 *     new Site(new MountTree({
 *       '/static': new File('public'),
 *       '/api': new WSGIResource(reactor, reactor.getThreadPool(), 'api.app'),
 *       '/': new ReverseProxyResource('http://127.0.0.1:3000'),
 *     }))
 */
export class MountTree implements TreeNode {
  readonly isLeaf = false
  readonly #top = new Place()

  /**
   * @param mounts resources by path, see {@link MountTree.mount}
   * @throws PlaitError `PLAIT_RESOURCE`
   */
  constructor(mounts: Readonly<Record<string, TreeNode>> = {}) {
    for (const [path, resource] of Object.entries(mounts)) this.mount(path, resource)
  }

  /**
   * Puts a resource at a path.
   * @param path as it stands in a URL: `/`, `/static`, `/a/b`; percent-escapes are decoded, a slash at the end says nothing
   * @throws PlaitError `PLAIT_RESOURCE` when it is no such path, or something is mounted there already
   */
  mount(path: string, resource: TreeNode): void {
    let place = this.#top
    for (const segment of mountSegments(path)) {
      const next = place.places.get(segment) ?? new Place()
      place.places.set(segment, next)
      place = next
    }
    if (place.resource !== undefined) {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot mount a resource at ${path}: there is one already`)
    }
    place.resource = resource
  }

  /** What is mounted, the one at `/` first. */
  listEntities(): TreeNode[] {
    const found: TreeNode[] = []
    const ahead = [this.#top]
    for (const { resource, places } of ahead) {
      if (resource !== undefined) found.push(resource)
      ahead.push(...places.values())
    }
    return found
  }

  /** The mount for what lies ahead; takes its path from `request.postpath` to `request.prepath`. */
  getChildWithDefault(name: string, request: Request): TreeNode {
    const { prepath, postpath } = request
    prepath.pop()
    postpath.unshift(name)
    let found = this.#top.resource
    let depth = 0
    let place: Place | undefined = this.#top
    for (let index = 0; index < postpath.length; index += 1) {
      place = place.places.get(postpath[index] as string)
      if (place === undefined) break
      if (place.resource === undefined) continue
      found = place.resource
      depth = index + 1
    }
    prepath.push(...postpath.splice(0, depth))
    return found ?? notFound()
  }

  /** Asked for without a segment: what is mounted at `/` answers. */
  render(request: Request): Rendered | Promise<Rendered> {
    return (this.#top.resource ?? notFound()).render(request)
  }
}

/**
 * The decoded segments of a path that something is mounted at, latin-1 as requests have them; none for `/`.
 * @throws PlaitError `PLAIT_RESOURCE`
 */
export function mountSegments(path: string): string[] {
  const wrong = (why: string): PlaitError => new PlaitError('PLAIT_RESOURCE', `Cannot mount at ${JSON.stringify(path)}: ${why}`)
  if (!path.startsWith('/')) throw wrong('the path must begin with a slash')
  if (/[?#]/.test(path)) throw wrong('the path can have no query and no fragment')
  // oxlint-disable-next-line no-control-regex -- the range is the point
  if (/%(?![0-9A-Fa-f]{2})|%00|[\x00-\x1f\x7f]/.test(path)) throw wrong('it is no path of a URL')
  if (path === '/') return []
  // Clients send what is outside ASCII as UTF-8.
  const segments = splitPath(Buffer.from(path, 'utf8').toString('latin1').replace(/\/$/, ''))
  if (segments.includes('')) throw wrong('it has an empty segment')
  if (segments.includes('.') || segments.includes('..')) throw wrong('clients take . and .. out before they send a path')
  return segments
}
