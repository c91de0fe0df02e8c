/**
 * The items of a list field from its end: what the nearest proxy wrote comes first, and what a client may have put in front is reached last, or not at all.
 * @param lines the values of all fields of the name, in their order
 * @param quoted commas in quotation marks part nothing. An item as RFC 7239 allows it has them in pairs, so that nothing in front of it can pair with one of its own
 */
export function* fromRight(lines: readonly string[], quoted: boolean): Generator<string, undefined> {
  for (let line = lines.length - 1; line >= 0; line--) {
    const text = lines[line] as string
    let end = text.length
    while (end >= 0) {
      const comma = quoted ? commaOutsideQuotes(text, end) : end === 0 ? -1 : text.lastIndexOf(',', end - 1)
      const item = text.slice(comma + 1, end).trim()
      if (item !== '') yield item
      end = comma
    }
  }
}

function commaOutsideQuotes(text: string, end: number): number {
  let inside = false
  for (let at = end - 1; at >= 0; at--) {
    const character = text.charCodeAt(at)
    if (character === 0x22 /* " */) inside = !inside
    else if (character === 0x2c /* , */ && !inside) return at
  }
  return -1
}
