import type { CreateHost } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import type { PoolClock } from './clock.ts'
import type { RecycleOptions } from './recycling.ts'

/** Options of `ThreadPool`. */
export interface ThreadPoolOptions {
  /** Threads that are started at once, over all processes of an application. @default 0 */
  minThreads?: number
  /** How many requests run at the same time in the whole pool, exactly. @default 20 */
  maxThreads?: number
  /** Processes for each application. @default 1 */
  processes?: number
  /** Shown in the log and in the hosts' names. @default none */
  name?: string
  /** Interpreter of applications that name none: a path, the folder of a venv, or a name on PATH. @default found */
  python?: string
  /** Requests that may wait for a thread; one more is refused with 503. @default 1000 */
  maxQueue?: number
  /** Seconds that a request may wait for a thread; then it is refused with 503. 0 = no limit. @default 30 */
  queueTimeout?: number
  /**
   * Responses that may stay open beside the requests that run: one that began more than 5 s ago (events, and what waits for its client, sooner) gives its place among `maxThreads` back, and its host
   * gets one more thread for it. Further ones keep their places.
   * @default 200, of these in worker threads 64 for an application (Pyodide 8); 0 with one thread
   */
  maxStreams?: number
  /** Seconds that an application may take to be imported; then it counts as one that cannot be. 0 = no limit. @default 300 */
  startTimeout?: number
  /** Seconds that processes which are replaced have to finish what runs in them. @default 30 */
  gracefulTimeout?: number
  /** When processes are replaced although nothing is wrong with them. @default never */
  recycle?: RecycleOptions
  /** Called with files that applications have imported, whenever there are more: absolute paths. For development: hosts look for new imports then. @default none */
  onImported?: (files: readonly string[]) => void
  /** @default silent */
  logger?: Logger
  /** Time, for tests. @default real time */
  clock?: PoolClock
  /** What makes hosts, for tests. @default Python processes */
  createHost?: CreateHost
}
