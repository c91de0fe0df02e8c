import { Site } from '#src/resource/site.ts'
import type { SiteOptions } from '#src/resource/site.ts'
import { MemoryReactor, MemoryThreadPool, RecordingLogger } from '#src/testing.ts'
import type { MemoryJob, MemoryPort } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import type { WSGIOptions } from '#src/wsgi/wsgi-resource.ts'

export interface ServedWSGI {
  readonly reactor: MemoryReactor
  readonly port: MemoryPort
  readonly logger: RecordingLogger
  readonly pool: MemoryThreadPool
  readonly resource: WSGIResource
}

/** An application played by `run`, at the root of a site that listens in memory. */
export function serveWSGI(run: (job: MemoryJob) => void, options: WSGIOptions & SiteOptions = {}): ServedWSGI {
  const logger = new RecordingLogger()
  const pool = new MemoryThreadPool(run)
  const reactor = new MemoryReactor({ logger, threadPool: pool })
  const resource = new WSGIResource(reactor, pool, 'test.application', options)
  const port = reactor.listenTCP(8080, new Site(resource, { logger, ...options }))
  return { reactor, port, logger, pool, resource }
}

/** Waits until `condition` holds, a turn of the event loop at a time. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Lets what is under way in memory happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
