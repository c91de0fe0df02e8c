import type { Request } from '#src/http/request.ts'
import { Resource, type Rendered } from '#src/resource/resource.ts'
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
