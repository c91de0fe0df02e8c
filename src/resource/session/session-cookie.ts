/** The cookie that says which session is a client's own (RFC 6265). */
import { randomBytes } from 'node:crypto'
import { PlaitError } from '../../errors.ts'
import { setCookieValue } from '../../http/cookies.ts'
import type { CookieOptions } from '../../http/cookies.ts'
import type { Request } from '../../http/request.ts'

/** The cookie of sessions. */
export interface SessionCookieOptions {
  /** On TLS `__Host-` is put before it (`__Secure-` where there is a domain or another path). Sites on other ports of the same host see the same cookies: give them other names. @default 'PLAIT_SESSION' */
  name?: string
  /** Is it sent with requests that other sites start? @default 'lax' */
  sameSite?: 'lax' | 'strict' | 'none'
  /** Over TLS only. @default as the request that makes the session came */
  secure?: boolean
  /** @default this host alone */
  domain?: string
  /** @default '/' */
  path?: string
  /** Seconds that the browser keeps it after the last use. @default until the browser ends */
  maxAge?: number
}

/** 32 random bytes. */
const uidPattern = /^[A-Za-z0-9_-]{43}$/

/** A name for a session that nobody can guess. */
export function newUid(): string {
  return randomBytes(32).toString('base64url')
}

/** Reads and writes the cookie. */
export class SessionCookie {
  readonly #options: SessionCookieOptions

  /** @throws PlaitError `PLAIT_CONFIGURATION` for what no browser would keep */
  constructor(options: SessionCookieOptions) {
    this.#options = options
    try {
      for (const secure of options.secure === undefined ? [false, true] : [options.secure]) {
        setCookieValue(this.#name(secure), newUid(), this.#attributes(secure))
      }
    } catch (error) {
      const message = `Cannot use this cookie for sessions: ${(error as Error).message}`
      throw new PlaitError('PLAIT_CONFIGURATION', message, { cause: error })
    }
  }

  /** What the client sent; undefined when it has none, or one that was not made here. */
  read(request: Request): string | undefined {
    const value = request.getCookie(this.#name(this.#isSecure(request)))
    return value !== undefined && uidPattern.test(value) ? value : undefined
  }

  /** Gives the client its cookie, in place of one that this response gave before. */
  write(request: Request, uid: string): void {
    const secure = this.#isSecure(request)
    const { maxAge } = this.#options
    this.#forget(request)
    request.addCookie(this.#name(secure), uid, { ...this.#attributes(secure), ...(maxAge === undefined ? {} : { maxAge }) })
  }

  /** The cookie is to be sent with each use. */
  get slides(): boolean {
    return this.#options.maxAge !== undefined
  }

  /** Takes the cookie away from the client. */
  clear(request: Request): void {
    const secure = this.#isSecure(request)
    this.#forget(request)
    request.clearCookie(this.#name(secure), this.#attributes(secure))
  }

  #isSecure(request: Request): boolean {
    return this.#options.secure ?? request.isSecure()
  }

  /** A prefix binds the cookie to TLS: nobody who speaks for the host without TLS can set it (rfc6265bis section 4.1.3). */
  #name(secure: boolean): string {
    const { name = 'PLAIT_SESSION', domain, path = '/' } = this.#options
    if (!secure) return name
    return (domain === undefined && path === '/' ? '__Host-' : '__Secure-') + name
  }

  #attributes(secure: boolean): CookieOptions {
    const { sameSite = 'lax', domain, path = '/' } = this.#options
    return { httpOnly: true, sameSite, secure, path, ...(domain === undefined ? {} : { domain }) }
  }

  /** Of two cookies with one name in a response, a client might take either (RFC 6265 section 4.1.1). */
  #forget(request: Request): void {
    const begin = `${this.#name(this.#isSecure(request))}=`
    const fields = request.fieldsSet
    const cookies = fields.filter((_, index) => index % 2 === 1 && (fields[index - 1] as string).toLowerCase() === 'set-cookie')
    if (!cookies.some((value) => value.startsWith(begin))) return
    request.removeHeader('Set-Cookie')
    for (const value of cookies) if (!value.startsWith(begin)) request.addHeader('Set-Cookie', value)
  }
}
