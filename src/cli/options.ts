import { applicationOptions, threadOptions } from './options/application.ts'
import { fileOptions } from './options/files.ts'
import { lifeOptions } from './options/life.ts'
import { listeningOptions } from './options/listening.ts'
import { logOptions } from './options/logs.ts'
import type { OptionSpec } from './options/option-spec.ts'
import { processOptions } from './options/process.ts'
import { requestOptions } from './options/requests.ts'
import { servingOptions } from './options/serving.ts'
import type { RequestLimits } from '../wsgi/route-limits.ts'

/** The table of `plait web`. */
export const webOptions: readonly OptionSpec[] = [
  ...servingOptions,
  ...fileOptions,
  ...applicationOptions,
  ...threadOptions,
  ...lifeOptions,
  ...listeningOptions,
  ...requestOptions,
  ...logOptions,
  ...processOptions,
]

/** What the options come to. */
export interface WebOptions {
  /** Options that say what is served at `/`, in the order given; the last wins. */
  roots?: readonly string[]
  wsgi?: string
  path?: string
  resourceScript?: string
  class?: string
  service?: string
  user?: boolean
  mount?: string[]
  index?: string[]
  ignoreExt?: string[]
  allowIgnoreExt?: boolean
  mimeType?: string
  processor?: Record<string, string>
  chdir?: string
  rundir?: string
  python?: string
  runIn?: 'python' | 'pyodide'
  pythonPath?: string[]
  writable?: string[]
  env?: Record<string, string>
  threadMemory?: number
  threads?: number
  minThreads?: number
  processes?: number
  preload?: boolean
  preFork?: string
  postFork?: string
  maxQueue?: number
  queueTimeout?: number
  maxStreams?: number
  limit?: Record<string, RequestLimits>
  retry?: boolean
  /** By path; that of all others is at `/`. */
  timeout?: Record<string, RequestLimits>
  maxRequests?: number
  maxRequestsJitter?: number
  maxAge?: number
  startTimeout?: number
  maxRss?: number
  maxRssHard?: number
  reload?: boolean
  reloadExtra?: string[]
  listen?: string[]
  port?: string[]
  maxConnections?: number
  maxConnectionsPerAddress?: number
  maxUnsent?: number
  https?: number
  certificate?: string
  privkey?: string
  devCert?: boolean
  personal?: boolean
  maxBody?: number
  requestBody?: 'buffer' | 'stream'
  tempDir?: string
  maxTemp?: number
  addHeader?: Record<string, string[]>
  trustProxy?: string[]
  forwardedFields?: string[]
  compress?: boolean
  http2?: boolean
  displayTracebacks?: boolean
  notracebacks?: boolean
  accessLog?: string
  accessLogFormat?: string
  requestId?: boolean
  logfile?: string
  serverLog?: string
  quiet?: boolean
  gracefulTimeout?: number
  drainDelay?: number
  upgradeTimeout?: number
  health?: string
  pidfile?: string
  uid?: string
  gid?: string
  umask?: number
  nodaemon?: boolean
}
