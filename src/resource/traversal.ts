/** From a path to a resource, segment by segment. */
import type { Request } from '../http/request.ts'
import type { TreeNode } from './resource.ts'

const percentEncoded = /%[0-9a-f]{2}/gi

/**
 * Percent-decodes to bytes as latin-1 text. What is no valid escape (`%zz`, a final `%`) stays as it is; `+` is no space in a path.
 */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(percentEncoded, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))
}

/**
 * The decoded segments of a path: `/a%20b/c/` → `['a b', 'c', '']`. It is split at the slashes as sent, and only then decoded, so that an
 * encoded slash or dot-dot never crosses a segment (RFC 3986 section 2.2).
 */
export function segmentsOf(path: string): string[] {
  const segments = path.slice(1).split('/')
  if (!path.includes('%')) return segments
  return segments.map(decodePercent)
}

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
    if (child instanceof Promise) return child.then((found) => findResource(found, request))
    resource = child
  }
  return resource
}
