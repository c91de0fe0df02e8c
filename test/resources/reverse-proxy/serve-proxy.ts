import { once } from 'node:events'
import { createServer as createTCPServer, type AddressInfo, type Server as TCPServer, type Socket } from 'node:net'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { TestContext } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type TreeNode } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { ReverseProxyResource, type ReverseProxyOptions } from '#src/resources/reverse-proxy/reverse-proxy-resource.ts'
import { RecordingLogger } from '#src/testing.ts'
import { ClockedReactor } from '../../http/clocked-reactor.ts'
import { onSocket, type OnSocket } from '../../support/on-socket.ts'

export interface Proxied extends OnSocket {
  readonly reactor: ClockedReactor
  readonly logger: RecordingLogger
  readonly logged: string[]
  /** Requests whose response is over, in the order of their ends. */
  readonly over: Request[]
}

/** Serves a proxy for `upstream` at `/app`, or as the root, on a real socket. Time passes only when the test says so. */
export async function serveProxy(
  t: TestContext,
  upstream: string,
  options: ReverseProxyOptions & { atRoot?: boolean; trustProxy?: string; around?: (proxy: TreeNode) => TreeNode } = {},
): Promise<Proxied> {
  const logger = new RecordingLogger()
  const reactor = new ClockedReactor({ logger })
  const { atRoot = false, trustProxy = '', around = (one) => one, ...rest } = options
  const proxy = new ReverseProxyResource(upstream, rest)
  const root = new Resource()
  root.putChild('app', around(proxy))
  const over: Request[] = []
  const logged: string[] = []
  const accessLog = (request: Request): void => {
    over.push(request)
    logged.push(`${request.uri} ${request.code}${request.aborted ? ' aborted' : ''}`)
  }
  const site = new Site(atRoot ? proxy : root, { logger, accessLog, trustProxy })
  return { reactor, logger, logged, over, ...(await onSocket(t, reactor, site, () => proxy.close())) }
}

/** An upstream that speaks HTTP through node:http. */
export async function upstream(t: TestContext, listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener)
  const url = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, url }
}

/** An upstream that does with its connections what it wants. */
export async function rawUpstream(t: TestContext, connected: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTCPServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    connected(socket)
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listen(server)
}

export async function listen(server: Server | TCPServer, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
