/** The way from a directory to its content. */
import { encodeRaw } from '../http/encode-url.ts'
import type { Request } from '../http/request.ts'

/**
 * Redirects to the same path with a slash behind it, the query kept (Twisted: `_addSlash`). The URL is relative to the last segment, so that
 * neither a path like `//elsewhere` nor a prefix that a proxy took away leads anywhere else.
 */
export function addSlash(request: Request): Uint8Array {
  const { path, queryString } = request
  // `./`: a segment with a colon would be taken for a scheme (RFC 3986 section 4.2).
  const location = encodeRaw(`./${path.slice(path.lastIndexOf('/') + 1)}/${queryString === '' ? '' : `?${queryString}`}`)
  request.redirect(location)
  request.setHeader('Content-Type', 'text/plain; charset=utf-8')
  return Buffer.from('This is a directory: its address ends with a slash\n')
}
