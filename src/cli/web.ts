import path from 'node:path'
import { equipDefaultReactor, reactor } from '../default-reactor.ts'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import { resolveApplication, type Application } from '../hosts/application.ts'
import type { HostRuntime } from '../hosts/host.ts'
import { openAccessLog, type AccessLog } from '../log/access-log.ts'
import { openServerLog, type ServerLog } from '../log/server-log.ts'
import type { ListenEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import { parseEndpoint } from '../reactor/endpoints/parse-endpoint.ts'
import { serverFromEndpoint } from '../reactor/endpoints/server-from-string.ts'
import { Site, type SiteOptions } from '../resource/site.ts'
import { ThreadPool } from '../threadpool/thread-pool.ts'
import { WSGIResource } from '../wsgi/wsgi-resource.ts'
import { announce } from './announce.ts'
import type { WebOptions } from './options.ts'
import { usage } from './program.ts'

/** Everything that one `plait web` is made of. */
interface WebServer {
  readonly application: Application
  readonly log: ServerLog
  readonly accessLog: AccessLog | undefined
  readonly pool: ThreadPool
}

/** Runs `plait web`; fulfilled when it has stopped. Throws usage errors and `PlaitError`s. */
export async function runWeb(options: WebOptions): Promise<void> {
  const endpoints = listenEndpoints(options)
  const server = makeServer(options)
  const { log, accessLog, pool, application } = server
  const reopen = (): void => {
    log.reopen()
    accessLog?.reopen()
  }
  process.on('SIGUSR1', reopen)
  try {
    const ports = listen(server, endpoints, options)
    await Promise.all(ports.map((port) => port.ready))
    const runtime = await prepare(server)
    reactor.callWhenRunning(() => announce(log, { ports, application, runtime, pool }))
    await reactor.run({ gracefulTimeout: options.gracefulTimeout ?? defaults.gracefulTimeout })
    log.info('Stopped')
  } catch (error) {
    await reactor.stop()
    throw error
  } finally {
    await pool.stop({ timeout: 0 })
    process.off('SIGUSR1', reopen)
    accessLog?.close()
    log.close()
  }
}

function makeServer(options: WebOptions): WebServer {
  if (options.wsgi === undefined) {
    throw usage("nothing to serve: say --wsgi MODULE.ATTRIBUTE, like 'plait web --wsgi foo.application'")
  }
  const { threads = defaults.maxThreads, minThreads = defaults.minThreads } = options
  if (minThreads > threads) throw usage(`--min-threads ${minThreads} is more than --threads ${threads}`)
  const application = resolveApplication({
    application: options.wsgi,
    cwd: path.resolve(options.chdir ?? '.'),
    ...(options.python === undefined ? {} : { python: pythonPath(options.python) }),
    ...(options.env === undefined ? {} : { env: options.env }),
  })
  const log = openServerLog({
    quiet: options.quiet ?? false,
    ...(options.serverLog === undefined ? {} : { destination: options.serverLog }),
  })
  const pool = new ThreadPool({
    minThreads,
    maxThreads: threads,
    processes: options.processes ?? defaults.processes,
    maxQueue: options.maxQueue ?? defaults.maxQueue,
    queueTimeout: options.queueTimeout ?? defaults.queueTimeout,
    logger: log,
  })
  const destination = options.accessLog ?? options.logfile ?? (process.stdout.isTTY ? '-' : undefined)
  const accessLog = destination === undefined ? undefined : openAccessLog(destination)
  equipDefaultReactor({ logger: log, createThreadPool: () => pool })
  reactor.getThreadPool()
  return { application, log, accessLog, pool }
}

/** Imports the application before anything is announced, unless a signal comes first. */
async function prepare({ pool, application }: WebServer): Promise<HostRuntime> {
  let interrupted = (): void => undefined
  const interruption = new Promise<never>((_, reject) => {
    interrupted = () => reject(new PlaitError('PLAIT_APPLICATION', 'Stopped while the application was imported'))
  })
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    return await Promise.race([pool.prepare(application), interruption])
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    interruption.catch(() => undefined)
  }
}

/** A path is meant from where the user stands, not from --chdir. */
function pythonPath(python: string): string {
  return python.includes('/') && !python.startsWith('~/') ? path.resolve(python) : python
}

function siteOptions(options: WebOptions, { log, accessLog }: WebServer): SiteOptions {
  return {
    logger: log,
    displayTracebacks: options.displayTracebacks ?? false,
    ...(accessLog === undefined ? {} : { accessLog: (request) => accessLog.log(request) }),
  }
}

function listen(server: WebServer, endpoints: readonly ListenEndpoint[], options: WebOptions) {
  const { pool, application } = server
  const resource = new WSGIResource(reactor, pool, applicationSpec(application), {
    maxBody: options.maxBody ?? defaults.maxBody,
    requestBody: options.requestBody ?? defaults.requestBody,
  })
  const site = new Site(resource, siteOptions(options, server))
  return endpoints.map((endpoint) => serverFromEndpoint(reactor, endpoint).listen(site))
}

function applicationSpec({ name, python, cwd, env }: Application) {
  return { application: name, cwd, env, ...(python === undefined ? {} : { python }) }
}

/** On a terminal only this machine can reach the server, unless it is told otherwise. */
function listenEndpoints({ listen: given, port }: WebOptions): ListenEndpoint[] {
  const on = process.stdout.isTTY ? '127.0.0.1' : undefined
  const endpoints = (given ?? []).map(parseOne)
  if (port !== undefined) endpoints.push({ kind: 'tcp', port, interface: on, backlog: undefined })
  if (endpoints.length === 0) endpoints.push({ kind: 'tcp', port: defaults.port, interface: on, backlog: undefined })
  return endpoints
}

function parseOne(text: string): ListenEndpoint {
  try {
    return parseEndpoint(text)
  } catch (error) {
    throw usage(`option '--listen <endpoint>' argument is invalid. ${(error as Error).message}`)
  }
}
