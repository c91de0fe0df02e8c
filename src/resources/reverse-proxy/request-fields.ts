import { randomBytes } from 'node:crypto'
import { parseElement } from '../../http/forwarded/forwarded-element.ts'
import { parseNode } from '../../http/forwarded/forwarded-node.ts'
import { fromRight } from '../../http/forwarded/from-right.ts'
import type { Request } from '../../http/request.ts'
import { hopByHop } from './hop-by-hop.ts'
import { mountPath } from './upstream-path.ts'

/** This process among all proxies on the way (RFC 9110 section 7.6.3). */
const pseudonym = `plait-${randomBytes(4).toString('hex')}`
/** A way that leads through this process more often is a circle. */
const MOST_VISITS = 3

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
export function requestFields(request: Request, { host, contentLength }: RequestFieldOptions): string[] {
  const { rawHeaders } = request
  const ends = hopByHop(rawHeaders)
  const fields = ['Host', host]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const lower = name.toLowerCase()
    if (ends.has(lower) || OURS.has(lower)) continue
    fields.push(name, rawHeaders[index + 1] as string)
  }
  const via = joined(request, 'via')
  fields.push('Via', `${via === '' ? '' : `${via}, `}${request.clientproto.slice('HTTP/'.length)} ${pseudonym}`)
  addOrigin(fields, request)
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

/** What is there of these fields came by proxies that the site trusts: it has removed all others. What the site learnt of them is told on. */
function addOrigin(fields: string[], request: Request): void {
  const { peerHost } = request.channel
  const list = (before: string, last: string): string => [before, last].filter((one) => one !== '').join(', ')
  const add = (name: string, value: string): void => void (value !== '' && fields.push(name, value))
  const proto = request.isSecure() ? 'https' : 'http'
  const host = request.host ?? ''
  const { addresses, elements } = chainOf(joined(request, 'x-forwarded-for'), joined(request, 'forwarded'))
  add('X-Forwarded-For', list(addresses, peerHost))
  add('X-Forwarded-Proto', proto)
  add('X-Forwarded-Host', host)
  add('X-Forwarded-Prefix', mountPath(request))
  const element = `for=${quotedNode(peerHost)};proto=${proto}${host === '' ? '' : `;host="${host}"`}`
  add('Forwarded', list(elements, element))
}

/** Who came before the peer, in both spellings: a proxy has used one of them, and the next must not find that they contradict each other. */
function chainOf(addresses: string, elements: string): { addresses: string; elements: string } {
  if (addresses === '' && elements !== '') {
    const nodes = [...fromRight([elements], true)].toReversed().map((one) => parseElement(one)?.for ?? 'unknown')
    return { addresses: nodes.join(', '), elements }
  }
  if (elements === '' && addresses !== '') {
    const nodes = [...fromRight([addresses], false)].toReversed().map((one) => parseNode(one))
    const hosts = nodes.map((node) => (typeof node === 'object' ? node.host : ''))
    return { addresses, elements: hosts.map((one) => `for=${quotedNode(one)}`).join(', ') }
  }
  return { addresses, elements }
}

/** An address as RFC 7239 section 6 has it; a UNIX socket has none. */
function quotedNode(address: string): string {
  return address === '' ? 'unknown' : address.includes(':') ? `"[${address}]"` : address
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
