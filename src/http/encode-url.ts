/** Percent-encoding (RFC 3986 section 2). */

/** One segment of a path, as a programmer writes it: everything that means something in a URL is encoded, in UTF-8. */
export function encodeSegment(segment: string): string {
  return encodeURIComponent(wellFormed(segment))
}

/** The same for a segment that came with a request: latin-1, one character for each byte. What cannot have come so is a programmer's. */
export function encodeBytes(segment: string): string {
  if (/[\u0100-\uffff]/.test(segment)) return encodeSegment(segment)
  return segment.replace(/[^A-Za-z0-9\-._~]/g, percent)
}

/** What came raw in a request-target, fit for a URL: escapes stay as they are. */
export function encodeRaw(target: string): string {
  return target.replace(/[^\x21-\x7e]/g, percent)
}

/**
 * A URL or relative reference with all characters encoded that no URL has: spaces, quotes, brackets, backslashes (which browsers take for slashes), everything outside ASCII. Escapes stay as they
 * are.
 */
export function encodeURL(url: string): string {
  return wellFormed(url).replace(/[^\x21-\x7e]+|["<>\\^`{|}]/gu, encodeURIComponent)
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** Half of a surrogate pair has no UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
