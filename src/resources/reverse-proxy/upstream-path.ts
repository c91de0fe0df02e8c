import type { Request } from '../../http/request.ts'
import { splitPath } from '../../http/request-target.ts'

/** Bytes that may stand in a segment as they are (RFC 3986 section 3.3, pchar). */
const UNSAFE = /[^A-Za-z0-9\-._~!$&'()*+,;=:@]/g

/** Percent-encodes one segment, latin-1. */
export function quoteSegment(segment: string): string {
  return segment.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** The path of the resource itself, `''` for the root. */
export function mountPath(request: Request): string {
  return request.prepath.map((segment) => `/${quoteSegment(segment)}`).join('')
}

/**
 * The target at the upstream: `base`, what is left of the path, and the query. Segments that came from the client go on byte for byte as it wrote them.
 * @returns undefined when the path leads out of `base`
 */
export function upstreamPath(request: Request, base: string): string | undefined {
  const { postpath, path, uri, queryString } = request
  // Servers that decode first and take dot segments out then would find their way up.
  if (base !== '' && postpath.some((segment) => segment.split(/[/\\]/).includes('..'))) return undefined
  const sent = path.slice(1).split('/').slice(-postpath.length)
  const segments = postpath.map((segment, index) => {
    const raw = sent[index]
    return raw !== undefined && splitPath(`/${raw}`)[0] === segment ? raw : quoteSegment(segment)
  })
  const whole = postpath.length === 0 ? base || '/' : `${base}/${segments.join('/')}`
  return uri.includes('?') ? `${whole}?${queryString}` : whole
}
