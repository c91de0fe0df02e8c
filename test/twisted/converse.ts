/** One exchange with one server, and what of it is compared. */
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { parseResponse } from '#src/testing/response-parser.ts'
import type { MemoryResponse } from '#src/testing/response-parser.ts'

/** Aspect → what it is: `status`, `end`, `body`, `responses`, the names of header fields; those of a second response begin with `2:`. */
export type Observation = ReadonlyMap<string, string>

/** Seconds for the first byte: a machine may be busy. */
const firstByte = 20
/** Seconds without a further byte after which a connection counts as left open. */
const furtherByte = 5

/** `Server` always differs, and is nobody's affair. `Date` is looked at for being there. */
const passedOver = new Set(['server'])

/**
 * Sends `request` (latin-1) and gives what came back.
 * @param second makes a second request out of the fields of the first response; what is seen then is what that one got
 */
export async function converse(
  url: string,
  request: string,
  second?: (fields: Readonly<Record<string, string>>) => string,
): Promise<Observation> {
  const { port } = new URL(url)
  const { bytes, end } = await exchange(Number(port), Buffer.from(request, 'latin1'))
  if (second !== undefined) {
    const fields = parseResponse(bytes, 'GET', true)?.response.headers ?? {}
    return converse(url, second(fields))
  }
  const seen = new Map<string, string>([['end', end]])
  let rest = bytes
  let count = 0
  // A request that cannot be parsed is answered as a GET is.
  const methods = [...request.matchAll(/(?:^|\r\n\r\n|abc)([A-Z]+) \S+ HTTP/g)].map((match) => match[1] as string)
  while (rest.length > 0) {
    const parsed = parsedOf(rest, methods[count] ?? 'GET')
    if (parsed === undefined) {
      seen.set('rest', rest.toString('latin1'))
      break
    }
    count++
    note(seen, count === 1 ? '' : `${count}:`, parsed.response, port)
    rest = rest.subarray(parsed.size)
  }
  return seen.set('responses', String(count))
}

/** Undefined for what is no response: there are bytes of a body that should have none. */
function parsedOf(bytes: Buffer, method: string): ReturnType<typeof parseResponse> {
  try {
    return parseResponse(bytes, method, true)
  } catch {
    return undefined
  }
}

function exchange(port: number, request: Buffer): Promise<{ bytes: Buffer; end: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port })
    const done = (end: string): void => {
      socket.destroy()
      resolve({ bytes: Buffer.concat(chunks), end })
    }
    socket.setTimeout(firstByte * 1000, () => done('left open'))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      socket.setTimeout(furtherByte * 1000)
    })
    socket.on('end', () => done('closed'))
    // Who refuses early may reset; what it said has come before.
    socket.on('error', () => done('closed'))
    socket.write(request)
  })
}

function note(seen: Map<string, string>, prefix: string, response: MemoryResponse, port: string): void {
  const neutral = (text: string): string =>
    text.replaceAll(`:${port}`, ':PORT').replace(/(nonce|opaque)="[^"]*"/g, (_, name: string) => `${name}=…`)
  seen.set(`${prefix}status`, String(response.status))
  seen.set(`${prefix}reason`, response.reason)
  seen.set(`${prefix}version`, response.version)
  if (response.informational.length > 0) {
    seen.set(`${prefix}interim`, response.informational.map((one) => one.status).join(' '))
  }
  if (!response.complete) seen.set(`${prefix}complete`, 'no')
  const boundary = /boundary="?([^"]+)/.exec(response.headers['content-type'] ?? '')?.[1]
  const comparable = (text: string): string => neutral(boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY'))
  for (const [name, value] of Object.entries(response.headers)) {
    if (!passedOver.has(name)) seen.set(prefix + name, name === 'date' ? 'there' : comparable(value))
  }
  const content = response.headers['content-encoding'] === 'gzip' ? unpacked(response.body) : response.body
  const body = comparable(content.toString('latin1'))
  seen.set(`${prefix}body`, summaryOf(body, response))
  // The length of a page that is compared by what it says is that of the page.
  if (summaryOf(body, response) !== body && seen.has(`${prefix}content-length`))
    seen.set(`${prefix}content-length`, 'of its page')
}

/** What was packed, where it can be unpacked: how well a server packs is its own affair. */
function unpacked(body: Buffer): Buffer {
  try {
    return gunzipSync(body)
  } catch {
    return body
  }
}

/** Of error pages the title, of listings the links: how such a page looks is its server's own affair. */
function summaryOf(body: string, { status, headers }: MemoryResponse): string {
  if (!(headers['content-type'] ?? '').startsWith('text/html')) return body
  const title = /<title>([^]*?)<\/title>/i.exec(body)?.[1]?.trim()
  if (title === undefined) return body
  if (title.startsWith('Directory listing')) {
    const links = [...body.matchAll(/<a href="([^"]*)">([^]*?)<\/a>/g)].map(([, href, name]) => `${href} ${name}`)
    return [title, ...links.filter((link) => !link.startsWith('?'))].join('\n')
  }
  return status >= 300 ? `page: ${title}` : body
}
