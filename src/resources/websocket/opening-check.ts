import type { Request } from '../../http/request.ts'

/** Why an opening is not accepted. */
export interface Rejection {
  readonly status: number
  readonly brief: string
  readonly detail: string
  readonly headers: readonly string[]
}

/**
 * Which pages may open a WebSocket:
 * - a list of origins (`https://shop.example`), besides which pages of the server itself may;
 * - `'*'`: all;
 * - a function, asked with the Origin field and the request.
 */
export type Origins = readonly string[] | '*' | ((origin: string, request: Request) => boolean)

const KEY = /^[A-Za-z0-9+/]{22}==$/
const PROTOCOLS = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/

/** Looks at an opening as RFC 6455 section 4.2.1 demands, while the client can still get a page that says what is wrong. */
export function checkOpening(request: Request, origins: Origins): Rejection | undefined {
  if (request.getHeader('sec-websocket-version') !== '13') {
    return reject(426, 'Upgrade Required', 'The version of WebSocket here is 13.', [
      'Sec-WebSocket-Version',
      '13',
      'Upgrade',
      'websocket',
    ])
  }
  if (!KEY.test(request.getHeader('sec-websocket-key') ?? '')) return reject(400, 'Bad Request', 'Sec-WebSocket-Key is no key.')
  const protocols = request.getHeader('sec-websocket-protocol')
  if (protocols !== undefined && !PROTOCOLS.test(protocols)) {
    return reject(400, 'Bad Request', 'Sec-WebSocket-Protocol is no list of names.')
  }
  const origin = request.getHeader('origin')
  if (origin === undefined || isAllowed(origin, request, origins)) return undefined
  return reject(403, 'Forbidden', 'Pages of this origin may not open this WebSocket.')
}

/** Only browsers send Origin, and they send it always; they send cookies too, whichever page asks (RFC 6455 section 10.2). */
function isAllowed(origin: string, request: Request, origins: Origins): boolean {
  if (origins === '*') return true
  if (typeof origins === 'function') return origins(origin, request)
  return origins.includes(origin) || isSameOrigin(origin, request)
}

/** The page came from this host. Without TLS here there may be some in front, so that only host and port are compared. */
function isSameOrigin(origin: string, request: Request): boolean {
  const match = /^(https?):\/\/([^/]+)$/.exec(origin)
  if (match === null || request.host === undefined) return false
  const [, scheme, authority] = match as unknown as [string, string, string]
  if (request.isSecure() && scheme !== 'https') return false
  const standard = scheme === 'https' ? ':443' : ':80'
  return bare(authority, standard) === bare(request.host, standard)
}

/** A host without the port that goes without saying. */
function bare(host: string, standard: string): string {
  const lower = host.toLowerCase()
  return lower.endsWith(standard) ? lower.slice(0, -standard.length) : lower
}

function reject(status: number, brief: string, detail: string, headers: readonly string[] = []): Rejection {
  return { status, brief, detail, headers }
}
