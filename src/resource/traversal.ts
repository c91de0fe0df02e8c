/** From a path to a resource, segment by segment. */
import type { Request } from '../http/request.ts'
import { isPromiseLike } from './resource.ts'
import type { TreeNode } from './resource.ts'

/**
 * Walks from `root` along `request.postpath` until it is empty or a leaf is reached: each segment moves to `request.prepath`. Gives a promise
 * only when a `getChild` on the way gives one.
 */
export function findResource(root: TreeNode, request: Request): TreeNode | Promise<TreeNode> {
  let resource = root
  while (!resource.isLeaf && request.postpath.length > 0) {
    const segment = request.postpath.shift() as string
    request.prepath.push(segment)
    const child = resource.getChildWithDefault(segment, request)
    if (isPromiseLike(child)) return child.then((found) => findResource(found, request))
    resource = child
  }
  return resource
}
