/** Reads HTTP/1 responses out of the bytes that a server sent. Written for tests: strict, and nothing is forgiven. */

/** A response as a client sees it. */
export interface MemoryResponse {
  readonly version: string
  readonly status: number
  readonly reason: string
  /** `[name, value, name, value …]` as sent. */
  readonly rawHeaders: readonly string[]
  /** Lower-case name → value; values of repeated fields are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The body without chunk framing. */
  readonly body: Buffer
  /** The sizes of the chunks, for a chunked body. */
  readonly chunks: readonly number[]
  /** The body as text (UTF-8). */
  readonly text: string
  /** False when the connection ended before the response did. */
  readonly complete: boolean
  /** Interim responses before this one (100, 103). */
  readonly informational: readonly MemoryResponse[]
}

/** How much of a body there is, and where the next response begins; `end` -1: more is to come. */
interface Body {
  readonly parts: readonly Buffer[]
  readonly chunks: readonly number[]
  readonly end: number
}

/**
 * The response at the start of `bytes`, and how many bytes it takes; undefined while more is needed.
 * @param method of the request: a response to HEAD has no body
 * @param closed the connection has ended, nothing more will come
 */
export function parseResponse(
  bytes: Buffer,
  method: string,
  closed: boolean,
): { response: MemoryResponse; size: number } | undefined {
  const informational: MemoryResponse[] = []
  for (let start = 0; ;) {
    const headEnd = bytes.indexOf('\r\n\r\n', start)
    if (headEnd < 0) return undefined
    const head = parseHead(bytes.toString('latin1', start, headEnd))
    const bodyStart = headEnd + 4
    if (head.status < 200) {
      informational.push(assemble(head, { parts: [], chunks: [], end: bodyStart }, true, []))
      start = bodyStart
      continue
    }
    const body = parseBody(bytes, bodyStart, head, method, closed)
    if (body.end < 0 && !closed) return undefined
    const size = body.end < 0 ? bytes.length : body.end
    return { response: assemble(head, body, body.end >= 0, informational), size }
  }
}

type Head = Pick<MemoryResponse, 'version' | 'status' | 'reason' | 'rawHeaders' | 'headers'>

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const match = /^(HTTP\/1\.[01]) (\d{3}) (.*)$/.exec(first)
  if (match === null) throw new Error(`Cannot read the response: ${JSON.stringify(first)} is no status line`)
  const rawHeaders: string[] = []
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const field = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (field === null) throw new Error(`Cannot read the response: ${JSON.stringify(line)} is no header line`)
    const [, name = '', value = ''] = field
    rawHeaders.push(name, value)
    const key = name.toLowerCase()
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value
  }
  return { version: match[1] as string, status: Number(match[2]), reason: match[3] as string, rawHeaders, headers }
}

function parseBody(bytes: Buffer, start: number, head: Head, method: string, closed: boolean): Body {
  const { headers, status } = head
  if (method === 'HEAD' || status === 204 || status === 304) return { parts: [], chunks: [], end: start }
  if (headers['transfer-encoding'] !== undefined) return parseChunks(bytes, start)
  const length = headers['content-length']
  if (length === undefined) return { parts: [bytes.subarray(start)], chunks: [], end: closed ? bytes.length : -1 }
  const end = start + Number(length)
  return { parts: [bytes.subarray(start, end)], chunks: [], end: end <= bytes.length ? end : -1 }
}

function parseChunks(bytes: Buffer, start: number): Body {
  const parts: Buffer[] = []
  const chunks: number[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return { parts, chunks, end: -1 }
    const line = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`Cannot read the response: ${JSON.stringify(line)} is no chunk size`)
    const size = Number.parseInt(line, 16)
    const dataEnd = lineEnd + 2 + size
    if (size > 0) parts.push(bytes.subarray(lineEnd + 2, dataEnd))
    if (bytes.length < dataEnd + 2) return { parts, chunks, end: -1 }
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') throw new Error('Cannot read the response: a chunk has no end')
    if (size === 0) return { parts, chunks, end: dataEnd + 2 }
    chunks.push(size)
    at = dataEnd + 2
  }
}

function assemble(head: Head, parsed: Body, complete: boolean, informational: readonly MemoryResponse[]): MemoryResponse {
  const body = Buffer.concat(parsed.parts)
  return { ...head, body, chunks: parsed.chunks, text: body.toString('utf8'), complete, informational }
}
