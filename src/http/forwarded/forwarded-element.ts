/** What one proxy says in Forwarded (RFC 7239 section 4): the parameters that count here. */
export interface ForwardedElement {
  readonly for: string | undefined
  readonly host: string | undefined
  readonly proto: string | undefined
}

// Unquoted, an address with a port is no token; many send it.
const PAIR = /^\s*([!#$%&'*+\-.^_`|~A-Za-z0-9]+)=(?:"([^"\\]*)"|([^\s",;=\\]+))\s*$/

/** Reads one element. Undefined when it is none. Nothing that is told there needs a backslash. */
export function parseElement(text: string): ForwardedElement | undefined {
  const found = new Map<string, string>()
  for (const part of text.split(';')) {
    // Empty ones are allowed.
    if (part.trim() === '') continue
    const [, name, quoted, bare] = PAIR.exec(part) ?? []
    if (name === undefined) return undefined
    const lower = name.toLowerCase()
    if (found.has(lower)) return undefined
    found.set(lower, quoted ?? bare ?? '')
  }
  return { for: found.get('for'), host: found.get('host'), proto: found.get('proto') }
}
