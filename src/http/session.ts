import type { ComponentKey } from '../components.ts'

/**
 * What a server remembers of a client from one request to the next (Twisted: `twisted.web.server.Session`). The client has a cookie that
 * says which session is its own, and nothing else.
 */
export interface Session<Data extends object = Record<string, unknown>> {
  /** Names the session; whoever knows it has the session. */
  readonly uid: string
  /** Made by this request. */
  readonly isNew: boolean
  /** What is remembered: plain JSON. It is saved when the response is ready, if it has changed. */
  data: Data
  /** Seconds that the session lives without being used. */
  readonly sessionTimeout: number
  /** When it was used last, in seconds of the reactor's clock. */
  readonly lastModified: number
  /** It has ended, by {@link expire}; `getSession` then makes another. */
  readonly expired: boolean
  /** The session lives on for another `sessionTimeout`. `getSession` has done that already: this is for requests that take long. */
  touch(): Promise<void>
  /** Saves {@link data} now, if it has changed: before `request.finish()`, where a resource calls that itself. */
  save(): Promise<void>
  /** Ends the session: a logout. The client's cookie goes too, unless the response has begun. */
  expire(): Promise<void>
  /** Gives the session another `uid`, and the client another cookie: after a login, so that nobody who knew the old one is logged in too. Before the response begins. */
  regenerate(): Promise<void>
  /** Calls `callback` when the session has ended. Only where the store keeps sessions in memory; `PLAIT_RESOURCE` elsewhere. */
  notifyOnExpire(callback: () => void): void
  /** An object that was kept under its class or a symbol. Only where the store keeps sessions in memory; `PLAIT_RESOURCE` elsewhere. */
  getComponent<Component>(key: ComponentKey<Component>): Component | undefined
  /** Keeps an object that is no JSON; likewise. */
  setComponent<Component>(key: ComponentKey<Component>, component: Component): void
}
