/** A resource that is not known yet (Twisted: `twisted.web.util.DeferredResource`). */
import type { Request } from '../http/request.ts'
import type { Rendered, TreeNode } from '../resource/resource.ts'

/**
 * Holds requests until a promise gives the resource that answers them. When it is rejected they get a 500.
 *
 *     root.putChild('shop', new DeferredResource(openShop()))
 *
 * The promise may be asked for any number of requests, before and after it is fulfilled.
 */
export class DeferredResource implements TreeNode {
  readonly isLeaf = false
  readonly #resource: Promise<TreeNode>

  constructor(resource: PromiseLike<TreeNode>) {
    this.#resource = Promise.resolve(resource)
    // Each request that waits for it hears of it; there may be none.
    this.#resource.catch(() => undefined)
  }

  /** Traversal goes on from the resource itself: it gets the segment back. */
  getChildWithDefault(name: string, request: Request): Promise<TreeNode> {
    request.prepath.pop()
    request.postpath.unshift(name)
    return this.#resource
  }

  async render(request: Request): Promise<Rendered> {
    const resource = await this.#resource
    const rendered = await resource.render(request)
    // A method that has taken the request over ends it itself: until then this promise must not be fulfilled.
    if (rendered === undefined && !request.finished) await request.notifyFinish()
    return rendered
  }
}
