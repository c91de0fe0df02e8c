import { lchownSync } from 'node:fs'
import { equipDefaultReactor, reactor } from '../default-reactor.ts'
import { defaults } from '../defaults.ts'
import { serverFromEndpoint } from '../reactor/endpoints/server-from-string.ts'
import { assumeIdentity } from '../reactor/process/identity.ts'
import { PidFile } from '../reactor/process/pid-file.ts'
import type { TreeNode } from '../resource/resource.ts'
import { Site } from '../resource/site.ts'
import { DeferredResource } from '../resources/deferred-resource.ts'
import { ThreadPool } from '../threadpool/thread-pool.ts'
import { announce, type Announcement } from './announce.ts'
import type { WebOptions } from './options.ts'
import { meansOf, planOf, type Plan } from './plan.ts'
import { openLogs, type ServerLogs } from './server-logs.ts'
import { Interrupted, StartSignals, surviveSignals } from './start-signals.ts'
import { checkReadable, growTree, type Tree } from './tree/grow-tree.ts'
import type { Means } from './tree/target.ts'
import { absolutePath } from './values.ts'

/** Runs `plait web`; fulfilled when it has stopped. Throws usage errors and `PlaitError`s. */
export async function runWeb(options: WebOptions): Promise<void> {
  const plan = planOf(options)
  if (options.umask !== undefined) process.umask(options.umask)
  const logs = openLogs(options, plan.identity)
  const release = surviveSignals(logs.server, logs.reopen)
  let pidFile: PidFile | undefined
  try {
    if (options.pidfile !== undefined) pidFile = PidFile.create(absolutePath(options.pidfile), logs.server)
    await serve(plan, logs)
  } finally {
    pidFile?.remove()
    release()
    logs.close()
  }
}

async function serve(plan: Plan, logs: ServerLogs): Promise<void> {
  const { options, served } = plan
  const log = logs.server
  const pool = makePool(options, logs)
  const signals = new StartSignals()
  try {
    for (const said of served.replaced) log.warn(`${said} is not served: a later option says what is at /. --mount serves both`)
    const announcement = await signals.during(start(plan, logs, pool))
    reactor.callWhenRunning(() => announce(log, announcement))
    signals.end()
    await reactor.run({ gracefulTimeout: options.gracefulTimeout ?? defaults.gracefulTimeout })
    log.info('Stopped')
  } catch (error) {
    await reactor.stop()
    if (!(error instanceof Interrupted)) throw error
    log.info(`${error.signal}: stopped before it had started`)
  } finally {
    signals.end()
    await pool.stop({ timeout: 0 })
  }
}

/** Binds the ports, becomes who it is to be, and only then runs code of the user's. */
async function start(plan: Plan, logs: ServerLogs, pool: ThreadPool): Promise<Announcement> {
  const { options, served, endpoints } = plan
  const grown = withResolver<TreeNode>()
  const site = makeSite(new DeferredResource(grown.promise), options, logs)
  try {
    const ports = endpoints.map((endpoint) => ({ endpoint, port: serverFromEndpoint(reactor, endpoint).listen(site) }))
    await Promise.all(ports.map(({ port }) => port.ready))
    const means = { reactor, ...meansOf(options) }
    become(plan, means)
    const tree = await growTree(served.mounts, means)
    site.resource = tree.root
    grown.resolve(tree.root)
    const runtimes = await prepare(tree, pool)
    return { ports, places: tree.places, runtimes, pool }
  } catch (error) {
    // Who connected meanwhile waits for it.
    grown.reject(error)
    throw error
  }
}

/** Imports all applications before anything is announced. */
function prepare({ applications }: Tree, pool: ThreadPool): Promise<Announcement['runtimes']> {
  return Promise.all(applications.map((application) => pool.prepare(application)))
}

function become({ identity, served, endpoints }: Plan, means: Means): void {
  if (identity === undefined) return
  // Whoever is in the group connects by the socket's permissions.
  for (const endpoint of endpoints) if (endpoint.kind === 'unix') lchownSync(endpoint.path, identity.uid, identity.gid)
  assumeIdentity(identity)
  const paths = served.mounts.map(({ target }) => target.reads?.(means)).filter((path) => path !== undefined)
  checkReadable(paths, `The user ${identity.user ?? identity.uid}`)
}

function makePool(options: WebOptions, logs: ServerLogs): ThreadPool {
  const pool = new ThreadPool({
    minThreads: options.minThreads ?? defaults.minThreads,
    maxThreads: options.threads ?? defaults.maxThreads,
    processes: options.processes ?? defaults.processes,
    maxQueue: options.maxQueue ?? defaults.maxQueue,
    queueTimeout: options.queueTimeout ?? defaults.queueTimeout,
    logger: logs.server,
  })
  equipDefaultReactor({ logger: logs.server, createThreadPool: () => pool })
  reactor.getThreadPool()
  return pool
}

function makeSite(root: TreeNode, options: WebOptions, { server, access }: ServerLogs): Site {
  return new Site(root, {
    logger: server,
    displayTracebacks: options.displayTracebacks === true && options.notracebacks !== true,
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
