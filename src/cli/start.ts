import { lchownSync } from 'node:fs'
import { reactor } from '../default-reactor.ts'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { ListenEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import { serverFromEndpoint } from '../reactor/endpoints/server-from-string.ts'
import { prepareTranspiler } from '../modules/transpile.ts'
import { Spool } from '../http/spool.ts'
import { assumeIdentity } from '../reactor/process/identity.ts'
import type { ServerFactory } from '../reactor/reactor.ts'
import type { TreeNode } from '../resource/resource.ts'
import { Site } from '../resource/site.ts'
import { EncodingResourceWrapper } from '../resources/encoding/encoding-resource-wrapper.ts'
import { DeferredResource } from '../resources/deferred-resource.ts'
import { HealthResource } from '../resources/health-resource.ts'
import { MountTree } from '../resources/mount-tree.ts'
import type { Announcement } from './announce.ts'
import { listenEndpoints, readyEndpoints } from './listen-endpoints.ts'
import type { WebOptions } from './options.ts'
import { loadMeans, surroundingsOf, type Plan } from './plan.ts'
import type { ServerLogs } from './server-logs.ts'
import { applicationsIn, checkReadable, growTree, type Tree } from './tree/grow-tree.ts'
import type { Service } from './tree/service-file.ts'
import { absolutePath } from './values.ts'

/** What is told when everything stands. */
type Started = Omit<Announcement, 'pool'>

/**
 * Binds the ports, becomes who it is to be, and only then runs code of the user's. A service file has to be run earlier, because it may say where to listen; with
 * another user to become it may not.
 */
export async function start(plan: Plan, logs: ServerLogs): Promise<Started> {
  const { options, served, identity } = plan
  const service = identity === undefined ? await served.service?.load(reactor) : undefined
  const endpoints = await readyEndpoints(listenEndpoints(options, service?.listen))
  if (service?.site !== undefined && served.mounts.length === 1) return startSite(service, endpoints, { plan, logs })
  const grown = withResolver<TreeNode>()
  const spool = makeSpool(options, logs)
  const site = makeSite(withHealth(new DeferredResource(grown.promise), options), options, { logs, spool })
  try {
    const ports = await listen(endpoints, site)
    become(plan, endpoints)
    checkSpool(spool, options, logs)
    await warnOfEndpoints(plan, logs)
    const tree = await growTree(served.mounts, { reactor, ...(await loadMeans(options)) })
    const root = options.compress === true ? new EncodingResourceWrapper(tree.root) : tree.root
    site.resource = withHealth(root, options)
    grown.resolve(root)
    return { ports, places: tree.places, runtimes: await prepare(tree.root, plan, logs) }
  } catch (error) {
    // Who connected meanwhile waits for it.
    grown.reject(error)
    throw error
  }
}

/** Serves a site that a service file has made. */
async function startSite(
  service: Service,
  endpoints: ListenEndpoint[],
  { plan, logs }: { plan: Plan; logs: ServerLogs },
): Promise<Started> {
  const { options, served } = plan
  const site = service.site as ServerFactory
  const idle = [
    (options.accessLog ?? options.logfile) && '--access-log',
    options.accessLogFormat && '--access-log-format',
    options.requestId && '--request-id',
    options.maxConnections !== undefined && '--max-connections',
    options.maxConnectionsPerAddress !== undefined && '--max-connections-per-address',
    options.maxUnsent !== undefined && '--max-unsent',
    options.addHeader && '--add-header',
    options.tempDir && '--temp-dir',
    options.maxTemp !== undefined && '--max-temp',
    options.compress && '--compress',
    options.http2 === false && '--no-http2',
    options.health && '--health',
    options.displayTracebacks && '--display-tracebacks',
    options.trustProxy && '--trust-proxy',
    options.forwardedFields && '--forwarded-fields',
  ].filter(Boolean)
  if (idle.length > 0) logs.server.warn(`${idle.join(', ')} not used: ${served.service?.path} makes a site of its own`)
  const ports = await listen(endpoints, site)
  const places: Tree['places'] = served.mounts.map(({ prefix, target }) => [prefix, target.description])
  return { ports, places, runtimes: site instanceof Site ? await prepare(site.resource, plan, logs) : [] }
}

/** With another user to become, the ports were bound before the service file could say anything. */
async function warnOfEndpoints({ identity, served }: Plan, { server }: ServerLogs): Promise<void> {
  if (identity === undefined || served.service === undefined) return
  const service = await served.service.load(reactor)
  if (service.listen.length > 0)
    server.warn(`With --uid and --gid what ${served.service.path} exports as listen does not count: say --listen`)
}

async function listen(endpoints: readonly ListenEndpoint[], site: ServerFactory): Promise<Started['ports']> {
  const ports = endpoints.map((endpoint) => ({ endpoint, port: serverFromEndpoint(reactor, endpoint).listen(site) }))
  await Promise.all(ports.map(({ port }) => port.ready))
  return ports
}

/** Imports all applications before anything is announced. With --reload one that does not import is waited for: its file will change. */
async function prepare(root: TreeNode, { options }: Plan, { server }: ServerLogs): Promise<Started['runtimes']> {
  const forgive = (error: unknown): undefined => {
    if (options.reload !== true || !(error instanceof PlaitError && error.code === 'PLAIT_APPLICATION')) throw error
    server.error(error.message, error.detail === undefined ? {} : { detail: error.detail })
  }
  const runtimes = await Promise.all(applicationsIn(root).map((application) => application.prepare().catch(forgive)))
  return runtimes.filter((runtime) => runtime !== undefined)
}

function become({ identity, served, options }: Plan, endpoints: readonly ListenEndpoint[]): void {
  if (identity === undefined) return
  // Whoever is in the group connects by the socket's permissions.
  for (const whole of endpoints) {
    const endpoint = whole.kind === 'haproxy' ? whole.endpoint : whole
    if (endpoint.kind === 'unix') lchownSync(endpoint.path, identity.uid, identity.gid)
  }
  // Plait itself may lie where only the user who starts it can read.
  prepareTranspiler()
  assumeIdentity(identity)
  const surroundings = surroundingsOf(options)
  const paths = served.mounts.flatMap(({ target }) => target.reads?.(surroundings) ?? [])
  checkReadable(paths, `The user ${identity.user ?? identity.uid}`)
}

/** The path of --health before all others: it is there before any code of the user's is. */
function withHealth(root: TreeNode, { health }: WebOptions): TreeNode {
  if (health === undefined) return root
  const checks = { applications: () => reactor.getThreadPool().ready }
  return new MountTree({ '/': root, [health]: new HealthResource(reactor, { checks }) })
}

function makeSpool({ tempDir, maxTemp }: WebOptions, { server: logger }: ServerLogs): Spool {
  return new Spool({
    logger,
    ...(tempDir === undefined ? {} : { directory: absolutePath(tempDir) }),
    ...(maxTemp === undefined ? {} : { maxSize: maxTemp }),
  })
}

/** As the user that the server is now. A directory that somebody has named must do; without one, small requests are served all the same. */
function checkSpool(spool: Spool, { tempDir }: WebOptions, { server }: ServerLogs): void {
  try {
    spool.check()
  } catch (error) {
    if (tempDir !== undefined) throw error
    server.warn(`${(error as Error).message}. Requests with more than 1 MiB will get 507: name a directory with --temp-dir`)
  }
}

function makeSite(root: TreeNode, options: WebOptions, { logs, spool }: { logs: ServerLogs; spool: Spool }): Site {
  const { server, access } = logs
  return new Site(root, {
    logger: server,
    spool,
    displayTracebacks: options.displayTracebacks === true || options.reload === true,
    http2: options.http2 !== false,
    requestId: options.requestId === true,
    maxConnections: options.maxConnections ?? defaults.maxConnections,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? defaults.maxConnectionsPerAddress,
    maxUnsent: options.maxUnsent ?? defaults.maxUnsent,
    ...(access === undefined ? {} : { accessLog: (request) => access.log(request) }),
    ...(options.addHeader === undefined ? {} : { defaultHeaders: options.addHeader }),
    ...(options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy }),
    ...(options.forwardedFields === undefined ? {} : { forwardedFields: options.forwardedFields }),
  })
}

interface Resolver<Value> {
  readonly promise: Promise<Value>
  resolve(value: Value): void
  reject(error: unknown): void
}

function withResolver<Value>(): Resolver<Value> {
  let resolve: Resolver<Value>['resolve'] = () => undefined
  let reject: Resolver<Value>['reject'] = () => undefined
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}
