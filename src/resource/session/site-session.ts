/** A session, as one request sees it. */
import type { ComponentKey } from '../../components.ts'
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { Session } from '../../http/session.ts'
import { newUid } from './session-cookie.ts'
import type { SessionCookie } from './session-cookie.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** What sessions of a site share. */
export interface SessionSite {
  readonly store: SessionStore
  readonly cookie: SessionCookie
  /** Seconds. */
  readonly timeout: number
  /** Waits for the store, as long as it may take. @throws PlaitError `PLAIT_SESSION_STORE` */
  ask<Value>(request: Request, what: string, question: () => Value | Promise<Value>): Promise<Value>
  /** What was to be done at the end of a session failed. */
  callbackFailed(request: Request, error: unknown): void
}

/** Made by `Sessions`. */
export class SiteSession implements Session<object> {
  readonly isNew: boolean
  readonly #site: SessionSite
  readonly #request: Request
  readonly #record: SessionRecord
  #uid: string
  /** The JSON that the store has; '' where it keeps objects. */
  #saved: string
  #saving: Promise<void> | undefined
  #expired = false

  constructor(site: SessionSite, request: Request, kept: { uid: string; record: SessionRecord; isNew: boolean }) {
    this.#site = site
    this.#request = request
    this.#uid = kept.uid
    this.#record = kept.record
    this.isNew = kept.isNew
    this.#saved = this.#json()
    this.#record.lastModified = request.reactor.seconds()
  }

  get uid(): string {
    return this.#uid
  }

  get data(): object {
    return this.#record.data
  }
  set data(data: object) {
    this.#record.data = data
  }

  get sessionTimeout(): number {
    return this.#site.timeout
  }

  get lastModified(): number {
    return this.#record.lastModified
  }

  get expired(): boolean {
    return this.#expired
  }

  /** Is there something to save? */
  get changed(): boolean {
    return !this.#expired && !this.#site.store.keepsObjects && this.#json() !== this.#saved
  }

  async touch(): Promise<void> {
    this.#record.lastModified = this.#request.reactor.seconds()
    const { store, timeout } = this.#site
    await this.#site.ask(this.#request, 'touch', () => store.touch(this.#uid, timeout))
  }

  async save(): Promise<void> {
    // Somebody may be saving the same.
    if (this.changed) this.#saving = this.#write()
    await this.#saving
  }

  async #write(): Promise<void> {
    const { store, timeout } = this.#site
    const before = this.#saved
    this.#saved = this.#json()
    try {
      // Another request may have ended it meanwhile; then there is nothing left to save.
      await this.#site.ask(this.#request, 'save', () => store.set(this.#uid, this.#record, timeout))
    } catch (error) {
      this.#saved = before
      throw error
    }
  }

  async expire(): Promise<void> {
    if (this.#expired) return
    this.#expired = true
    const { store, cookie } = this.#site
    if (this.#request.code === 0) cookie.clear(this.#request)
    await this.#site.ask(this.#request, 'end', () => store.destroy(this.#uid))
    this.#record.ended((error) => this.#site.callbackFailed(this.#request, error))
  }

  async regenerate(): Promise<void> {
    if (this.#request.code !== 0) {
      throw new PlaitError(
        'PLAIT_RESOURCE',
        'Cannot give a session another uid: the response has begun, and its client would not learn of it',
      )
    }
    const { store, cookie, timeout } = this.#site
    const [old, uid, json] = [this.#uid, newUid(), this.#json()]
    await this.#site.ask(this.#request, 'regenerate', async () => {
      await store.create(uid, this.#record, timeout)
      await store.destroy(old)
    })
    this.#uid = uid
    this.#saved = json
    cookie.write(this.#request, uid)
  }

  notifyOnExpire(callback: () => void): void {
    this.#needsObjects('call back at the end of a session')
    this.#record.notifyOnExpire(callback)
  }

  getComponent<Component>(key: ComponentKey<Component>): Component | undefined {
    this.#needsObjects('keep a component in a session')
    return this.#record.components.getComponent(key)
  }

  setComponent<Component>(key: ComponentKey<Component>, component: Component): void {
    this.#needsObjects('keep a component in a session')
    this.#record.components.setComponent(key, component)
  }

  #json(): string {
    return this.#site.store.keepsObjects ? '' : JSON.stringify(this.#record.data)
  }

  #needsObjects(what: string): void {
    if (this.#site.store.keepsObjects) return
    throw new PlaitError('PLAIT_RESOURCE', `Cannot ${what}: the store keeps JSON only. Put what is JSON into its data`)
  }
}
