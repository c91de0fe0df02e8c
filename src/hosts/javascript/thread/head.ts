/** Checks of what an application gives to `startResponse` (PEP 3333; RFC 9110 section 5; RFC 9112 section 4). */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// Anything but HTAB, visible characters and obs-text (RFC 9110 section 5.5).
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const STATUS = /^[1-9][0-9][0-9](?: .*)?$/
/** PEP 3333, "Other HTTP Features": hop-by-hop headers belong to the server. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
])
const LONGEST = 0xffff
const MOST_KNOWN = 512

/** A head as it travels, and the Content-Length in it. */
export interface Head {
  /** Status and fields, joined by LF. */
  readonly text: string
  readonly length: string | undefined
  readonly status: number
}

const known = new Map<string, Head>()

/** Checks and encodes a head. @throws TypeError, RangeError: a message for the author of the application */
export function encodeHead(status: unknown, headers: unknown): Head {
  if (typeof status !== 'string') throw new TypeError(`status must be a string, not ${kindOf(status)}`)
  if (!Array.isArray(headers)) throw new TypeError(`response headers must be an array of [name, value], not ${kindOf(headers)}`)
  let text = status
  for (const header of headers as unknown[]) {
    if (!Array.isArray(header) || header.length !== 2) {
      throw new TypeError(`each response header must be [name, value], not ${show(header)}`)
    }
    const [name, value] = header as unknown[]
    if (typeof name !== 'string' || typeof value !== 'string') {
      throw new TypeError(`header name and value must be strings, not ${show(name)}: ${show(value)}`)
    }
    text += `\n${name}\n${value}`
  }
  // Line ends within a part would make equal texts of different heads.
  const seen = known.get(text)
  if (seen !== undefined && countLines(text) === headers.length * 2) return seen
  const head = check(status, headers as [string, string][], text)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(text, head)
  return head
}

function check(status: string, headers: readonly [string, string][], text: string): Head {
  if (!STATUS.test(status) || FORBIDDEN.test(status)) {
    throw new TypeError(`status must be three digits, a space and a reason, like '200 OK', not ${show(status)}`)
  }
  let length: string | undefined
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) throw new TypeError(`header name ${show(name)} is not a token (RFC 9110 section 5.1)`)
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower)) throw new TypeError(`header ${show(name)} is hop-by-hop: only the server may send it (PEP 3333)`)
    if (FORBIDDEN.test(value))
      throw new TypeError(`the value of header ${show(name)} has a character that is not allowed: ${show(value)}`)
    if (lower === 'content-length') length = value
  }
  if (text.length > LONGEST) throw new RangeError(`the response headers have ${text.length} bytes, more than ${LONGEST}`)
  return { text, length, status: Number(status.slice(0, 3)) }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80)
}
