import { Site } from '#src/resource/site.ts'
import type { SiteOptions } from '#src/resource/site.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { MemoryReactor, RecordingLogger } from '#src/testing.ts'
import type { MemoryPort } from '#src/testing.ts'

export interface Served {
  readonly reactor: MemoryReactor
  readonly port: MemoryPort
  readonly logger: RecordingLogger
}

/** A site over `root`, listening in memory. */
export function serve(root: TreeNode, options: SiteOptions = {}): Served {
  const logger = new RecordingLogger()
  const reactor = new MemoryReactor({ logger })
  return { reactor, logger, port: reactor.listenTCP(8080, new Site(root, { logger, ...options })) }
}
