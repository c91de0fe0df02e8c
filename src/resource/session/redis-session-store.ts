/** Sessions in Redis or Valkey, so that several servers share them, and a restart ends none. */
import { SessionRecord } from './session-store.ts'
import type { SessionStore } from './session-store.ts'

/** What is needed of a client: that of the package `redis` fits as it is. */
export interface RedisClient {
  /** Sends one command and gives the reply, rejected when that is an error. */
  sendCommand(words: string[]): Promise<unknown>
}

/** Options of {@link RedisSessionStore}. */
export interface RedisSessionStoreOptions {
  /** What keys begin with. @default 'plait:session:' */
  prefix?: string
}

/**
 * Keeps the JSON of sessions in Redis (6.2 and newer). The keys end by themselves.
 *
 *     const client = await createClient().on('error', (error) => console.error(error)).connect()
 *     new Site(root, { sessions: { store: new RedisSessionStore(client) } })
 *
 * Two requests of one session at the same time have each their own copy, and of what they save the last one stays.
 */
export class RedisSessionStore implements SessionStore {
  readonly keepsObjects = false
  readonly #client: RedisClient
  readonly #prefix: string

  /** @param client connected; it stays yours, and you close it */
  constructor(client: RedisClient, options: RedisSessionStoreOptions = {}) {
    this.#client = client
    this.#prefix = options.prefix ?? 'plait:session:'
  }

  async create(uid: string, record: SessionRecord, timeout: number): Promise<void> {
    await this.#send('SET', uid, JSON.stringify(record.data), 'PX', milliseconds(timeout))
  }

  async get(uid: string, timeout: number): Promise<SessionRecord | undefined> {
    const reply = await this.#send('GETEX', uid, 'PX', milliseconds(timeout))
    return reply === null || reply === undefined ? undefined : recordOf(String(reply))
  }

  async set(uid: string, record: SessionRecord, timeout: number): Promise<boolean> {
    // XX: only where it still is. Whoever has logged out stays so, whatever another request of his was about to save.
    const reply = await this.#send('SET', uid, JSON.stringify(record.data), 'PX', milliseconds(timeout), 'XX')
    return reply !== null && reply !== undefined
  }

  async touch(uid: string, timeout: number): Promise<boolean> {
    return Number(await this.#send('PEXPIRE', uid, milliseconds(timeout))) === 1
  }

  async destroy(uid: string): Promise<void> {
    await this.#send('DEL', uid)
  }

  #send(command: string, uid: string, ...words: string[]): Promise<unknown> {
    return this.#client.sendCommand([command, this.#prefix + uid, ...words])
  }
}

function milliseconds(seconds: number): string {
  return String(Math.max(1, Math.round(seconds * 1000)))
}

/** Undefined for what nobody here has written: the client gets a new session. */
function recordOf(text: string): SessionRecord | undefined {
  try {
    const data: unknown = JSON.parse(text)
    return typeof data === 'object' && data !== null ? new SessionRecord(data) : undefined
  } catch {
    return undefined
  }
}
