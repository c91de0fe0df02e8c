import { randomBytes } from 'node:crypto'
import type { Request } from '../../http/request.ts'
import { hopByHop } from './hop-by-hop.ts'
import { mountPath } from './upstream-path.ts'

/** This process among all proxies on the way (RFC 9110 section 7.6.3). */
const pseudonym = `plait-${randomBytes(4).toString('hex')}`
/** A way that leads through this process more often is a circle. */
const MOST_VISITS = 3

/** Fields that say where a request came from. A client that is no trusted proxy can only lie in them. */
const ORIGIN =
  /^(?:forwarded|x-forwarded-.*|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|x-original-.*|x-scheme)$/
/** Written anew here. */
const OURS: ReadonlySet<string> = new Set([
  'host',
  'via',
  'expect',
  'content-length',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-prefix',
])

/** How the fields of a request are made. */
export interface RequestFieldOptions {
  /** Host as the upstream gets it. */
  readonly host: string
  /** The peer is a proxy whose word counts. */
  readonly trusted: boolean
  /** Bytes of the body; undefined: chunked. */
  readonly contentLength: number | undefined
}

/** Has the request come through this process too often? */
export function isLoop(request: Request): boolean {
  const { rawHeaders } = request
  let visits = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() === 'via')
      visits += (rawHeaders[index + 1] as string).split(pseudonym).length - 1
  }
  return visits >= MOST_VISITS
}

/** The fields that an upstream gets, flat. */
export function requestFields(request: Request, { host, trusted, contentLength }: RequestFieldOptions): string[] {
  const { rawHeaders } = request
  const ends = hopByHop(rawHeaders)
  const fields = ['Host', host]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const lower = name.toLowerCase()
    if (ends.has(lower) || OURS.has(lower) || (!trusted && ORIGIN.test(lower))) continue
    fields.push(name, rawHeaders[index + 1] as string)
  }
  const via = joined(request, 'via')
  fields.push('Via', `${via === '' ? '' : `${via}, `}${request.clientproto.slice('HTTP/'.length)} ${pseudonym}`)
  addOrigin(fields, request, trusted)
  if (request.wantsWebSocket) fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  addFraming(fields, request.method, contentLength)
  return fields
}

/** The framing is this connection's own, whatever the client's was. */
function addFraming(fields: string[], method: string, contentLength: number | undefined): void {
  if (contentLength === undefined) fields.push('Transfer-Encoding', 'chunked')
  // RFC 9110 section 8.6: where a method has a meaning for a body, say that there is none.
  else if (contentLength > 0 || !['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'].includes(method)) {
    fields.push('Content-Length', String(contentLength))
  }
}

function addOrigin(fields: string[], request: Request, trusted: boolean): void {
  const { peerHost } = request.channel
  const said = (name: string): string => (trusted ? joined(request, name) : '')
  const list = (before: string, last: string): string => [before, last].filter((one) => one !== '').join(', ')
  const add = (name: string, value: string): void => void (value !== '' && fields.push(name, value))
  const proto = request.isSecure() ? 'https' : 'http'
  const host = request.host ?? ''
  add('X-Forwarded-For', list(said('x-forwarded-for'), peerHost))
  add('X-Forwarded-Proto', said('x-forwarded-proto') || proto)
  add('X-Forwarded-Host', said('x-forwarded-host') || host)
  add('X-Forwarded-Prefix', `${said('x-forwarded-prefix').replace(/\/$/, '')}${mountPath(request)}`)
  // RFC 7239 section 4; a UNIX socket has no address.
  const by = peerHost === '' ? 'unknown' : peerHost.includes(':') ? `"[${peerHost}]"` : peerHost
  const element = `for=${by};proto=${proto}${host === '' ? '' : `;host="${host}"`}`
  add('Forwarded', list(said('forwarded'), element))
}

/** All values of a field as one list. */
function joined(request: Request, name: string): string {
  const { rawHeaders } = request
  const values: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() === name) values.push(rawHeaders[index + 1] as string)
  }
  return values.join(', ')
}
