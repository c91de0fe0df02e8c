/** A name without anything that could end the field or the line; `-` for none. A client in front of proxies is what they say. */
export function oneWord(name: string): string {
  if (/^[\w.:-]+$/.test(name)) return name
  return escaped(Buffer.from(name, 'utf8').toString('latin1')).replaceAll(' ', '\\x20') || '-'
}

/** Quotes, with everything escaped that could end the quotation or the line. */
export function quote(text: string): string {
  return `"${escaped(text)}"`
}

/** What stands between quotation marks. */
export function escaped(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (character) => escapes[character] ?? hex(character))
}

const escapes: Readonly<Record<string, string>> = Object.freeze({ '"': '\\"', '\\': '\\\\' })

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
