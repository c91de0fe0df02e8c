import { basicUser } from './basic-user.ts'
import { parseCookies } from './cookies.ts'
import { parseFieldMap, type FieldMap } from './field-map.ts'
import { RequestHead } from './request-head.ts'

/** Fields of a query. */
const MOST_ARGS = 1000

/** What can be read out of a request's head, when somebody asks. */
export class RequestValues extends RequestHead {
  #cookies: ReadonlyMap<string, string> | undefined
  #args: FieldMap | undefined

  /**
   * The query's fields, each with its values in order (Twisted: `args`, without the fields of a form: see `form`). Text is UTF-8 here, and what is none has U+FFFD. Only `&` parts fields; a name
   * without `=` has the value `''`.
   * @throws PlaitError with status 400 when there are more than 1000
   */
  get args(): FieldMap {
    return (this.#args ??= parseFieldMap(this.query, MOST_ARGS, 400))
  }

  /** The cookies that the client sent, by name, as they were on the wire; of two with one name the later (Twisted: `received_cookies`). */
  get receivedCookies(): ReadonlyMap<string, string> {
    return (this.#cookies ??= parseCookies(this))
  }

  /** The value of a cookie, as it was on the wire: not decoded, not unquoted; undefined when there is none. */
  getCookie(name: string): string | undefined {
    return this.receivedCookies.get(name)
  }

  /** The name in an Authorization field of the Basic scheme; `''` when there is none. Nobody has checked it (Twisted: `getUser`). */
  getUser(): string {
    return basicUser(this.getHeader('authorization')).user
  }

  /** The password in an Authorization field of the Basic scheme; `''` when there is none (Twisted: `getPassword`). */
  getPassword(): string {
    return basicUser(this.getHeader('authorization')).password
  }
}
