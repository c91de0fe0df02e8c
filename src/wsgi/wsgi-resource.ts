/** A WSGI application as a leaf of the tree (Twisted: `twisted.web.wsgi.WSGIResource`). */
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import { resolveApplication } from '../hosts/application.ts'
import type { Application, ApplicationReference } from '../hosts/application.ts'
import type { HostRuntime, JobBody } from '../hosts/host.ts'
import type { Request } from '../http/request.ts'
import type { Reactor } from '../reactor/reactor.ts'
import type { Rendered, TreeNode } from '../resource/resource.ts'
import type { LaneJob } from '../threadpool/lane.ts'
import { BodyFeed } from './body-feed.ts'
import { buildEnviron, pathInfoAt } from './environ.ts'
import type { JobRunner } from './job-runner.ts'
import { RouteLimits, routeOf, type RequestLimits, type Route } from './route-limits.ts'
import { WSGIResponse } from './response.ts'
import type { ResponseContext } from './response.ts'

/** Options of {@link WSGIResource}. */
export interface WSGIOptions extends RequestLimits {
  /**
   * `buffer`: the application is called when the whole body is here, so that a slow client holds no thread. `stream`: it is called at once
   * and reads the body as it arrives.
   * @default 'buffer'
   */
  requestBody?: 'buffer' | 'stream'
  /** Largest request body in bytes, 0 = no limit. A larger one is answered with 413. @default 1 GiB */
  maxBody?: number
  /**
   * Run a request of a safe method (GET, HEAD, OPTIONS; RFC 9110 section 9.2.1) once more, in another process, when its own died before anything of the response
   * was sent. False: it gets 502, as those of other methods do.
   * @default true
   */
  retry?: boolean
  /** More limits, by path below the resource: `{ '/reports': { maxRunning: 2, timeout: 120 } }`. What a path leaves open is that of a shorter one, or of the resource. */
  limits?: RouteLimits | Readonly<Record<string, RequestLimits>>
}

const LAST_SECONDS = 5
/** The pools that stop with a reactor. Scripts make a WSGIResource anew whenever they change. */
const stopping = new WeakMap<Reactor, WeakSet<JobRunner>>()
const streamedBody: JobBody = Object.freeze({ kind: 'stream' })

/**
 * Serves a WSGI application (PEP 3333) at its place in the tree and everywhere below: `SCRIPT_NAME` is the path up to here, `PATH_INFO` the
 * rest. Every method reaches the application.
 *
 *     root.putChild('app', new WSGIResource(reactor, reactor.getThreadPool(), 'foo.application'))
 */
export class WSGIResource implements TreeNode {
  readonly isLeaf = true
  /** The application that is served. */
  readonly application: Application
  readonly #runner: JobRunner
  readonly #context: ResponseContext
  readonly #maxBody: number
  readonly #streams: boolean
  readonly #retry: boolean
  readonly #route: Route
  readonly #limits: RouteLimits | undefined

  /**
   * Nothing is started: the pool may start later.
   * @param threadPool where the application runs. It is stopped after the reactor: its processes would keep the program alive
   * @param application `'module.attribute'`, `'module:attribute'`, `'module:factory()'`, `'./file.py:attribute'` or an object
   */
  constructor(reactor: Reactor, threadPool: JobRunner, application: ApplicationReference, options: WSGIOptions = {}) {
    this.application = resolveApplication(application)
    this.#runner = threadPool
    stopWith(reactor, threadPool)
    this.#context = { logger: reactor.logger, application: this.application.name }
    this.#maxBody = options.maxBody ?? defaults.maxBody
    this.#retry = options.retry ?? true
    this.#route = routeOf(this.application.name, options, { timeout: defaults.timeout, lane: undefined })
    const { limits } = options
    this.#limits = limits === undefined || limits instanceof RouteLimits ? limits : new RouteLimits(limits)
    this.#streams = (options.requestBody ?? defaults.requestBody) === 'stream'
  }

  /**
   * Starts the application now, so that what is wrong with it shows before the first request.
   * @returns what runs it; undefined where the thread pool cannot tell
   * @throws PlaitError `PLAIT_APPLICATION`, `PLAIT_PYTHON_NOT_FOUND` …
   */
  async prepare(): Promise<HostRuntime | undefined> {
    return this.#runner.prepare?.(this.application)
  }

  /** Builds the environ and hands one job to the pool, once the body is here. */
  render(request: Request): Rendered {
    if (!request.hasBody) this.#submit(request, undefined, undefined)
    else if (this.#streams) this.#submitStreaming(request)
    else {
      request.readBody({ maxBody: this.#maxBody }, (error, body) => {
        // What is wrong with a body was answered where it was read; a body that broke off never reaches the application.
        if (error === undefined) this.#submit(request, body, body === undefined || body.kind === 'stream' ? 0 : body.size)
      })
    }
  }

  #submit(request: Request, body: JobBody | undefined, received: number | undefined): void {
    const response = new WSGIResponse(request, this.#context)
    if (body?.kind === 'file') response.releaseBody = request.holdBody()
    const job = this.#job(request, buildEnviron(request, received), body)
    response.attach(this.#runner.submit(this.application, job, response))
  }

  #submitStreaming(request: Request): void {
    const feed = new BodyFeed()
    if (!feed.open(request, this.#maxBody)) return
    const response = new WSGIResponse(request, this.#context)
    response.input = feed
    const job = this.#job(request, buildEnviron(request, undefined), streamedBody)
    const running = this.#runner.submit(this.application, job, response)
    response.attach(running)
    feed.attach(running)
  }

  #job(request: Request, environ: readonly string[], body: JobBody | undefined): LaneJob {
    const found = this.#limits?.find(environ[pathInfoAt] as string)
    const { timeout, lane } = this.#route
    return {
      environ,
      body,
      repeatable: this.#mayRepeat(request),
      timeout: found?.timeout ?? timeout ?? 0,
      lane: found?.lane ?? lane,
    }
  }

  #mayRepeat({ method }: Request): boolean {
    return this.#retry && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  }

  /** @throws PlaitError always: what is below belongs to the application */
  getChildWithDefault(name: string): never {
    throw new PlaitError('PLAIT_RESOURCE', `Cannot look up ${JSON.stringify(name)} below a WSGIResource: it has no children`)
  }

  /** @throws PlaitError always: put the child beside the WSGIResource, or a Resource above it */
  putChild(name: string): never {
    const message = `Cannot put ${JSON.stringify(name)} below a WSGIResource: it has no children. Put the child into a Resource above it`
    throw new PlaitError('PLAIT_RESOURCE', message)
  }
}

function stopWith(reactor: Reactor, threadPool: JobRunner): void {
  const pools = stopping.get(reactor) ?? new WeakSet()
  stopping.set(reactor, pools)
  if (pools.has(threadPool)) return
  pools.add(threadPool)
  // By then every client is answered or cut: what still runs has this long to tidy up.
  reactor.addSystemEventTrigger('after', 'shutdown', () => threadPool.stop?.({ timeout: LAST_SECONDS }))
}
