/** A script as a resource (Twisted: `twisted.web.script.ResourceScriptWrapper`). */
import type { Request } from '../../http/request.ts'
import { Resource } from '../../resource/resource.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { Registry } from './registry.ts'
import { ResourceScript } from './resource-script.ts'

/**
 * Stands for what one script exports, as the root of a site or anywhere in a tree:
 *
 *     new Site(new ResourceScriptWrapper('root.rpy.ts'))
 *
 * The script is loaded again when it changes, see {@link ResourceScript}. A leaf that it exports is served at the wrapper's place and
 * everywhere below. One that is no leaf is asked for a child, `''` at the root of a site; where it knows nothing of that, it is shown itself.
 */
export class ResourceScriptWrapper implements TreeNode {
  readonly isLeaf = false
  readonly #path: string
  readonly #registry: Registry

  /**
   * Loads nothing yet.
   * @param path of the script
   * @param registry given to scripts that export a function. @default a new one
   */
  constructor(path: string, registry: Registry = new Registry()) {
    this.#path = path
    this.#registry = registry
  }

  /** A child of the script's resource, or that resource itself where it is a leaf. */
  async getChildWithDefault(name: string, request: Request): Promise<TreeNode> {
    const resource = await ResourceScript(this.#path, this.#registry)
    if (name === '' && request.postpath.length === 0 && hasNoIndex(resource)) return resource
    if (!resource.isLeaf) return resource.getChildWithDefault(name, request)
    // What is left of the path is the leaf's own affair, this segment too.
    request.prepath.pop()
    request.postpath.unshift(name)
    return resource
  }

  async render(request: Request): Promise<Rendered> {
    const resource = await ResourceScript(this.#path, this.#registry)
    return resource.render(request)
  }
}

/** A plain page that nobody made a leaf: below the name of its script it is shown, so it should be at a root too. */
function hasNoIndex(resource: TreeNode): boolean {
  const { getChild, getChildWithDefault } = Resource.prototype
  return (
    resource instanceof Resource &&
    !resource.isLeaf &&
    resource.getChild === getChild &&
    resource.getChildWithDefault === getChildWithDefault &&
    resource.getStaticEntity('') === undefined
  )
}
