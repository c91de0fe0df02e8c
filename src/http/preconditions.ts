/** Conditional requests (RFC 9110 section 13). */
import { parseHTTPDate } from './http-date.ts'

/** What preconditions need of a request; a `Request` fits. */
export interface ConditionalRequest {
  readonly method: string
  getHeader(name: string): string | undefined
}

/** What there is to compare with: of the representation that a 200 would send. */
export interface Validators {
  /** As in the ETag field, quotes and `W/` included. */
  readonly etag?: string | undefined
  /** Milliseconds since 1970; fractions of a second do not count. */
  readonly lastModified?: number | undefined
}

/**
 * Does the client want the response at all? To be asked when it would be a 2xx, and before ranges (section 13.2).
 * @returns 304 or 412 when that is the answer, else undefined
 */
export function evaluatePreconditions(request: ConditionalRequest, validators: Validators): 304 | 412 | undefined {
  const match = request.getHeader('if-match')
  if (match !== undefined) {
    if (!lists(match, validators.etag, true)) return 412
  } else if (isLater(validators, request.getHeader('if-unmodified-since'))) return 412
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const none = request.getHeader('if-none-match')
  if (none !== undefined) {
    if (!lists(none, validators.etag, false)) return undefined
    return reads ? 304 : 412
  }
  if (!reads || validators.lastModified === undefined) return undefined
  const since = request.getHeader('if-modified-since')
  const known = since === undefined ? undefined : parseHTTPDate(since)
  return known !== undefined && wholeSeconds(validators.lastModified) <= known ? 304 : undefined
}

/** Is a Range of the same representation that the client has a part of (section 13.1.5)? True without If-Range. */
export function ifRangeHolds(request: ConditionalRequest, { etag, lastModified }: Validators): boolean {
  const field = request.getHeader('if-range')
  if (field === undefined) return true
  if (field.includes('"')) return etag !== undefined && !isWeak(etag) && field.trim() === etag
  // A date stands for what may have changed twice within its second, unless the tag says that it did not (section 8.8.2.2).
  if (lastModified === undefined || (etag !== undefined && isWeak(etag))) return false
  return wholeSeconds(lastModified) === parseHTTPDate(field)
}

/** Was it changed after the date? A field that is no date is none (section 13.1.4). */
function isLater({ lastModified }: Validators, field: string | undefined): boolean {
  const date = field === undefined ? undefined : parseHTTPDate(field)
  return date !== undefined && lastModified !== undefined && wholeSeconds(lastModified) > date
}

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/** Is the tag in a list, compared as section 8.8.3.2 says? `*` stands for any representation. */
function lists(field: string, etag: string | undefined, strongly: boolean): boolean {
  if (field.trim() === '*') return true
  if (etag === undefined || (strongly && isWeak(etag))) return false
  return (field.match(TAG) ?? []).some((tag) => (strongly ? tag === etag : opaque(tag) === opaque(etag)))
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/')
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
