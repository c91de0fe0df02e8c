/** What stands behind the proxies of the comparison: it says what it was asked. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Fields that tell nothing about how a request was passed on. */
const passedOver = new Set(['host', 'connection'])

/** Starts it on a free port. */
export async function startUpstream(): Promise<{ port: number; stop: () => void }> {
  const server = createServer(async (request, response) => {
    const asked = await describe(request)
    const status = Number(/\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200)
    const fields = [
      ['Content-Type', 'text/plain'],
      ['X-Many', '1'],
      ['X-Many', '2'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ]
    response.writeHead(status, (request.url?.endsWith('/fields') === true ? fields : fields.slice(0, 1)).flat())
    response.end(asked)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port: (server.address() as AddressInfo).port, stop }
}

async function describe(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const fields: string[] = []
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] as string).toLowerCase()
    if (!passedOver.has(name)) fields.push(`${name}: ${request.rawHeaders[at + 1]}`)
  }
  const body = Buffer.concat(chunks).toString('latin1')
  return [`${request.method} ${request.url} HTTP/${request.httpVersion}`, ...fields.toSorted(), '', body].join('\n')
}
