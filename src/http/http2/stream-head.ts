import { refuse, type Refusal } from '../refusal.ts'

/** The head of a stream's request, in the shape that requests of HTTP/1 have. */
export interface StreamHead {
  readonly method: string
  /** The request-target: origin-form, or `*`. */
  readonly target: string
  /** Fields, flat: with Host, and cookies as one field. */
  readonly fields: readonly string[]
  /** Why it must not be served, for reasons that only HTTP/2 has. */
  readonly refusal: Refusal | undefined
}

/** What {@link readStreamHead} has to know. */
export interface StreamHeadOptions {
  /** The connection is a TLS one. */
  readonly secure: boolean
  /** Its client is a proxy that is believed: many tell by the scheme how they were asked themselves. */
  readonly trusted: boolean
  /** `maxHeadSize`: bytes of names and values, as HTTP/1 would have sent them. */
  readonly limits: { readonly maxHeadSize: number }
}

/** The bytes that llhttp takes in a request-target, so that both protocols have the same paths. */
const TARGET = /^[\x21-\x7e]*$/

interface Parts {
  method: string
  scheme: string
  authority: string | undefined
  path: string | undefined
  host: string | undefined
  cookies: string[]
  size: number
  readonly fields: string[]
}

/**
 * Reads a head as nghttp2 gives it (RFC 9113 section 8.3). nghttp2 has reset streams whose names have capitals, whose pseudo-header fields are doubled,
 * unknown or late, that have fields of one connection (Connection, Transfer-Encoding, Upgrade …) or characters that no field may have.
 */
export function readStreamHead(raw: readonly string[], options: StreamHeadOptions): StreamHead {
  const parts = partsOf(raw, options.limits.maxHeadSize)
  const { method, authority, path, host, cookies, fields } = parts
  const effective = authority ?? host
  if (effective !== undefined) fields.unshift('host', effective)
  // Crumbs of one field (section 8.2.3).
  if (cookies.length > 0) fields.push('cookie', cookies.join('; '))
  return { method, target: path ?? authority ?? '', fields, refusal: refusalOf(parts, options) }
}

/** Reads no further once there is too much: a byte on the wire may stand for kilobytes of a cookie (RFC 7541 section 7.3). */
function partsOf(raw: readonly string[], maxHeadSize: number): Parts {
  const parts: Parts = {
    method: '',
    scheme: '',
    authority: undefined,
    path: undefined,
    host: undefined,
    cookies: [],
    size: 0,
    fields: [],
  }
  for (let index = 0; index < raw.length && parts.size <= maxHeadSize; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    // Colon, space, CR and LF.
    parts.size += name.length + value.length + 4
    if (name.charCodeAt(0) === 58 /* : */) takePseudo(parts, name, value)
    else if (name === 'host') parts.host = value
    else if (name === 'cookie') parts.cookies.push(value)
    else parts.fields.push(name, value)
  }
  return parts
}

function takePseudo(parts: Parts, name: string, value: string): void {
  if (name === ':method') parts.method = value
  else if (name === ':path') parts.path = value
  else if (name === ':scheme') parts.scheme = value
  else if (name === ':authority') parts.authority = value
}

function refusalOf({ method, scheme, authority, path, host, size }: Parts, options: StreamHeadOptions): Refusal | undefined {
  if (method === 'CONNECT') return refuse(405, 'This server is no proxy')
  const { maxHeadSize } = options.limits
  if (size > maxHeadSize) return refuse(431, `The head of the request has more than ${maxHeadSize} bytes`)
  if (path === undefined || (!path.startsWith('/') && path !== '*')) return refuse(400, ':path must begin with a slash')
  if (!TARGET.test(path)) return refuse(400, ':path has bytes that must be percent-encoded')
  if (authority === undefined && host === undefined)
    return refuse(400, 'A request of HTTP/2 must have :authority or a Host field')
  // RFC 9110 section 4.2.1: without a host it is no URI.
  if (authority === '' || authority?.startsWith(':') === true) return refuse(400, ':authority has no host')
  if (authority !== undefined && host !== undefined && !sameHost(authority, host, scheme)) {
    return refuse(400, 'The Host field and :authority name different hosts')
  }
  return checkScheme(scheme, options)
}

/** What a client says of its scheme must be what the connection shows: links and secure cookies hang on it (RFC 9110 section 7.4). */
function checkScheme(scheme: string, { secure, trusted }: StreamHeadOptions): Refusal | undefined {
  if (scheme !== 'http' && scheme !== 'https') return refuse(400, 'The only schemes here are http and https')
  if (trusted || scheme === (secure ? 'https' : 'http')) return undefined
  return refuse(421, `This connection is ${secure ? '' : 'not '}a secure one, :scheme says otherwise`)
}

function sameHost(one: string, other: string, scheme: string): boolean {
  return one === other || normal(one, scheme) === normal(other, scheme)
}

/** Without the port that the scheme has by itself (RFC 9110 section 4.2.3). */
function normal(host: string, scheme: string): string {
  const lower = host.toLowerCase()
  const port = scheme === 'https' ? ':443' : ':80'
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower
}
