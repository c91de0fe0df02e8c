import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { Rendered } from '#src/resource/resource.ts'
import type { SiteOptions } from '#src/resource/site.ts'
import type { MemoryPort, MemoryResponse } from '#src/testing.ts'
import { serve } from '../serve.ts'
import type { Served } from '../serve.ts'

/** A site whose pages are functions, by the first segment of the path. */
export function serveActions(
  actions: Record<string, (request: Request) => Rendered | Promise<Rendered>>,
  options: SiteOptions = {},
): Served {
  const root = new Resource()
  for (const [name, render] of Object.entries(actions)) {
    const page = new Resource()
    page.isLeaf = true
    page.render_GET = render
    root.putChild(name, page)
  }
  return serve(root, options)
}

/** Counts the visits of a session. */
export async function count(request: Request): Promise<string> {
  const session = await request.getSession<{ visits?: number }>()
  session.data.visits = (session.data.visits ?? 0) + 1
  return String(session.data.visits)
}

/** A client that keeps its cookies, and has a connection for each request. */
export class Client {
  readonly cookies = new Map<string, string>()
  readonly #port: MemoryPort

  constructor(port: MemoryPort) {
    this.#port = port
  }

  async get(path: string): Promise<MemoryResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const field = cookie === '' ? '' : `Cookie: ${cookie}\r\n`
    const response = await this.#port.request(`GET ${path} HTTP/1.1\r\nHost: h\r\n${field}\r\n`)
    for (const line of cookiesOf(response)) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }
}

/** Values of Set-Cookie. */
export function cookiesOf(response: MemoryResponse): string[] {
  return response.rawHeaders.filter((_, index) => response.rawHeaders[index - 1] === 'Set-Cookie')
}
