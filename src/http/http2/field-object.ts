import type { OutgoingHttpHeaders } from 'node:http2'
import { checkField } from '../response-fields.ts'

/** Fields about a connection of HTTP/1; HTTP/2 has none of them (RFC 9113 section 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Fields whose values are no list, or are read as none. */
const APART: ReadonlySet<string> = new Set(['set-cookie', 'www-authenticate', 'proxy-authenticate'])

/**
 * Fields of a response as node:http2 takes them. Of fields that come twice one list is made (RFC 9110 section 5.3), as node:http2 refuses many of them. Throws
 * `PLAIT_RESOURCE` for what is no field.
 * @param headers flat, without pseudo-header fields
 */
export function fieldObject(headers: readonly string[]): OutgoingHttpHeaders {
  const fields = Object.create(null) as Record<string, string | string[]>
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    const value = headers[index + 1] as string
    checkField(name, value)
    const lower = name.toLowerCase()
    if (OF_CONNECTION.has(lower)) continue
    const before = fields[lower]
    if (before === undefined) fields[lower] = value
    else if (typeof before !== 'string') before.push(value)
    else fields[lower] = APART.has(lower) ? [before, value] : `${before}, ${value}`
  }
  return fields
}
