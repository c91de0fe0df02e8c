/** The refusal of a method, and which status it makes. */
import { PlaitError } from '../errors.ts'

/** The methods of RFC 9110 section 9.3 and RFC 5789: a server knows them even where a resource does not take them. */
const standardMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
])

/** Thrown by `render` for a method that the resource does not take (Twisted: `UnsupportedMethod`). */
export class UnsupportedMethod extends PlaitError {
  /** What the resource does take: the `Allow` field. */
  readonly allowedMethods: readonly string[]

  constructor(allowedMethods: readonly string[]) {
    super('PLAIT_RESOURCE', `Cannot render this method: the resource takes ${allowedMethods.join(', ') || 'none'}`, {
      status: 405,
    })
    this.allowedMethods = allowedMethods
  }
}

/** 405 for a method that is known (RFC 9110 section 15.5.6), 501 for one that nobody defines (section 15.6.2). */
export function statusOfUnsupported(method: string, allowedMethods: readonly string[]): 405 | 501 {
  return standardMethods.has(method) || allowedMethods.includes(method) ? 405 : 501
}
