/** What the header of an application's response says about its body; checked before anything is sent. */
import { PlaitError } from '../errors.ts'
import type { ResponseHead } from '../hosts/host.ts'

/** The body's length as the application declared it, -1 when it did not. */
export type DeclaredLength = number

/** Names that PEP 3333 ("Other HTTP Features") keeps from applications: hop-by-hop, RFC 2616 section 13.5.1 and RFC 9110 section 7.6.1. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
])

/** Bit n is set when a name of n characters may be hop-by-hop: most names need no second look. */
const lengths: number = [...hopByHop].reduce((bits, name) => bits | (1 << name.length), 0)

const contentLength = 'content-length'

/**
 * Reads the declared length.
 * @throws PlaitError PLAIT_APPLICATION for an interim status, a hop-by-hop field, and for a Content-Length that is repeated or no number
 */
export function declaredLength(head: ResponseHead): DeclaredLength {
  const { status, headers } = head
  // An interim status as the final one would leave the client waiting for the response.
  if (!(status >= 200 && status <= 999))
    throw new PlaitError('PLAIT_APPLICATION', `Cannot send the status ${status} as a final response`)
  let declared = -1
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    if (name.length === contentLength.length) {
      if (name.toLowerCase() === contentLength) declared = parseLength(headers[at + 1] as string, declared)
    } else if (name.length < 32 && (lengths & (1 << name.length)) !== 0 && hopByHop.has(name.toLowerCase())) {
      throw new PlaitError(
        'PLAIT_APPLICATION',
        `Cannot send the header ${name} of the application: connections are the server's affair`,
      )
    }
  }
  return declared
}

function parseLength(value: string, declared: number): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : -1
  if (length < 0) {
    throw new PlaitError(
      'PLAIT_APPLICATION',
      `Cannot send the application's Content-Length ${JSON.stringify(value)}: it is no number`,
    )
  }
  if (declared >= 0)
    throw new PlaitError('PLAIT_APPLICATION', 'Cannot send two Content-Length headers: the application gave more than one')
  return length
}

/** True when a response has no body whatever its header says (RFC 9112 section 6.3). */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

/** The headers with a Content-Length that the application left to the server. */
export function withLength(headers: readonly string[], length: number): string[] {
  // Spreading is ten times faster than slice() on frozen arrays, which heads are.
  return [...headers, 'Content-Length', String(length)]
}

/** The headers without Content-Length: a 204 must not have one (RFC 9110 section 8.6). */
export function withoutContentLength(headers: readonly string[]): string[] {
  const rest: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    if (name.toLowerCase() !== contentLength) rest.push(name, headers[at + 1] as string)
  }
  return rest
}
