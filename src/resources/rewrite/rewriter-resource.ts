/** Paths that lead elsewhere than they say (Twisted: `twisted.web.rewrite`). */
import type { Request } from '../../http/request.ts'
import { isPromiseLike, Resource, type Rendered, type TreeNode } from '../../resource/resource.ts'
import { findResource } from '../../resource/traversal.ts'

/** Changes where a request leads: `request.postpath` are the segments that lie ahead, decoded, latin-1; `request.prepath` those that the tree has used. */
export type RewriteRule = (request: Request) => void

/**
 * Asks rules for each request that comes by, and passes it to `original` with what they have made of it.
 *
 *     const root = new RewriterResource(tree, alias('old', 'archive/2019'), tildeToUsers)
 *
 * Children that were put here (`putChild`) come first, and are not rewritten.
 */
export class RewriterResource extends Resource {
  readonly #original: TreeNode
  readonly #rules: readonly RewriteRule[]

  /** @param rules are called in this order, each sees what the one before has made */
  constructor(original: TreeNode, ...rules: RewriteRule[]) {
    super()
    this.#original = original
    this.#rules = rules
  }

  /** Hands the segment back: the rules see the path as a whole. */
  override getChild(_name: string, request: Request): TreeNode {
    request.postpath.unshift(request.prepath.pop() as string)
    this.#rewrite(request)
    return this.#original
  }

  /** Nothing of the path is left; a rule may put something there. */
  override render(request: Request): Rendered | Promise<Rendered> {
    this.#rewrite(request)
    const found = findResource(this.#original, request)
    return isPromiseLike(found) ? renderFound(found, request) : found.render(request)
  }

  /** The children, and what is rewritten to. */
  override listEntities(): TreeNode[] {
    return [...super.listEntities(), this.#original]
  }

  #rewrite(request: Request): void {
    for (const rule of this.#rules) rule(request)
  }
}

async function renderFound(found: PromiseLike<TreeNode>, request: Request): Promise<Rendered> {
  const rendered = await (await found).render(request)
  // A method that has taken the request over ends it itself: until then this promise must not be fulfilled.
  if (rendered === undefined && !request.finished) await request.notifyFinish()
  return rendered
}
