import type { TestContext } from 'node:test'
import type { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import type { RecordingLogger } from '#src/testing.ts'

/** A site that listens until the test ends, and what tests ask of it. */
export interface Listening {
  readonly url: string
  /** The body of a 200, else the status before it. */
  text(target: string, init?: RequestInit): Promise<string>
  /** The log so far, one record a line. */
  log(): string
}

/** Serves `root` on a port of its own. */
export async function listening(
  t: TestContext,
  reactor: Pick<NodeReactor, 'listenTCP' | 'run' | 'stop'>,
  logger: RecordingLogger,
  root: TreeNode,
): Promise<Listening> {
  const port = reactor.listenTCP(0, new Site(root, { logger }), { interface: '127.0.0.1' })
  await port.ready
  const address = port.getHost()
  const url = `http://127.0.0.1:${address.type === 'TCP' ? address.port : 0}`
  void reactor.run({ installSignalHandlers: false })
  t.after(() => reactor.stop())
  return {
    url,
    text: async (target, init) => {
      const response = await fetch(url + target, init)
      const text = await response.text()
      return response.status === 200 ? text : `${response.status} ${text}`
    },
    log: () =>
      logger.records.map(({ level, message, fields }) => `${level} ${message} ${Object.values(fields).join(' ')}`).join('\n'),
  }
}
