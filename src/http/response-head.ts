import { PlaitError } from '../errors.ts'
import { setCookieValue, type CookieOptions } from './cookies.ts'
import { encodeURL } from './encode-url.ts'
import { evaluatePreconditions } from './preconditions.ts'
import { RequestLinks } from './request-links.ts'
import { ResponseFields } from './response-fields.ts'

/** Status and fields of the response, as resources give them: the half of a `Request` that may change until the head is out. */
export class ResponseHead extends RequestLinks {
  /** Status sent; 0 before. */
  code = 0
  #lastModified: number | undefined
  /** Status and fields set so far. */
  protected fields: ResponseFields | undefined

  /** The status that the response will have (Twisted: `setResponseCode`). */
  get responseCode(): number {
    return this.fields?.code ?? 200
  }

  /** Sets the status. Throws once the head is out. */
  setResponseCode(code: number, message?: string): void {
    this.unsent().setCode(code, message)
  }

  /** Sets a field, in place of what was there. Throws `PLAIT_RESOURCE` for what is no field, or once the head is out. */
  setHeader(name: string, value: string): void {
    this.unsent().set(name, value)
  }

  /** Adds a field beside those of the same name. */
  addHeader(name: string, value: string): void {
    this.unsent().add(name, value)
  }

  removeHeader(name: string): void {
    this.unsent().remove(name)
  }

  hasResponseHeader(name: string): boolean {
    return this.fields?.has(name) ?? false
  }

  /** The value that a field has so far; of several the last. Undefined when there is none. */
  getResponseHeader(name: string): string | undefined {
    return this.fields?.get(name)
  }

  /** The response has no body, whatever is written: it answers HEAD, or is a 204 or 304 (RFC 9110 section 6.4.1). */
  get bodyless(): boolean {
    const status = this.code === 0 ? this.responseCode : this.code
    return this.method === 'HEAD' || status === 204 || status === 304
  }

  /** The fields that were set so far, flat: a resource that gives its head in one piece sends them too. */
  get fieldsSet(): readonly string[] {
    return this.fields?.flat() ?? noFields
  }

  /**
   * Adds a Set-Cookie field, beside those that are there (Twisted: `addCookie`). Name and value are sent as they are.
   * @throws PlaitError `PLAIT_RESOURCE` for a name, value or attribute that no browser would take or that could be read as something else; once the head is out
   */
  addCookie(name: string, value: string, options: CookieOptions = {}): void {
    this.unsent().add('Set-Cookie', setCookieValue(name, value, options))
  }

  /**
   * Tells the browser to forget a cookie.
   * @param options as it was set: another `domain` or `path` is another cookie
   */
  clearCookie(name: string, options: Omit<CookieOptions, 'expires' | 'maxAge'> = {}): void {
    this.addCookie(name, '', { ...options, expires: new Date(0), maxAge: 0 })
  }

  /**
   * Sets Location and the status (Twisted: `redirect`). The body is still to be given.
   * @param url absolute, or relative to the URL of the request. What no URL has in it is percent-encoded, in UTF-8
   * @param code 301, 302, 303, 307 or 308. @default 302
   * @throws PlaitError `PLAIT_RESOURCE` for another status, and for control characters
   */
  redirect(url: string, code: number = 302): void {
    const wrong = !redirects.has(code) ? `${code} is no redirect` : CONTROLS.test(url) ? 'it has control characters' : undefined
    if (wrong !== undefined) throw new PlaitError('PLAIT_RESOURCE', `Cannot redirect to ${JSON.stringify(url)}: ${wrong}`)
    this.setResponseCode(code)
    this.setHeader('Location', encodeURL(url))
  }

  /**
   * Says which version of the resource this is, and compares it with what the client knows (Twisted: `setETag`; RFC 9110 section 13). To be called before anything is changed. Where the client
   * has sent If-Match, {@link setLastModified} decides nothing before this.
   * @param etag with its quotes: `"v1"`, or `W/"v1"` where only the meaning is the same
   * @returns true when the status is now 304 or 412: give an empty body, change nothing
   * @throws PlaitError `PLAIT_RESOURCE` for what is no entity tag
   */
  setETag(etag: string): boolean {
    if (!ETAG.test(etag)) {
      throw new PlaitError(
        'PLAIT_RESOURCE',
        `Cannot set the ETag ${JSON.stringify(etag)}: it must have quotes, as in "v1" or W/"v1"`,
      )
    }
    this.setHeader('ETag', etag)
    return this.#isAnswered()
  }

  /**
   * Says when the resource was last changed, and compares it with what the client knows (Twisted: `setLastModified`). Of several calls the latest time counts. Fractions of a second do not.
   * @param when a date, or milliseconds since 1970. What lies ahead counts as now (RFC 9110 section 8.8.2.1)
   * @returns true when the status is now 304 or 412: give an empty body, change nothing
   * @throws PlaitError `PLAIT_RESOURCE` for what is no time
   */
  setLastModified(when: Date | number): boolean {
    const time = Math.min(Number(when), Date.now())
    if (!(time >= FIRST_TIME)) throw new PlaitError('PLAIT_RESOURCE', `Cannot set Last-Modified: ${String(when)} is no time`)
    this.#lastModified = Math.max(time, this.#lastModified ?? time)
    this.setHeader('Last-Modified', new Date(this.#lastModified).toUTCString())
    return this.#isAnswered()
  }

  /** Asks the preconditions; only of what would be a success, and of methods that mean one representation (RFC 9110 section 13.2). */
  #isAnswered(): boolean {
    const { responseCode } = this
    if (responseCode === 304 || responseCode === 412) return true
    if (responseCode > 299 || unconditional.has(this.method)) return false
    const etag = this.getResponseHeader('etag')
    if (etag === undefined && (this.getHeader('if-match') ?? '*').trim() !== '*') return false
    const status = evaluatePreconditions(this, { etag, lastModified: this.#lastModified })
    if (status !== undefined) this.setResponseCode(status)
    return status !== undefined
  }

  /** The fields, while they may change. */
  protected unsent(): ResponseFields {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot change the head of a response that has begun')
    return (this.fields ??= new ResponseFields())
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** RFC 9110 section 13.2.1. */
const unconditional: ReadonlySet<string> = new Set(['CONNECT', 'OPTIONS', 'TRACE'])

const ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** The year 1: what lies before it is no date of HTTP. */
const FIRST_TIME = -62_135_596_800_000

// oxlint-disable-next-line no-control-regex -- the range is the point
const CONTROLS = /[\x00-\x1f\x7f]/

const noFields: readonly string[] = Object.freeze([])
