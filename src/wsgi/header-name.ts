/**
 * From the name of a request header to its key in the environ. The same few names come with every request, so the keys are kept.
 */

/** What the environ does with a header. */
export type HeaderUse = 'variable' | 'content-type' | 'content-length' | 'transfer-encoding'

/** A header name with its key, and where the request at hand has its value. */
export interface HeaderName {
  /** `HTTP_USER_AGENT` */
  readonly key: string
  readonly use: HeaderUse
  /** What joins the values of repeated fields: RFC 9113 section 8.2.3 for cookies, a comma for lists (RFC 9110 section 5.3). */
  readonly joiner: ',' | '; '
  /** The request that last had this header … */
  seenBy: number
  /** … and the index of its value in that request's environ. */
  index: number
}

const uses: Readonly<Record<string, HeaderUse>> = {
  HTTP_CONTENT_TYPE: 'content-type',
  HTTP_CONTENT_LENGTH: 'content-length',
  HTTP_TRANSFER_ENCODING: 'transfer-encoding',
}

/** All spellings lead to the same object, which therefore notices that a field is repeated without looking at the others. */
const bySpelling = new Map<string, HeaderName>()
const byKey = new Map<string, HeaderName>()

/** Clients choose the names: what is kept of them is bounded in characters, not in names. */
const maxCharacters = 32 * 1024
let characters = 0

/** Forgets the names when too many are kept. Only between requests: the objects remember the one at hand. */
export function trimHeaderNames(): void {
  if (characters <= maxCharacters) return
  bySpelling.clear()
  byKey.clear()
  characters = 0
}

/** The header name as `spelling` has it, any case. */
export function headerName(spelling: string): HeaderName {
  return bySpelling.get(spelling) ?? remember(spelling)
}

function remember(spelling: string): HeaderName {
  const key = `HTTP_${spelling.toUpperCase().replaceAll('-', '_')}`
  let name = byKey.get(key)
  if (name === undefined) {
    name = { key, use: uses[key] ?? 'variable', joiner: key === 'HTTP_COOKIE' ? '; ' : ',', seenBy: 0, index: 0 }
    byKey.set(key, name)
  }
  bySpelling.set(spelling, name)
  characters += spelling.length + 16
  return name
}
