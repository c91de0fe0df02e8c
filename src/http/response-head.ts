import { PlaitError } from '../errors.ts'
import { setCookieValue, type CookieOptions } from './cookies.ts'
import { RequestValues } from './request-values.ts'
import { ResponseFields } from './response-fields.ts'

/** Status and fields of the response, as resources give them: the half of a `Request` that may change until the head is out. */
export class ResponseHead extends RequestValues {
  /** Status sent; 0 before. */
  code = 0
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

  /** Sets 302 and Location (Twisted: `redirect`). */
  redirect(url: string): void {
    this.setResponseCode(302)
    this.setHeader('Location', url)
  }

  /** The fields, while they may change. */
  protected unsent(): ResponseFields {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot change the head of a response that has begun')
    return (this.fields ??= new ResponseFields())
  }
}

const noFields: readonly string[] = Object.freeze([])
