const WORD = /^(?:[A-Za-z0-9\-_.!~*'();/?:@&,$]|%[0-9A-Fa-f]{2})+$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The words that a query without `=` gives to a script as its arguments (RFC 3875 section 4.4).
 * @param query undecoded
 * @returns `[]` for every other query, and where a word could be taken for an option: that is how php-cgi was made to run code (CVE-2012-1823)
 */
export function searchWords(query: string): string[] {
  if (query === '' || query.includes('=')) return []
  const words: string[] = []
  for (const word of query.split('+')) {
    const decoded = WORD.test(word) ? decode(word) : undefined
    if (decoded === undefined || decoded.startsWith('-') || decoded.includes('\0')) return []
    words.push(decoded)
  }
  return words
}

function decode(word: string): string | undefined {
  const bytes = word.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
