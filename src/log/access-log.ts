import type { LineTime } from './access-fields.ts'
import { jsonLine, readFormat, type AccessFormat } from './access-format.ts'
import { openLogFile } from './log-file.ts'
import type { Logger } from './logger.ts'
import { oneWord, quote } from './log-text.ts'

/** What a line of the access log tells; a `Request` fits. */
export interface AccessRecord {
  readonly method: string
  readonly uri: string
  readonly clientproto: string
  /** Status sent, 0 when none was. */
  readonly code: number
  /** Bytes of the body. */
  readonly bytesSent: number
  /** The response was cut. */
  readonly aborted: boolean
  /** The client had gone. */
  readonly disconnected?: boolean
  /** Its name in logs. */
  readonly id: string
  readonly times?: AccessTimes | undefined
  /** Seconds of the reactor's clock when the request came. */
  readonly startedAt: number
  /** Who sent it, where a guard has found out. */
  readonly user?: { readonly name: string } | undefined
  /** The client's address; '' where it has none. */
  readonly clientHost: string
  readonly reactor: { seconds(): number }
  getHeader(name: string): string | undefined
}

/** When what happened, in seconds of the reactor's clock. */
export interface AccessTimes {
  readonly queuedAt: number | undefined
  readonly begunAt: number | undefined
  readonly respondedAt: number | undefined
  /** Where it ran. */
  readonly host: string | undefined
  /** The number of the thread there. */
  readonly thread: number | undefined
}

/** Options of {@link openAccessLog}. */
export interface AccessLogOptions {
  /**
   * `combined`: as Apache and nginx write it, with the duration in milliseconds behind it (and `aborted` where the response was cut). `json`: one object in each line.
   * Else a format: `{client} {method} {target} {status} {queue} {app} {write} {id}`; docs/reference/access-log.md has the fields.
   * @default 'combined'
   */
  format?: string
  /** Is told when lines cannot be written, and when they can again. @default nobody is */
  logger?: Logger
}

/** An access log. */
export interface AccessLog {
  /** Writes the line of a request that has ended. */
  log(record: AccessRecord): void
  reopen(): void
  close(): void
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * Opens an access log.
 * @param destination a file, or `-` for standard output
 * @throws PlaitError `PLAIT_CONFIGURATION` when the file cannot be opened, or for a format with fields that there are not
 */
export function openAccessLog(destination: string, { format = 'combined', logger }: AccessLogOptions = {}): AccessLog {
  const line = formatNamed(format)
  const file = openLogFile(destination === '-' ? 1 : destination, {
    buffered: true,
    name: 'access log',
    failed: (message) => logger?.error(message),
    worked: (message) => logger?.warn(message),
  })
  const clock = new LogClock()
  return {
    log: (record) => file.write(`${line(record, clock)}\n`),
    reopen: () => file.reopen(),
    close: () => file.close(),
  }
}

/** Gives the format of a name, or the one that is written out. */
function formatNamed(format: string): AccessFormat {
  if (format === 'combined') return (record, { clf }) => combinedLine(record, clf)
  return format === 'json' ? jsonLine : readFormat(format)
}

/** One line of the combined format. */
export function combinedLine(record: AccessRecord, time: string): string {
  const { method, uri, clientproto, code, bytesSent, aborted, clientHost } = record
  const duration = ((record.reactor.seconds() - record.startedAt) * 1000).toFixed(1)
  const request = quote(`${method} ${uri} ${clientproto}`)
  const referer = quote(record.getHeader('referer') ?? '-')
  const agent = quote(record.getHeader('user-agent') ?? '-')
  const user = record.user === undefined ? '-' : oneWord(record.user.name)
  const end = aborted ? ' aborted' : ''
  return `${oneWord(clientHost)} - ${user} [${time}] ${request} ${code || '-'} ${bytesSent || '-'} ${referer} ${agent} ${duration}ms${end}`
}

/** The time as logs write it, made once a second. */
class LogClock implements LineTime {
  #second = 0
  #text = ''

  get clf(): string {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = logTime(new Date(second * 1000))
    }
    return this.#text
  }

  get iso(): string {
    return new Date().toISOString()
  }
}

/** `24/Nov/2026:08:05:12 +0000` */
export function logTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
