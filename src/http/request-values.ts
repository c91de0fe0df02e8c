import { parseCookies } from './cookies.ts'
import { RequestHead } from './request-head.ts'

/** What can be read out of a request's head, when somebody asks. */
export class RequestValues extends RequestHead {
  #cookies: ReadonlyMap<string, string> | undefined

  /** The cookies that the client sent, by name, as they were on the wire; of two with one name the later (Twisted: `received_cookies`). */
  get receivedCookies(): ReadonlyMap<string, string> {
    return (this.#cookies ??= parseCookies(this))
  }

  /** The value of a cookie, as it was on the wire: not decoded, not unquoted; undefined when there is none. */
  getCookie(name: string): string | undefined {
    return this.receivedCookies.get(name)
  }
}
