/** The reactor that programs import, and the one that `plait web` runs: scripts and service files get the same. */
import { defaults } from './defaults.ts'
import type { Logger } from './log/logger.ts'
import { openServerLog } from './log/server-log.ts'
import { NodeReactor as BareReactor, type NodeReactorOptions as BareOptions } from './reactor/node-reactor.ts'
import type { Reactor } from './reactor/reactor.ts'
import { Inheritance } from './reactor/upgrade/inheritance.ts'
import { ThreadPool } from './threadpool/thread-pool.ts'

/** Options of {@link NodeReactor}. */
export interface NodeReactorOptions {
  /** Where the reactor and the pool that it makes log to. @default silent */
  logger?: Logger
}

/** What makes the pool of a reactor. */
type CreateThreadPool = (reactor: Reactor<ThreadPool>) => ThreadPool

const smallPool: CreateThreadPool = (reactor) =>
  new ThreadPool({ minThreads: 0, maxThreads: defaults.reactorMaxThreads, logger: reactor.logger })

/** A reactor that calls functions in the threads of its pool. */
class CallingReactor extends BareReactor<ThreadPool> {
  /**
   * Runs a function of a module in a thread of the reactor's pool (Twisted: `IReactorInThreads.callInThread`). What it throws is logged.
   * @param reference like './tasks.ts#resize'
   * @param args copied to the thread
   */
  callInThread(reference: string, ...args: readonly unknown[]): void {
    this.getThreadPool().callInThread(reference, ...args)
  }
}

/** Node's event loop, with a {@link ThreadPool} of its own (0–10 threads, made at first use, stopped with the reactor). */
export class NodeReactor extends CallingReactor {
  constructor(options: NodeReactorOptions = {}) {
    super({ ...options, createThreadPool: smallPool } satisfies BareOptions<ThreadPool>)
  }
}

/** What the default reactor uses. */
interface Means {
  logger: Logger | undefined
  createThreadPool: CreateThreadPool
}

const means: Means = { logger: undefined, createThreadPool: smallPool }

/** Opened at the first line: a program that never logs needs no log. */
function log(): Logger {
  return (means.logger ??= openServerLog())
}

const logger: Logger = Object.freeze({
  debug: (message, fields) => log().debug(message, fields),
  info: (message, fields) => log().info(message, fields),
  warn: (message, fields) => log().warn(message, fields),
  error: (message, fields) => log().error(message, fields),
} satisfies Logger)

/** What this process has got from the one before; undefined when it was started in the usual way. */
export const inheritance: Inheritance | undefined = Inheritance.ofThisProcess()

class DefaultReactor extends CallingReactor {
  constructor() {
    super({ logger, createThreadPool: (itself) => means.createThreadPool(itself), succession: { inheritance } })
  }
}

/** The default reactor, for programs that need one; it logs to standard error. Libraries take a reactor as a parameter. */
export const reactor: NodeReactor = new DefaultReactor()

/** Lets the default reactor use this log and these pools. For the command line, before anything else has used the reactor. */
export function equipDefaultReactor(given: { logger: Logger; createThreadPool: CreateThreadPool }): void {
  Object.assign(means, given)
}
