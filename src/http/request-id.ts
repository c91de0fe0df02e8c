import { randomUUID } from 'node:crypto'

/** The field by which proxies, servers and applications call a request by one name. */
export const REQUEST_ID = 'X-Request-ID'

const LOWER = 'x-request-id'
const VALID = /^[\w.:/+=@-]{1,128}$/
/** W3C Trace Context, section 3.2: version, trace-id, parent-id, flags; later versions may say more behind them. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/

/** A new name, that no other request has. */
export function newRequestId(): string {
  return randomUUID()
}

/** The name that a trusted proxy gave: X-Request-ID, else the trace-id of traceparent. Undefined where there is none, or none that is well-formed. */
export function givenRequestId(headers: readonly string[]): string | undefined {
  let id: string | undefined
  let trace: string | undefined
  for (let index = 0; index < headers.length; index += 2) {
    const lower = (headers[index] as string).toLowerCase()
    const value = headers[index + 1] as string
    // Of two, no two programs take the same.
    if (lower === LOWER) id = id === undefined && VALID.test(value) ? value : ''
    else if (lower === 'traceparent') trace ??= TRACEPARENT.exec(value)?.[1]
  }
  return id || trace
}

/** The fields with this name of the request in place of any that was there. */
export function withRequestId(headers: readonly string[], id: string): string[] {
  const left: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    if (name.length !== LOWER.length || name.toLowerCase() !== LOWER) left.push(name, headers[index + 1] as string)
  }
  left.push(REQUEST_ID, id)
  return left
}
