/** What a client and the log get when a request could not be served. */
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { PlaitError } from '../errors.ts'
import { RETRY_AFTER } from '../http/refusal.ts'
import type { Request } from '../http/request.ts'
import type { Logger } from '../log/logger.ts'
import { errorHTML } from './error-page.ts'

/** Response fields that describe a body, and so not that of an error page. */
const ofTheBody = ['Content-Encoding', 'Content-Range', 'Content-Language', 'ETag', 'Last-Modified', 'Cache-Control', 'Expires']

/** A failure as it is told to the client. */
export interface FailurePage {
  readonly status: number
  readonly brief: string
  readonly detail: string
  /** The traceback, shown only when the site displays tracebacks. */
  readonly traceback: string
  /** Further response headers, `[name, value …]`. */
  readonly headers?: readonly string[]
}

/** The few characters by which a page and a log line find each other. */
export function failureId(): string {
  return randomBytes(4).toString('hex')
}

/** The stack of an error, with those of its causes, or whatever else was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown value that is no Error: ${String(error)}`
  const detail = error instanceof PlaitError && error.detail !== undefined ? `\n${error.detail}` : ''
  // The detail tells what the cause would.
  const cause = error.cause === undefined || detail !== '' ? '' : `\nCaused by: ${describeError(error.cause)}`
  return `${error.stack ?? error.message}${detail}${cause}`
}

/** The first line of the request, for the log. Cut, because a target may be long. */
export function requestLine(request: Request): string {
  const line = `${request.method} ${request.uri} ${request.clientproto}`
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}

/** Sends the page of a failure as the whole response. Only before a response has begun. */
export function sendFailurePage(request: Request, page: FailurePage): void {
  const body = Buffer.from(errorHTML(page.status, page.brief, page.detail, page.traceback))
  const headers = ['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(body.length), ...(page.headers ?? [])]
  // Fields that the resource set before it failed remain (a cookie, say), but for those that spoke of another body.
  for (const name of ofTheBody) if (request.hasResponseHeader(name)) request.removeHeader(name)
  request.sendWhole(page.status, STATUS_CODES[page.status] ?? page.brief, headers, body)
}

/**
 * Ends a request whose resource failed. An error that says what the client did wrong (a `PlaitError` with a status of 4xx) is told to the client, and is no
 * failure of the server; nor is a lack of room on disk. Any other is logged, and the client gets the 500 page, or the status that the error has; or the connection is broken off when a response has begun, so
 * that it never looks whole (RFC 9112 section 8).
 * @param displayTracebacks show the stack to the client
 */
export function failRequest(request: Request, error: unknown, logger: Logger, displayTracebacks: boolean): void {
  // Nobody is left to tell, and nothing in the server went wrong.
  if (error instanceof PlaitError && error.code === 'PLAIT_CLIENT_GONE') return
  const status = statusOf(error)
  // It was answered already, where it was found.
  if (status < 500 && (request.finished || request.disconnected)) return
  const isTold = status < 500 || (error instanceof PlaitError && error.code === 'PLAIT_STORAGE')
  const page = isTold ? blame(request, error as PlaitError, logger) : admit(request, error, logger)
  if (request.disconnected) return
  if (request.code !== 0) return request.breakOff('the resource failed after its response had begun')
  const traceback = displayTracebacks && !isTold ? describeError(error) : ''
  const headers = isTold && status === 503 ? ['Retry-After', RETRY_AFTER] : []
  sendFailurePage(request, { status, traceback, headers, ...page })
}

type Told = Pick<FailurePage, 'brief' | 'detail'>

/** What the client did wrong, or what there is no room for: the log says that once, where it is found. */
function blame(request: Request, error: PlaitError, logger: Logger): Told {
  const status = statusOf(error)
  // What the client sent may be in the message.
  const why = error.message.replaceAll(/\s+/g, ' ').slice(0, 300)
  logger.info(`Refused with ${status}: ${requestLine(request)}: ${why}`, { client: request.clientHost })
  return { brief: STATUS_CODES[status] ?? 'Error', detail: `${error.message}.` }
}

function admit(request: Request, error: unknown, logger: Logger): Told {
  const id = failureId()
  logger.error('Request failed', { id, request: requestLine(request), error: describeError(error) })
  return {
    brief: 'Processing Failed',
    detail: `The server could not answer this request. The failure is in its log under ${id}.`,
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof PlaitError ? error.status : undefined
  return status !== undefined && status >= 400 && status <= 599 ? status : 500
}
