/** Whether the server lives, and whether it wants requests: for load balancers and orchestrators. */
import type { Request } from '../http/request.ts'
import { Resource } from '../resource/resource.ts'
import type { Reactor } from '../reactor/reactor.ts'

/** Options of {@link HealthResource}. */
export interface HealthOptions {
  /** Further things that must be well, by names that are shown: `{ applications: () => pool.ready }`. They are asked for each request, so they must be quick. @default none */
  checks?: Readonly<Record<string, () => boolean>>
}

/**
 * Answers on the event loop: it waits neither for a thread nor behind the queue of an application.
 *
 *     root.putChild('healthz', new HealthResource(reactor, { checks: { applications: () => pool.ready } }))
 *
 * | Path     | 200 while                                                     | else                |
 * | -------- | ------------------------------------------------------------- | ------------------- |
 * | `/ready` | the reactor runs, is not about to stop, and all checks are well | 503 with the reason |
 * | `/live`  | the event loop turns                                          | no answer           |
 * | none     | as `/ready`                                                   |                     |
 *
 * What is not ready gets no new requests; what is not alive gets restarted. So an application that is overloaded or cannot be imported is never a reason to restart the server.
 */
export class HealthResource extends Resource {
  readonly #ready: Probe

  /** @param reactor whose stop turns `/ready` into 503 */
  constructor(reactor: Reactor, { checks = {} }: HealthOptions = {}) {
    super()
    const ready = new Probe(() => reasonAgainst(reactor, checks))
    this.putChild('', ready)
    this.putChild('ready', ready)
    this.putChild('live', new Probe(() => undefined))
    this.#ready = ready
  }

  render_GET(request: Request): string {
    return this.#ready.render_GET(request)
  }
}

class Probe extends Resource {
  readonly #against: () => string | undefined

  constructor(against: () => string | undefined) {
    super()
    this.#against = against
  }

  render_GET(request: Request): string {
    const reason = this.#against()
    request.setHeader('Content-Type', 'text/plain; charset=utf-8')
    request.setHeader('Cache-Control', 'no-store')
    if (reason === undefined) return 'ok\n'
    request.setResponseCode(503)
    return `${reason}\n`
  }
}

function reasonAgainst(reactor: Reactor, checks: Readonly<Record<string, () => boolean>>): string | undefined {
  if (!reactor.running) return 'starting or stopping'
  const failing = Object.entries(checks).filter(([, check]) => !check())
  return failing.length === 0 ? undefined : `not ready: ${failing.map(([name]) => name).join(', ')}`
}
