import { pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogFields, Logger } from './logger.ts'
import { openLogFile, sayOnTerminal, type LogFile } from './log-file.ts'

/** Options of {@link openServerLog}. */
export interface ServerLogOptions {
  /** A file, or `-` for standard error. @default '-' */
  destination?: string
  /** Only warnings and errors. @default false */
  quiet?: boolean
  /** @default true when standard error is a terminal and the destination */
  color?: boolean
}

/** The server's log: one line for each event, longer texts (tracebacks) indented below it. */
export interface ServerLog extends Logger {
  /** Opens the file anew, after it was moved away. */
  reopen(): void
  /** Everything is written when this returns. */
  close(): void
}

/** Opens the server's log. Throws `PLAIT_CONFIGURATION` when the file cannot be opened. */
export function openServerLog(options: ServerLogOptions = {}): ServerLog {
  const { destination = '-', quiet = false } = options
  const toTerminal = destination === '-'
  const file: LogFile = openLogFile(toTerminal ? 2 : destination, {
    buffered: false,
    name: 'server log',
    // Standard error is the last place there is.
    ...(toTerminal ? {} : { failed: sayOnTerminal }),
    worked: (message) => log.warn(message),
  })
  // Not as a stream: one waits until the file takes more, and when a disk is full that is for ever.
  const pretty = prettyFactory({
    colorize: options.color ?? (toTerminal && process.stderr.isTTY === true),
    ignore: 'pid,hostname',
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  })
  const log = pino({ level: quiet ? 'warn' : 'info' }, { write: (line: string) => file.write(pretty(line)) })
  return {
    debug: (message, fields) => log.debug(compose(message, fields)),
    info: (message, fields) => log.info(compose(message, fields)),
    warn: (message, fields) => log.warn(compose(message, fields)),
    error: (message, fields) => log.error(compose(message, fields)),
    reopen: () => file.reopen(),
    close: () => file.close(),
  }
}

/** One line of message and fields; what the application wrote stands behind the name of its host. */
export function compose(message: string, fields: LogFields = {}): string {
  const { detail, host, stream: _stream, ...rest } = fields
  const named = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${text(value)}`)
    .join('')
  const origin = typeof host === 'string' ? `[${host}] ` : ''
  const below = typeof detail === 'string' && detail !== '' ? `\n${detail.replace(/^/gm, '    ')}` : ''
  return origin + printable(message) + named + below
}

function text(value: unknown): string {
  const plain = value instanceof Error ? value.message : typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(plain) ? printable(plain) : JSON.stringify(plain)
}

/** Control characters could move a terminal's cursor or forge lines. Newlines of our own messages stay. */
// oxlint-disable-next-line no-control-regex -- the range is the point
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g

function printable(message: string): string {
  return message.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
