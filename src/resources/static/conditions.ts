/** Conditional requests for files (RFC 9110 section 13). */
import type { Request } from '../../http/request.ts'
import type { Representation } from './representation.ts'

/** 304 or 412 when a precondition says so, in the order of section 13.2.2. */
export function preconditionStatus(request: Request, file: Representation): 304 | 412 | undefined {
  const match = request.getHeader('if-match')
  const unmodified = match === undefined ? dateOf(request.getHeader('if-unmodified-since')) : undefined
  if (match !== undefined && !lists(match, file.etag, true)) return 412
  if (unmodified !== undefined && seconds(file) > unmodified) return 412
  const none = request.getHeader('if-none-match')
  if (none !== undefined) return lists(none, file.etag, false) ? 304 : undefined
  const modified = dateOf(request.getHeader('if-modified-since'))
  return modified !== undefined && seconds(file) <= modified ? 304 : undefined
}

/** Is the range still of the same content (section 13.1.5)? True without If-Range. */
export function ifRangeHolds(request: Request, file: Representation): boolean {
  const field = request.getHeader('if-range')
  if (field === undefined) return true
  if (/^(?:W\/)?"/.test(field)) return lists(field, file.etag, true)
  // A date that is as young as a second could stand for two contents (section 8.8.2.2).
  return seconds(file) === dateOf(field) && !isWeak(file.etag)
}

/** Is the tag in a list, compared as section 8.8.3.2 says? */
function lists(field: string, etag: string, strongly: boolean): boolean {
  if (field.trim() === '*') return true
  if (strongly && isWeak(etag)) return false
  const tags = field.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? []
  return tags.some((tag) => (strongly ? tag === etag : opaque(tag) === opaque(etag)))
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/')
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag
}

/** A date says nothing about fractions of a second. */
function seconds(file: Representation): number {
  return Math.floor(file.lastModified / 1000)
}

/** Seconds since 1970; undefined for what is no date: then there is no condition (section 13.1.3). */
function dateOf(field: string | undefined): number | undefined {
  const milliseconds = field?.endsWith(' GMT') === true ? Date.parse(field) : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}
