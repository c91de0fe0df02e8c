import { request as httpRequest } from 'node:http'

/** A request of a {@link Browser}. */
export interface Visit {
  /** @default GET */
  method?: string
  /** Sent as it is. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
}

/** A whole response. */
export interface Reply {
  readonly status: number
  /** Names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** The body as UTF-8. */
  readonly text: string
  /** The only or first value of a header, any case. */
  header(name: string): string | undefined
  /** All values of a header. */
  all(name: string): string[]
}

/** A client with cookies, and a connection of its own for each request. Follows no redirects. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #url: URL
  readonly #headMayHaveBody: boolean

  /** @param options.headMayHaveBody wsgiref sends a body after HEAD: take the head for the reply. @default false, an error */
  constructor(url: string, { headMayHaveBody = false }: { headMayHaveBody?: boolean } = {}) {
    this.#url = new URL(url)
    this.#headMayHaveBody = headMayHaveBody
  }

  /** Sends a request and waits for the whole response. Rejected when that breaks off. */
  async visit(visit: Visit): Promise<Reply> {
    // The same Host for each server: absolute URLs in the pages are then equal too.
    const headers: Record<string, string> = { Host: 'shop.example', Connection: 'close', ...visit.headers }
    if (this.cookies.size > 0) headers['Cookie'] = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (visit.body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(visit.body))
    const reply = await this.#send(visit, headers)
    for (const line of reply.all('Set-Cookie')) this.#keep(line)
    return reply
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; *max-age=0/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }

  #send(visit: Visit, headers: Record<string, string>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#url
      const request = httpRequest({ hostname, port, path: visit.path, method: visit.method ?? 'GET', headers, agent: false })
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        if (visit.method === 'HEAD' && this.#headMayHaveBody)
          resolve(reply(response.statusCode ?? 0, response.rawHeaders, Buffer.alloc(0)))
        response.on('error', reject)
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(reply(response.statusCode ?? 0, response.rawHeaders, Buffer.concat(chunks))))
      })
      request.end(visit.body)
    })
  }
}

function reply(status: number, rawHeaders: readonly string[], body: Buffer): Reply {
  const headers: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i] as string, rawHeaders[i + 1] as string])
  const all = (name: string): string[] =>
    headers.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return { status, headers, body, text: body.toString(), header: (name) => all(name)[0], all }
}
