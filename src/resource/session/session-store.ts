/** Where sessions are kept. */
import { Components } from '../../components.ts'

/** A session as stores keep it. */
export class SessionRecord {
  /** Plain JSON. */
  data: object
  /** Seconds of the reactor's clock; set by the site. */
  lastModified = 0
  /** What is no JSON: only stores that keep objects keep these. */
  get components(): Components {
    return (this.#components ??= new Components())
  }
  #components: Components | undefined
  readonly #callbacks: (() => void)[] = []

  constructor(data: object = {}) {
    this.data = data
  }

  /** `callback` is called by {@link ended}. */
  notifyOnExpire(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  /**
   * The session has ended; called once.
   * @param failed called with the error of a callback that threw
   */
  ended(failed: (error: unknown) => void): void {
    for (const callback of this.#callbacks.splice(0)) {
      try {
        callback()
      } catch (error) {
        failed(error)
      }
    }
  }
}

/** A value, now or later. */
type Eventually<Value> = Value | Promise<Value>

/**
 * Keeps sessions. A session ends when it was not used for `timeout` seconds; the store sees to that. What a method throws, or a promise that comes too late, becomes a
 * 503.
 */
export interface SessionStore {
  /**
   * True: `get` gives the very record that `create` was given, to all who ask, so that it can hold any object and nothing has to be written. False: what is kept is the JSON of `data`.
   */
  readonly keepsObjects: boolean
  /** Keeps a new session. */
  create(uid: string, record: SessionRecord, timeout: number): Eventually<void>
  /** The session, which lives on for `timeout` from now; undefined when there is none. */
  get(uid: string, timeout: number): Eventually<SessionRecord | undefined>
  /** Keeps `data` as it is now, of a session that is still there. False when it is not: it must not come back. */
  set(uid: string, record: SessionRecord, timeout: number): Eventually<boolean>
  /** The session lives on for `timeout` from now. False when there is none. */
  touch(uid: string, timeout: number): Eventually<boolean>
  /** Forgets a session, if there is one. */
  destroy(uid: string): Eventually<void>
}
