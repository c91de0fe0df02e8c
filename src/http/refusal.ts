import type { DefaultFields } from './default-fields.ts'

/** A request that HTTP itself forbids to serve: answered here, never seen by a resource. */
export interface Refusal {
  /** 400 … 505 */
  readonly status: number
  /** One line for the client and the log. */
  readonly reason: string
}

const phrases: Readonly<Record<number, string>> = Object.freeze({
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
})

/** Seconds after which a client that found no room may try again. */
export const RETRY_AFTER = '5'

/** Makes a refusal. */
export function refuse(status: number, reason: string): Refusal {
  return { status, reason }
}

/** The reason phrase of a refusal's status. */
export function refusalPhrase(status: number): string {
  return phrases[status] ?? 'Error'
}

/** The body of a refusal's response. */
export function refusalText({ status, reason }: Refusal): string {
  return `${status} ${refusalPhrase(status)}: ${reason}\n`
}

/** The fields of a refusal's response, without its length. */
export function refusalFields(status: number): string[] {
  const fields = ['Content-Type', 'text/plain; charset=utf-8']
  if (status === 503) fields.push('Retry-After', RETRY_AFTER)
  if (status === 405) fields.push('Allow', 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH')
  return fields
}

/**
 * A whole response as bytes, for a connection on which no request could be made of what came.
 * @param defaults what the site adds
 */
export function rawRefusal(refusal: Refusal, defaults?: DefaultFields): string {
  const { status } = refusal
  const body = refusalText(refusal)
  const own = [...refusalFields(status), 'Content-Length', String(Buffer.byteLength(body))]
  own.push('Connection', 'close', 'Date', new Date().toUTCString())
  const fields = defaults?.completeOnce(own) ?? own
  let head = `HTTP/1.1 ${status} ${refusalPhrase(status)}\r\n`
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`
  return `${head}\r\n${body}`
}
