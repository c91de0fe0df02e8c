import { connect, type ClientHttp2Session, type ClientHttp2Stream, type SecureClientSessionOptions } from 'node:http2'
import { once } from 'node:events'

/** A response as a client of HTTP/2 sees it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** Statuses of the interim responses, and their fields. */
  readonly interim: readonly Readonly<Record<string, unknown>>[]
  /** What the stream was reset with; 0 when it was not. */
  readonly resetWith: number
}

/** Fields of a request; `:method` is GET and `:path` `/` where they are not given. */
export type Fields = Readonly<Record<string, string | string[] | number>>

/** A client of HTTP/2 with one connection. */
export class HTTP2Client {
  readonly session: ClientHttp2Session
  /** Code of the GOAWAY that came, if one came. */
  goneAway: number | undefined
  error: Error | undefined

  /** @param url `http:` begins with HTTP/2 at once, `https:` asks for it by ALPN */
  constructor(url: string, options: SecureClientSessionOptions & { createConnection?: unknown } = {}) {
    this.session = connect(url, options as SecureClientSessionOptions)
    this.session.on('error', (error) => (this.error = error))
    this.session.on('goaway', (code) => (this.goneAway = code))
  }

  static async connect(url: string, options: SecureClientSessionOptions = {}): Promise<HTTP2Client> {
    const client = new HTTP2Client(url, options)
    await once(client.session, 'connect')
    return client
  }

  /** Begins a request; the caller writes its body and ends it. */
  begin(fields: Fields = {}): ClientHttp2Stream {
    const stream = this.session.request({ ':path': '/', ...fields }, { endStream: false })
    stream.on('error', () => undefined)
    return stream
  }

  /** Sends a request, and gives what came of it. */
  ask(fields: Fields = {}, body: string | Buffer = ''): Promise<Answer> {
    const all = fields[':method'] === 'CONNECT' ? fields : { ':path': '/', ...fields }
    const stream = this.session.request(all, { endStream: body.length === 0 })
    if (body.length > 0) stream.end(body)
    return answerOn(stream)
  }

  close(): void {
    this.session.destroy()
  }
}

/** What comes on a stream until it closes. */
export async function answerOn(stream: ClientHttp2Stream): Promise<Answer> {
  const answer = { status: 0, headers: {}, text: '', interim: [] as Record<string, unknown>[], resetWith: 0 }
  stream.on('headers', (headers) => answer.interim.push({ ...headers }))
  stream.on('response', (headers) => {
    answer.status = Number(headers[':status'])
    answer.headers = headers
  })
  stream.setEncoding('latin1').on('data', (text: string) => (answer.text += text))
  stream.on('error', () => undefined)
  await new Promise((resolve) => stream.on('close', resolve))
  return { ...answer, resetWith: stream.rstCode ?? 0 }
}
