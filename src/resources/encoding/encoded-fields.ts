/** The fields of a response whose coding was negotiated. */

/** What belongs to the bytes before they were encoded: their length, and parts of them. */
const dropped: ReadonlySet<string> = new Set(['content-length', 'accept-ranges', 'content-encoding'])

/**
 * The fields of an encoded response. A strong ETag becomes weak: the content is the same, the bytes are not (RFC 9110 section 8.8.1). Weak tags
 * still answer If-None-Match, and no client puts parts of two codings together by them.
 */
export function encodedFields(headers: readonly string[], coding: string): string[] {
  const fields: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    if (!dropped.has(name.toLowerCase())) fields.push(name, headers[index + 1] as string)
  }
  fields.push('Content-Encoding', coding)
  return weakFields(variedFields(fields))
}

/** With `Vary: Accept-Encoding`, whether or not this response was encoded (RFC 9110 section 12.5.5). */
export function variedFields(headers: readonly string[]): string[] {
  const fields = [...headers]
  let last = -1
  for (let index = 0; index < fields.length; index += 2) {
    if ((fields[index] as string).toLowerCase() !== 'vary') continue
    last = index + 1
    if (/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(fields[last] as string)) return fields
  }
  if (last < 0) fields.push('Vary', 'Accept-Encoding')
  else fields[last] = (fields[last] as string).trim() === '' ? 'Accept-Encoding' : `${fields[last]}, Accept-Encoding`
  return fields
}

/** With a weak ETag. Changes the very array. */
export function weakFields(fields: string[]): string[] {
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1] as string
    if ((fields[index] as string).toLowerCase() === 'etag' && value.startsWith('"')) fields[index + 1] = `W/${value}`
  }
  return fields
}
