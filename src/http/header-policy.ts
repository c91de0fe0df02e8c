import { isForwardingField } from './forwarded/field-names.ts'
import { refuse, type Refusal } from './refusal.ts'

/**
 * What a request's fields say of its framing and its host, after one pass over them. Closes what node:http leaves open
 * (RFC 9110 sections 5.3, 7.2, 8.6, 10.1.1; RFC 9112 sections 3.2, 6.1).
 */
export interface HeadFacts {
  /** The fields that the application may see, flat. The very array given, where nothing was dropped. */
  headers: readonly string[]
  /** Value of Host; undefined when there was none. */
  host: string | undefined
  /** Body bytes; undefined: chunked. 0: no body. */
  contentLength: number | undefined
  expectsContinue: boolean
  /** There are fields by which proxies tell where a request came from. */
  hasForwarding: boolean
}

// What to do with a field. Bits, so that a field that must be single is noticed the second time.
const FORWARDING = -1
const PLAIN = 0
const DROP = 1
const HOST = 2
const CONTENT_LENGTH = 4
const TRANSFER_ENCODING = 8
const EXPECT = 16
const FIRST_SINGLE = 32

/** Fields that may come once only (RFC 9110 section 5.3): of two, no two programs take the same. */
const SINGLE: readonly string[] = [
  'content-type',
  'authorization',
  'proxy-authorization',
  'user-agent',
  'referer',
  'from',
  'max-forwards',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
  'content-range',
]
const kinds = new Map<string, number>([
  // CGI would make HTTP_PROXY of it, which programs take for their proxy (httpoxy, CVE-2016-5388).
  ['proxy', DROP],
  ['host', HOST],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['expect', EXPECT],
  ...SINGLE.map((name, index): [string, number] => [name, FIRST_SINGLE << index]),
])

/** Kinds by the name as sent, for the names met so far. */
const known = new Map<string, number>()
const MOST_KNOWN = 1024

// RFC 3986: a registered name, IPv4 or bracketed IP literal, then maybe a port.
const VALID_HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+;=%]*)(?::\d{0,5})?$/

/** Is it a host, with or without a port (RFC 9110 section 7.2)? An empty one is. */
export function isHost(value: string): boolean {
  return VALID_HOST.test(value)
}

/** Looks at all fields once. Gives a refusal, or undefined and `facts` filled. */
export function examineHeaders(raw: readonly string[], http11: boolean, facts: HeadFacts): Refusal | undefined {
  let seen = 0
  let dropped = 0
  facts.headers = raw
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const kind = known.get(name) ?? learn(name)
    if (kind === PLAIN) continue
    if (kind === DROP) {
      dropped++
      continue
    }
    if (kind === FORWARDING) {
      facts.hasForwarding = true
      continue
    }
    if ((seen & kind) !== 0) return refuse(400, `The field ${name} may come once only`)
    seen |= kind
    if (kind < FIRST_SINGLE) {
      const refusal = examineOne(kind, raw[index + 1] as string, http11, facts)
      if (refusal !== undefined) return refusal
    }
  }
  if (http11 && (seen & HOST) === 0) return refuse(400, 'A request of HTTP/1.1 must have a Host field')
  if ((seen & CONTENT_LENGTH) !== 0 && (seen & TRANSFER_ENCODING) !== 0) {
    return refuse(400, 'Content-Length and Transfer-Encoding may not come together')
  }
  if (dropped > 0) facts.headers = raw.filter((_, index) => kindOf(raw[index - (index % 2)] as string) !== DROP)
  return undefined
}

function examineOne(kind: number, value: string, http11: boolean, facts: HeadFacts): Refusal | undefined {
  switch (kind) {
    case HOST:
      if (!isHost(value)) return refuse(400, 'The Host field is no host')
      facts.host = value
      return undefined
    case CONTENT_LENGTH:
      if (!/^\d{1,15}$/.test(value)) return refuse(400, 'Content-Length is no number')
      facts.contentLength = Number(value)
      return undefined
    case TRANSFER_ENCODING:
      if (!http11) return refuse(400, 'Transfer-Encoding does not exist in HTTP/1.0')
      // WSGI applications cannot know of codings below chunked, so they must not get them (RFC 9112 section 6.1).
      if (value.toLowerCase() !== 'chunked') return refuse(value === '' ? 400 : 501, 'The only Transfer-Encoding here is chunked')
      facts.contentLength = undefined
      return undefined
    default:
      // RFC 9110 section 10.1.1; HTTP/1.0 knows no expectations.
      if (!http11) return undefined
      if (value.toLowerCase() !== '100-continue') return refuse(417, 'The only expectation here is 100-continue')
      facts.expectsContinue = true
      return undefined
  }
}

function learn(name: string): number {
  const kind = kindOf(name)
  if (known.size < MOST_KNOWN) known.set(name, kind)
  return kind
}

/** `X_Y` and `X-Y` are one name to CGI: a client could pass for a proxy that sets the one with the hyphen (CVE-2015-0219). */
function kindOf(name: string): number {
  if (name.includes('_')) return DROP
  const lower = name.toLowerCase()
  return kinds.get(lower) ?? (isForwardingField(lower) ? FORWARDING : PLAIN)
}
