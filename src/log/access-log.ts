import { openLogFile } from './log-file.ts'

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
  /** Seconds of the reactor's clock when the request came. */
  readonly startedAt: number
  /** Who sent it, where a guard has found out. */
  readonly user?: { readonly name: string } | undefined
  /** The client's address; '' where it has none. */
  readonly clientHost: string
  readonly reactor: { seconds(): number }
  getHeader(name: string): string | undefined
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
 * Opens an access log in the combined format, with the duration in milliseconds behind it (and `aborted` where the response was cut).
 * @param destination a file, or `-` for standard output
 */
export function openAccessLog(destination: string): AccessLog {
  const file = openLogFile(destination === '-' ? 1 : destination, { buffered: true })
  const clock = new LogClock()
  return {
    log: (record) => file.write(accessLine(record, clock.now())),
    reopen: () => file.reopen(),
    close: () => file.close(),
  }
}

/** One line of the combined format. */
export function accessLine(record: AccessRecord, time: string): string {
  const { method, uri, clientproto, code, bytesSent, aborted, clientHost } = record
  const duration = ((record.reactor.seconds() - record.startedAt) * 1000).toFixed(1)
  const request = quote(`${method} ${uri} ${clientproto}`)
  const referer = quote(record.getHeader('referer') ?? '-')
  const agent = quote(record.getHeader('user-agent') ?? '-')
  const user = record.user === undefined ? '-' : oneWord(record.user.name)
  const end = aborted ? ' aborted' : ''
  return `${oneWord(clientHost)} - ${user} [${time}] ${request} ${code || '-'} ${bytesSent || '-'} ${referer} ${agent} ${duration}ms${end}\n`
}

/** A name without anything that could end the field or the line; `-` for none. A client in front of proxies is what they say. */
function oneWord(name: string): string {
  if (/^[\w.:-]+$/.test(name)) return name
  return quote(Buffer.from(name, 'utf8').toString('latin1')).slice(1, -1).replaceAll(' ', '\\x20') || '-'
}

/** Quotes, with everything escaped that could end the quotation or the line. */
function quote(text: string): string {
  return `"${text.replace(/["\\]|[^\x20-\x7e]/g, (character) => escapes[character] ?? hex(character))}"`
}

const escapes: Readonly<Record<string, string>> = Object.freeze({ '"': '\\"', '\\': '\\\\' })

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** The time as logs write it, made once a second. */
class LogClock {
  #second = 0
  #text = ''

  now(): string {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = logTime(new Date(second * 1000))
    }
    return this.#text
  }
}

/** `24/Nov/2026:08:05:12 +0000` */
export function logTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
