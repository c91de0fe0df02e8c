import { equipDefaultReactor, reactor } from '../default-reactor.ts'
import { defaults } from '../defaults.ts'
import type { Logger } from '../log/logger.ts'
import type { PidFile } from '../reactor/process/pid-file.ts'
import { ThreadPool } from '../threadpool/thread-pool.ts'
import { announce } from './announce.ts'
import type { WebOptions } from './options.ts'
import { planOf, type Plan } from './plan.ts'
import { openLogs, type ServerLogs } from './server-logs.ts'
import { ReloadOnChange } from './reload/reload-on-change.ts'
import { Interrupted, StartSignals, surviveSignals } from './start-signals.ts'
import { start } from './start.ts'
import { surviveStrayErrors } from './stray-errors.ts'
import { awaitAllHosts, claimPidFile, releasePidFile, tellServiceManager, upgradeOnSignal } from './succession.ts'
import { interpreterPath } from './values.ts'

/** Runs `plait web`; fulfilled when it has stopped. Throws usage errors and `PlaitError`s. */
export async function runWeb(options: WebOptions): Promise<void> {
  const plan = planOf(options)
  if (options.umask !== undefined) process.umask(options.umask)
  const logs = openLogs(options, plan.identity)
  const reloading = options.reload === true ? new ReloadOnChange(options.reloadExtra ?? [], logs.server) : undefined
  const pool = makePool(options, logs, reloading)
  reloading?.serve(pool)
  let pidFile: PidFile | undefined
  const release = surviveSignals({
    upgrade: () => void upgradeOnSignal(options, logs.server, pidFile),
    reopen: logs.reopen,
    reload: () => reloadAll(pool, logs.server),
    dump: () => dumpStacks(pool, logs.server),
  })
  try {
    pidFile = claimPidFile(options, logs.server)
    await serve(plan, logs, pool)
  } finally {
    reloading?.stop()
    releasePidFile(pidFile)
    logs.close()
    release()
  }
}

async function serve(plan: Plan, logs: ServerLogs, pool: ThreadPool): Promise<void> {
  const { options, served } = plan
  const log = logs.server
  const signals = new StartSignals()
  try {
    for (const said of served.replaced) log.warn(`${said} is not served: a later option says what is at /. --mount serves both`)
    const announcement = await signals.during(start(plan, logs))
    reactor.callWhenRunning(() => announce(log, { ...announcement, pool }))
    awaitAllHosts(pool, options)
    tellServiceManager(log)
    signals.end()
    await run(options, log)
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

/** SIGQUIT. */
function dumpStacks(pool: ThreadPool, log: Logger): void {
  log.info('SIGQUIT: the stacks of all threads of all applications follow')
  pool.dumpStacks()
}

/** SIGHUP. */
function reloadAll(pool: ThreadPool, log: Logger): void {
  if (pool.statistics().applications.length === 0) {
    log.info('SIGHUP: there is no application to load anew. SIGUSR1 opens the logs, SIGTERM stops')
    return
  }
  log.info('SIGHUP: reloading')
  // What goes wrong is in the log already.
  pool.reload().catch(() => undefined)
}

/** Until the server stops. While it still starts, an error that nobody caught ends it. */
async function run(options: WebOptions, log: Logger): Promise<void> {
  const release = surviveStrayErrors(log)
  try {
    const { gracefulTimeout = defaults.gracefulTimeout, drainDelay = 0 } = options
    await reactor.run({ gracefulTimeout, drainDelay })
  } finally {
    release()
  }
}

/** The one pool of all applications: the reactor's own. */
function makePool(options: WebOptions, logs: ServerLogs, reloading: ReloadOnChange | undefined): ThreadPool {
  const pool = new ThreadPool({
    minThreads: options.minThreads ?? defaults.minThreads,
    maxThreads: options.threads ?? defaults.maxThreads,
    processes: options.processes ?? defaults.processes,
    // Of applications that code of the user's makes: a service file, a script.
    ...(options.python === undefined ? {} : { python: interpreterPath(options.python) }),
    maxQueue: options.maxQueue ?? defaults.maxQueue,
    queueTimeout: options.queueTimeout ?? defaults.queueTimeout,
    ...(options.maxStreams === undefined ? {} : { maxStreams: options.maxStreams }),
    recycle: {
      maxRequests: options.maxRequests ?? 0,
      maxRequestsJitter: options.maxRequestsJitter ?? 0,
      maxAge: options.maxAge ?? 0,
      maxRSS: options.maxRss ?? 0,
      maxRSSHard: options.maxRssHard ?? 0,
    },
    gracefulTimeout: options.gracefulTimeout ?? defaults.gracefulTimeout,
    startTimeout: options.startTimeout ?? defaults.startTimeout,
    logger: logs.server,
    ...(reloading === undefined ? {} : { onImported: reloading.imported }),
  })
  equipDefaultReactor({ logger: logs.server, createThreadPool: () => pool })
  reactor.getThreadPool()
  return pool
}
