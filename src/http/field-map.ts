import { PlaitError } from '../errors.ts'

/** Named values: of a query, or of a form. A name may come more than once. */
export type FieldMap = ReadonlyMap<string, readonly string[]>

/**
 * Reads `name=value&name=value` (the `application/x-www-form-urlencoded` of the URL standard): `+` is a space, escapes are UTF-8, what is no UTF-8 becomes U+FFFD. A name without `=`
 * has the value `''`. Only `&` parts: proxies and caches in front do not part at `;`, and would see other fields than we.
 * @param text latin-1
 * @param most fields
 * @param status of the error when there are more
 */
export function parseFieldMap(text: string, most: number, status: 400 | 413): Map<string, string[]> {
  const fields = new Map<string, string[]>()
  let count = 0
  for (let start = 0; start <= text.length;) {
    const end = text.indexOf('&', start)
    const item = text.slice(start, end < 0 ? text.length : end)
    start = end < 0 ? text.length + 1 : end + 1
    if (item === '') continue
    if (++count > most) throw new PlaitError('PLAIT_PROTOCOL', `There are more than ${most} fields`, { status })
    const equals = item.indexOf('=')
    addField(fields, decode(equals < 0 ? item : item.slice(0, equals)), equals < 0 ? '' : decode(item.slice(equals + 1)))
  }
  return fields
}

/** Adds a value behind those of the same name. */
export function addField<T>(fields: Map<string, T[]>, name: string, value: T): void {
  const values = fields.get(name)
  if (values === undefined) fields.set(name, [value])
  else values.push(value)
}

function decode(text: string): string {
  // Most names and values are plain.
  if (/^[\w\-.~!*'(),:@/]*$/.test(text)) return text
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
