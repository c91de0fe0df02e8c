/** Cookies (RFC 6265 and its successor, rfc6265bis). Values travel as they are: nothing is encoded, decoded or unquoted. */
import { stringifySetCookie, type SetCookie } from 'cookie'
import { PlaitError } from '../errors.ts'
import type { RequestHead } from './request-head.ts'

/** Options of `Request.addCookie`: the attributes of RFC 6265 section 4.1.2. */
export interface CookieOptions {
  /** When it ends. @default with the browser's session */
  expires?: Date
  /** The host for which it is, with all hosts below it. @default this host alone */
  domain?: string
  /** The path for which it is, with all below it. @default the directory of the request */
  path?: string
  /** Seconds for which it lives, a whole number; wins over `expires`. @default as `expires` says */
  maxAge?: number
  /** Scripts do not see it. @default false */
  httpOnly?: boolean
  /** Sent over TLS only. @default false */
  secure?: boolean
  /** Is it sent with requests that other sites start? `none` needs `secure`. @default as the browser does (mostly `lax`) */
  sameSite?: 'lax' | 'strict' | 'none'
  /** Kept apart for each site that embeds this one (CHIPS); needs `secure`. @default false */
  partitioned?: boolean
}

/** The cookies that a client sent, by name; of two with one name the later wins (Twisted: `received_cookies`). */
export function parseCookies(request: Pick<RequestHead, 'rawHeaders'>): Map<string, string> {
  const cookies = new Map<string, string>()
  const { rawHeaders } = request
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() !== 'cookie') continue
    for (const pair of (rawHeaders[index + 1] as string).split(';')) {
      const equals = pair.indexOf('=')
      if (equals >= 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
    }
  }
  return cookies
}

/**
 * The value of a Set-Cookie field.
 * @throws PlaitError `PLAIT_RESOURCE` for what no browser would keep, or what would be read as something else
 */
export function setCookieValue(name: string, value: string, options: CookieOptions = {}): string {
  const wrong = contradiction(name, options)
  if (wrong !== undefined) throw new PlaitError('PLAIT_RESOURCE', `Cannot add the cookie ${JSON.stringify(name)}: ${wrong}`)
  try {
    return stringifySetCookie({ ...options, name, value } satisfies SetCookie, { encode: asItIs })
  } catch (error) {
    throw new PlaitError(
      'PLAIT_RESOURCE',
      `Cannot add the cookie ${JSON.stringify(name)}: ${complaint((error as Error).message)}`,
    )
  }
}

/** What the library complains of. Never the value itself: it may be a secret, and logs are read by many. */
function complaint(message: string): string {
  const [, option] = /^option (\w+)/.exec(message) ?? []
  if (option !== undefined) return `its ${option} is invalid`
  const what = message.startsWith('argument val') ? 'value' : 'name'
  return `its ${what} must be ASCII without spaces, controls and ";". Encode it, with encodeURIComponent for example`
}

/** What browsers refuse without a word. */
function contradiction(name: string, options: CookieOptions): string | undefined {
  const { sameSite, secure = false, partitioned = false, domain, path } = options
  if (sameSite === 'none' && !secure) return "sameSite 'none' needs secure: true"
  if (partitioned && !secure) return 'partitioned needs secure: true'
  const prefix = /^__(?:Secure|Host)-/i.exec(name)?.[0].toLowerCase()
  if (prefix !== undefined && !secure) return 'a name with this prefix needs secure: true'
  if (prefix === '__host-' && (path !== '/' || domain !== undefined))
    return "a name with this prefix needs path: '/' and no domain"
  return undefined
}

function asItIs(value: string): string {
  return value
}
