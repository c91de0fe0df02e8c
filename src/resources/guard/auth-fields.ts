/** The fields Authorization and WWW-Authenticate (RFC 9110 section 11). */
import { PlaitError } from '../../errors.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes as latin-1 text, read as UTF-8; undefined when they are none, or have control characters (RFC 7617 section 2, RFC 7616 section 4). */
export function decodedName(bytes: string): string | undefined {
  try {
    const text = utf8.decode(Buffer.from(bytes, 'latin1'))
    return /\p{Cc}/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** A value of Authorization: the scheme in lower case, and what follows it. */
export function splitAuthorization(field: string): [scheme: string, response: string] {
  const space = field.search(/[ \t]/)
  if (space < 0) return [field.toLowerCase(), '']
  return [field.slice(0, space).toLowerCase(), field.slice(space).trim()]
}

const parameter =
  /[ \t,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))[ \t]*(?=,|$)/y

/** `a="b", c=d` by lower-case name, unquoted; undefined when it is no such list, or a name comes twice. */
export function parseParameters(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    parameter.lastIndex = at
    const match = parameter.exec(text)
    if (match === null) return undefined
    const name = (match[1] as string).toLowerCase()
    if (found.has(name)) return undefined
    found.set(name, match[2]?.replace(/\\(.)/g, '$1') ?? (match[3] as string))
    at = parameter.lastIndex
  }
  return found
}

/** A quoted-string (RFC 9110 section 5.6.4). */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/**
 * Checks a realm: the words that a browser shows when it asks for a name and a password.
 * @throws PlaitError `PLAIT_CONFIGURATION`
 */
export function checkRealm(realm: string): void {
  if (typeof realm === 'string' && /^[\x20-\x7e]*$/.test(realm)) return
  throw new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot use the realm ${JSON.stringify(realm)}: it must be printable ASCII, because HTTP knows no encoding for it`,
  )
}
