import type { TestContext } from 'node:test'
import type { NodeReactor } from '#src/reactor/node-reactor.ts'
import { RawClient } from './raw-client.ts'

/** A server of a test. */
export interface OnSocket {
  readonly url: string
  /** A raw connection, closed when the test ends. */
  connect(): Promise<RawClient>
}

/** Listens on a port of its own until the test ends; what still runs is cut then. @param last what else is to end, before the reactor does */
export async function onSocket(
  t: TestContext,
  reactor: NodeReactor,
  factory: Parameters<NodeReactor['listenTCP']>[1],
  last: () => void = () => undefined,
): Promise<OnSocket> {
  const port = reactor.listenTCP(0, factory, { interface: '127.0.0.1' })
  await port.ready
  const clients: RawClient[] = []
  t.after(async () => {
    for (const client of clients) client.destroy()
    last()
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
  return { url, connect }
}
