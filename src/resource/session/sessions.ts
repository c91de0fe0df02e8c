/** The sessions of a site: from a cookie to a session, and back into the store. */
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { DelayedCall } from '../../reactor/reactor.ts'
import type { Logger } from '../../log/logger.ts'
import { describeError, requestLine } from '../failure.ts'
import { isPromiseLike } from '../resource.ts'
import { MemorySessionStore } from './memory-session-store.ts'
import { noteOpened } from './opened-sessions.ts'
import { newUid, SessionCookie } from './session-cookie.ts'
import type { SessionCookieOptions } from './session-cookie.ts'
import { SessionRecord } from './session-store.ts'
import type { SessionStore } from './session-store.ts'
import { SiteSession } from './site-session.ts'
import type { SessionSite } from './site-session.ts'

/** Options of the sessions of a `Site`. */
export interface SessionOptions {
  /** Where they are kept. @default a MemorySessionStore */
  store?: SessionStore
  /** Seconds that a session lives without being used. @default 900 */
  timeout?: number
  /** The cookie. @default `PLAIT_SESSION`: HttpOnly, SameSite=Lax, Path=/, and Secure on TLS */
  cookie?: SessionCookieOptions
  /** Seconds that the store may take to answer (503). @default 5 */
  storeTimeout?: number
}

/** Finds and makes sessions. Nothing is made or kept before the first resource asks for one. */
export class Sessions implements SessionSite {
  readonly cookie: SessionCookie
  readonly timeout: number
  readonly #storeTimeout: number
  readonly #logger: Logger | undefined
  #store: SessionStore | undefined
  /** What was asked for last; chained, so that two who ask at once get the same. */
  readonly #current = new WeakMap<Request, Promise<SiteSession | undefined>>()

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(options: SessionOptions, logger: Logger | undefined) {
    this.cookie = new SessionCookie(options.cookie ?? {})
    this.timeout = seconds('timeout', options.timeout ?? 900)
    this.#storeTimeout = seconds('storeTimeout', options.storeTimeout ?? 5)
    this.#store = options.store
    this.#logger = logger
  }

  /** Where they are kept; made at the first use, when none was given. */
  get store(): SessionStore {
    return this.#store as SessionStore
  }

  /**
   * The session of a client.
   * @param create make one where there is none
   * @throws PlaitError `PLAIT_SESSION_STORE` (503), or `PLAIT_RESOURCE` when the response has begun and one would have to be made
   */
  open(request: Request, create: boolean): Promise<SiteSession | undefined> {
    this.#store ??= new MemorySessionStore(request.reactor)
    let current = this.#current.get(request)
    if (current === undefined) this.#current.set(request, (current = this.#load(request)))
    if (!create) return current.then((session) => (session?.expired === true ? undefined : session))
    const made = current.then((session) => (session === undefined || session.expired ? this.#make(request) : session))
    this.#current.set(request, made)
    return made
  }

  async #load(request: Request): Promise<SiteSession | undefined> {
    const uid = this.cookie.read(request)
    if (uid === undefined) return undefined
    const record = await this.ask(request, 'get', () => this.store.get(uid, this.timeout))
    // Never made under the name that the client gave: somebody else may know that.
    if (record === undefined) return undefined
    if (this.cookie.slides && request.code === 0) this.cookie.write(request, uid)
    return this.#hand(request, { uid, record, isNew: false })
  }

  async #make(request: Request): Promise<SiteSession> {
    if (request.code !== 0) {
      throw new PlaitError(
        'PLAIT_RESOURCE',
        'Cannot make a session: the response has begun, and its client would not learn of it',
      )
    }
    const [uid, record] = [newUid(), new SessionRecord()]
    await this.ask(request, 'make', () => this.store.create(uid, record, this.timeout))
    this.cookie.write(request, uid)
    return this.#hand(request, { uid, record, isNew: true })
  }

  #hand(request: Request, kept: { uid: string; record: SessionRecord; isNew: boolean }): SiteSession {
    const session = new SiteSession(this, request, kept)
    const log = this.#logger ?? request.reactor.logger
    noteOpened(request, session, log)
    return session
  }

  // -- SessionSite

  async ask<Value>(request: Request, what: string, question: () => Value | Promise<Value>): Promise<Value> {
    let late: DelayedCall | undefined
    try {
      const answer = question()
      if (!isPromiseLike(answer)) return answer
      const tooLate = new Promise<never>((_, reject) => {
        const error = new Error(`The store did not answer within ${this.#storeTimeout} s`)
        late = request.reactor.callLater(this.#storeTimeout, () => reject(error))
      })
      return await Promise.race([answer, tooLate])
    } catch (error) {
      throw storeFailed(what, error)
    } finally {
      late?.cancel()
    }
  }

  callbackFailed(request: Request, error: unknown): void {
    const fields = { request: requestLine(request), error: describeError(error) }
    const log = this.#logger ?? request.reactor.logger
    log.error('What was to be done at the end of a session failed', fields)
  }
}

function storeFailed(what: string, cause: unknown): PlaitError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new PlaitError('PLAIT_SESSION_STORE', `Cannot ${what} a session: ${why}`, { cause, status: 503 })
}

function seconds(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot use sessions with ${option} ${value}: it must be a number of seconds above 0`,
  )
}
