import { parseText } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const LOGS = 'Logs'

/** Where is written what happens. */
export const logOptions: readonly OptionSpec[] = [
  {
    flags: '--access-log <file>',
    group: LOGS,
    env: 'PLAIT_ACCESS_LOG',
    parse: parseText,
    default: 'standard output on a terminal, else none',
    help: 'one line for each request; - is standard output',
  },
  {
    flags: '--access-log-format <format>',
    group: LOGS,
    env: 'PLAIT_ACCESS_LOG_FORMAT',
    parse: parseText,
    default: 'combined',
    help: 'combined, json, or fields in braces: {client} {method} {target} {status} {queue} {app} {write} {host} {thread} {id}',
  },
  {
    flags: '--request-id',
    group: LOGS,
    env: 'PLAIT_REQUEST_ID',
    help: 'give each request a name, for logs, applications and clients: the X-Request-ID or traceparent of a trusted proxy, else a new one',
  },
  { flags: '-l, --logfile <file>', group: LOGS, parse: parseText, help: "Twisted's name for --access-log" },
  {
    flags: '--server-log <file>',
    group: LOGS,
    env: 'PLAIT_SERVER_LOG',
    parse: parseText,
    default: 'standard error',
    help: 'what happens to the server, and what applications print',
  },
  { flags: '--quiet', group: LOGS, env: 'PLAIT_QUIET', help: 'log warnings and errors only' },
]
