import type { TestContext } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type Rendered } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { RecordingLogger } from '#src/testing.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, type Served } from '../resource/serve.ts'
import type { SiteOptions } from '#src/resource/site.ts'

/** A leaf that answers every method with what `render` gives. */
export function leaf(render: (request: Request) => Rendered | Promise<Rendered>): Resource {
  return Object.assign(new Resource(), { isLeaf: true, render })
}

/** A site in memory, of one leaf. */
export function serveLeaf(render: (request: Request) => Rendered | Promise<Rendered>, options: SiteOptions = {}): Served {
  return serve(leaf(render), options)
}

/** What {@link listen} gives. */
export interface Listening {
  readonly url: string
  readonly logger: RecordingLogger
  /** @param paused nothing is read before `socket.resume()` */
  connect(paused?: boolean): Promise<RawClient>
}

/** A site of one leaf on a real socket. */
export async function listen(
  t: TestContext,
  render: (request: Request) => Rendered | Promise<Rendered>,
  options: SiteOptions = {},
): Promise<Listening> {
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const port = reactor.listenTCP(0, new Site(leaf(render), { logger, ...options }), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const connect = async (paused = false): Promise<RawClient> => {
    const client = await RawClient.connect(url, { paused })
    t.after(() => client.destroy())
    return client
  }
  return { url, logger, connect }
}
