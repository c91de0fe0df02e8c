import { defaults } from '../defaults.ts'
import { parseCount, parseList, parsePort, parseProcesses, parseSeconds, parseSize, parseText, parseVariable } from './values.ts'

/** One option of `plait web`. Parsing, help, environment names and `docs/reference/cli.md` come from this table alone. */
export interface OptionSpec {
  /** `--threads <n>`, as commander reads it. */
  readonly flags: string
  readonly group: string
  readonly help: string
  /** The default in words. */
  readonly default?: string
  /** Environment variable that sets it. */
  readonly env?: string
  readonly choices?: readonly string[]
  /** May be given several times. */
  readonly repeatable?: boolean
  readonly parse?: (text: string, before: never) => unknown
}

/** What the options come to. */
export interface WebOptions {
  wsgi?: string
  chdir?: string
  python?: string
  env?: Record<string, string>
  threads?: number
  minThreads?: number
  processes?: number
  maxQueue?: number
  queueTimeout?: number
  listen?: string[]
  port?: number
  maxBody?: number
  requestBody?: 'buffer' | 'stream'
  gracefulTimeout?: number
  displayTracebacks?: boolean
  accessLog?: string
  logfile?: string
  serverLog?: string
  quiet?: boolean
}

const APPLICATION = 'Application'
const THREADS = 'Threads and processes'
const LISTENING = 'Listening'
const REQUESTS = 'Requests'
const LOGS = 'Logs'

/** The table. */
export const webOptions: readonly OptionSpec[] = [
  {
    flags: '--wsgi <name>',
    group: APPLICATION,
    env: 'PLAIT_WSGI',
    parse: parseText,
    help: 'the application to serve: foo.application, pkg.mod:attr, "pkg:create_app()", ./legacy/wsgi.py:application',
  },
  {
    flags: '--chdir <dir>',
    group: APPLICATION,
    env: 'PLAIT_CHDIR',
    parse: parseText,
    default: 'where you are',
    help: 'the directory that the application runs in and is imported from',
  },
  {
    flags: '--python <python>',
    group: APPLICATION,
    env: 'PLAIT_PYTHON',
    parse: parseText,
    default: 'VIRTUAL_ENV, .venv, venv, the uv or poetry project, python3, python',
    help: 'the interpreter: a path, the folder of a venv, or a name on PATH',
  },
  {
    flags: '--env <name=value>',
    group: APPLICATION,
    parse: parseVariable,
    repeatable: true,
    help: "a variable for the application's environment",
  },
  {
    flags: '--threads <n>',
    group: THREADS,
    env: 'PLAIT_THREADS',
    parse: parseCount(1),
    default: String(defaults.maxThreads),
    help: 'how many requests run at the same time, over all processes',
  },
  {
    flags: '--min-threads <n>',
    group: THREADS,
    env: 'PLAIT_MIN_THREADS',
    parse: parseCount(0),
    default: String(defaults.minThreads),
    help: 'threads that are started at once and never retired',
  },
  {
    flags: '--processes <n>',
    group: THREADS,
    env: 'PLAIT_PROCESSES',
    parse: parseProcesses,
    default: String(defaults.processes),
    help: 'Python processes; auto is one for each core',
  },
  {
    flags: '--max-queue <n>',
    group: THREADS,
    env: 'PLAIT_MAX_QUEUE',
    parse: parseCount(0),
    default: String(defaults.maxQueue),
    help: 'requests that may wait for a thread; one more gets 503',
  },
  {
    flags: '--queue-timeout <seconds>',
    group: THREADS,
    env: 'PLAIT_QUEUE_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.queueTimeout),
    help: 'how long a request may wait for a thread; then it gets 503. 0 is no limit',
  },
  {
    flags: '--listen <endpoint>',
    group: LISTENING,
    env: 'PLAIT_LISTEN',
    parse: parseList,
    repeatable: true,
    default: `127.0.0.1:${defaults.port} on a terminal, else all addresses`,
    help: 'where to listen: 8080, 127.0.0.1:8080, [::1]:8080, tcp:8080:interface=127.0.0.1, unix:/run/app.sock:mode=660',
  },
  {
    flags: '-p, --port <port>',
    group: LISTENING,
    env: 'PLAIT_PORT',
    parse: parsePort,
    help: 'like --listen with this port, and the address that is the default there',
  },
  {
    flags: '--max-body <size>',
    group: REQUESTS,
    env: 'PLAIT_MAX_BODY',
    parse: parseSize,
    default: '1G',
    help: 'largest request body, like 10M; a larger one gets 413. 0 is no limit',
  },
  {
    flags: '--request-body <mode>',
    group: REQUESTS,
    env: 'PLAIT_REQUEST_BODY',
    choices: ['buffer', 'stream'],
    default: defaults.requestBody,
    help: 'call the application when the whole body is here (buffer), or at once (stream)',
  },
  {
    flags: '--graceful-timeout <seconds>',
    group: REQUESTS,
    env: 'PLAIT_GRACEFUL_TIMEOUT',
    parse: parseSeconds,
    default: String(defaults.gracefulTimeout),
    help: 'how long running requests may finish when the server stops',
  },
  {
    flags: '--display-tracebacks',
    group: REQUESTS,
    env: 'PLAIT_DISPLAY_TRACEBACKS',
    help: 'show tracebacks in error pages. They show code and data: for development only',
  },
  {
    flags: '--access-log <file>',
    group: LOGS,
    env: 'PLAIT_ACCESS_LOG',
    parse: parseText,
    default: 'standard output on a terminal, else none',
    help: 'one line for each request; - is standard output',
  },
  { flags: '--logfile <file>', group: LOGS, parse: parseText, help: "Twisted's name for --access-log" },
  {
    flags: '--server-log <file>',
    group: LOGS,
    env: 'PLAIT_SERVER_LOG',
    parse: parseText,
    default: 'standard error',
    help: 'what happens to the server, and what the application prints',
  },
  { flags: '--quiet', group: LOGS, env: 'PLAIT_QUIET', help: 'log warnings and errors only' },
]
