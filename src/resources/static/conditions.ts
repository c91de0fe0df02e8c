/** Conditional requests for files (RFC 9110 section 13). */
import type { Request } from '../../http/request.ts'
import type { Representation } from './representation.ts'

/** 304 or 412 when a precondition says so. */
export function preconditionStatus(request: Request, file: Representation): 304 | 412 | undefined {
  const since = request.getHeader('if-modified-since')
  const none = request.getHeader('if-none-match')
  if (none !== undefined) return none.includes(file.etag) || none === '*' ? 304 : undefined
  if (since !== undefined && Math.floor(file.lastModified / 1000) * 1000 <= Date.parse(since)) return 304
  return undefined
}

/** Is the range still of the same content (section 13.1.5)? */
export function ifRangeHolds(request: Request, file: Representation): boolean {
  const field = request.getHeader('if-range')
  return field === undefined || field === file.etag
}
