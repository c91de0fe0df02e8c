/** What a response says about a file. */
import type { Stats } from 'node:fs'

/** A file that is open, with the fields of its response. */
export interface Representation {
  readonly descriptor: number
  readonly size: number
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
  readonly type: string
  /** Fields of a 200, flat, without Content-Length and Content-Type. */
  readonly headers: readonly string[]
}

/** Fields beyond those that the file itself gives. */
export interface RepresentationFields {
  readonly type: string
  /** Content-Encoding. */
  readonly encoding?: string | undefined
  /** The response depends on Accept-Encoding. */
  readonly varies?: boolean
  readonly cacheControl?: string | undefined
}

/** Describes an open file. */
export function describeFile(descriptor: number, stats: Stats, fields: RepresentationFields): Representation {
  const { encoding, cacheControl, type } = fields
  const etag = etagOf(stats, fields.varies === true ? encoding : undefined)
  const headers = ['ETag', etag, 'Last-Modified', new Date(stats.mtimeMs).toUTCString(), 'Accept-Ranges', 'bytes']
  if (encoding !== undefined) headers.push('Content-Encoding', encoding)
  if (fields.varies === true) headers.push('Vary', 'Accept-Encoding')
  if (cacheControl !== undefined) headers.push('Cache-Control', cacheControl)
  // A browser must not make a page of what somebody uploaded as a picture.
  headers.push('X-Content-Type-Options', 'nosniff')
  return { descriptor, size: stats.size, etag, lastModified: stats.mtimeMs, type, headers }
}

/**
 * Size and time of modification, as finely as the system keeps it. No inode: several servers with copies of the same files shall agree.
 * A file that changed within the last second could change again within the same tick of the clock: its tag is weak, so that nobody
 * puts parts of two contents together (RFC 9110 section 8.8.1).
 */
function etagOf(stats: Stats, encoding: string | undefined): string {
  const { size, mtimeMs } = stats
  const tag = `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}${encoding === undefined ? '' : `-${encoding}`}"`
  return Date.now() - mtimeMs < 1000 ? `W/${tag}` : tag
}
