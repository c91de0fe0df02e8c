import type { TestContext } from 'node:test'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { RawClient } from '../support/raw-client.ts'

/** What {@link serve} gives. */
export interface Served {
  readonly url: string
  readonly reactor: NodeReactor
  connect(): Promise<RawClient>
}

/** Serves `received` on a real socket until the test ends; what still runs is cut then. */
export async function serve(t: TestContext, received: (request: Request) => void, options: HTTPOptions = {}): Promise<Served> {
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new HTTPFactory(received, options), { interface: '127.0.0.1' })
  await port.ready
  const clients: RawClient[] = []
  t.after(async () => {
    for (const client of clients) client.destroy()
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(url)
    clients.push(client)
    return client
  }
  return { url, reactor, connect }
}
