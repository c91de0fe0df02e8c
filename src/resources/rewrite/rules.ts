import { PlaitError } from '../../errors.ts'
import type { RewriteRule } from './rewriter-resource.ts'

/**
 * A rule: paths that begin with `from` lead to `to` (Twisted: `alias`). Only whole segments count: an alias for `a/b` is none for `a/bc`. Links that a page makes of its place in
 * the tree are those of `to`.
 * @param from path below the rewriter, not percent-encoded; slashes at its ends say nothing
 * @param to the same; empty for the rewriter's own place
 * @throws PlaitError `PLAIT_RESOURCE` when `from` is empty
 */
export function alias(from: string, to: string): RewriteRule {
  const front = segments(from)
  const target = segments(to)
  if (front.length === 0)
    throw new PlaitError('PLAIT_RESOURCE', 'Cannot make an alias of an empty path: mount the resource there')
  return (request) => {
    const { postpath } = request
    if (front.every((segment, index) => postpath[index] === segment)) postpath.splice(0, front.length, ...target)
  }
}

/** A rule: `~anna/page` leads to `users/anna/page` (Twisted: `tildeToUsers`). */
export const tildeToUsers: RewriteRule = ({ postpath }) => {
  const [first = ''] = postpath
  if (first.startsWith('~')) postpath.splice(0, 1, 'users', first.slice(1))
}

/** As requests have them: latin-1, one character for each byte of UTF-8. */
function segments(path: string): string[] {
  const trimmed = path.replace(/^\/+/, '').replace(/\/+$/, '')
  return trimmed === '' ? [] : Buffer.from(trimmed, 'utf8').toString('latin1').split('/')
}
