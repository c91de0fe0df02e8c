/** Files that hold a whole response (Twisted: `twisted.web.static.ASISProcessor`). */
import { readFile } from 'node:fs'
import { promisify } from 'node:util'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { isFieldName, isFieldValue } from '../../http/response-fields.ts'
import { Resource } from '../../resource/resource.ts'

const readLater = promisify(readFile)

/** Fields that are the connection's affair (RFC 9110 section 7.6.1), or follow from the body. */
const notTheirs = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer', 'te', 'content-length', 'date'])

/** A response as it stands in a file. */
interface StoredResponse {
  readonly status: number
  readonly reason: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/**
 * Answers with what the file says: a status line, fields, an empty line and the body.
 *
 *     new File('public', { processors: { '.asis': (path) => new ASISProcessor(path) } })
 *
 * The response is framed by the server, not by the file: Content-Length is that of the body, and fields of the connection are left out. The
 * file is read for each request, and should be small.
 */
export class ASISProcessor extends Resource {
  readonly #path: string

  constructor(path: string) {
    super()
    this.#path = path
  }

  async render_GET(request: Request): Promise<void> {
    const { status, reason, headers, body } = parseStored(await readLater(this.#path), this.#path)
    const bodyless = status === 204 || status === 304
    const length = bodyless ? [] : ['Content-Length', String(body.length)]
    const withoutBody = bodyless || request.method === 'HEAD'
    request.sendWhole(status, reason, [...headers, ...length], withoutBody ? undefined : body)
  }
}

function parseStored(content: Buffer, path: string): StoredResponse {
  const text = content.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) throw invalid(path, 'no empty line ends its fields')
  const [first = '', ...lines] = text.slice(0, end.index).split(/\r?\n/)
  const line = /^(?:HTTP\/\d\.\d|Status:) +(\d{3})(?: (.*))?$/i.exec(first)
  const status = Number(line?.[1])
  if (line === null || status < 200 || status > 599) throw invalid(path, 'its first line is no status line of a final response')
  const reason = line[2] ?? ''
  if (!isFieldValue(reason)) throw invalid(path, 'its reason phrase has forbidden characters')
  const headers = lines.flatMap((field) => fieldOf(field, path))
  return { status, reason, headers, body: content.subarray(end.index + end[0].length) }
}

function fieldOf(line: string, path: string): string[] {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  const value = line.slice(colon + 1).trim()
  if (!isFieldName(name) || !isFieldValue(value)) throw invalid(path, `the line ${JSON.stringify(line)} is no field`)
  return notTheirs.has(name.toLowerCase()) ? [] : [name, value]
}

function invalid(path: string, what: string): PlaitError {
  return new PlaitError('PLAIT_RESOURCE', `Cannot send ${path} as it is: ${what}`)
}
