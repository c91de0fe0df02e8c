import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import type { Session } from '#src/http/session.ts'
import { Resource } from '#src/resource/resource.ts'
import { MemorySessionStore } from '#src/resource/session/memory-session-store.ts'
import { SessionRecord } from '#src/resource/session/session-store.ts'
import type { SessionStore } from '#src/resource/session/session-store.ts'
import type { SessionOptions } from '#src/resource/session/sessions.ts'
import { Site } from '#src/resource/site.ts'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { MemoryReactor } from '#src/testing.ts'
import { until } from '../../support/until.ts'
import { Client, cookiesOf, count, serveActions } from './serve-session.ts'

/** A store that keeps JSON, as one on another machine would, and can be made to fail. */
class TextStore implements SessionStore {
  readonly keepsObjects = false
  readonly kept = new Map<string, string>()
  /** Methods called. */
  readonly calls: string[] = []
  failing: 'no' | 'throws' | 'rejects' | 'hangs' = 'no'

  async create(uid: string, record: SessionRecord): Promise<void> {
    await this.#called('create')
    this.kept.set(uid, JSON.stringify(record.data))
  }
  async get(uid: string): Promise<SessionRecord | undefined> {
    await this.#called('get')
    const text = this.kept.get(uid)
    return text === undefined ? undefined : new SessionRecord(JSON.parse(text) as object)
  }
  async set(uid: string, record: SessionRecord): Promise<boolean> {
    await this.#called('set')
    if (!this.kept.has(uid)) return false
    this.kept.set(uid, JSON.stringify(record.data))
    return true
  }
  async touch(uid: string): Promise<boolean> {
    await this.#called('touch')
    return this.kept.has(uid)
  }
  async destroy(uid: string): Promise<void> {
    await this.#called('destroy')
    this.kept.delete(uid)
  }
  #called(method: string): Promise<void> {
    this.calls.push(method)
    if (this.failing === 'rejects') return Promise.reject(new Error('the disk is full'))
    return this.failing === 'hangs' ? new Promise(() => undefined) : Promise.resolve()
  }
}

test('getSession makes a session with a cookie, and finds it again (B91)', async () => {
  const { port } = serveActions({ count })
  const client = new Client(port)
  const first = await client.get('/count')
  const [cookie = '', ...others] = cookiesOf(first)
  assert.match(cookie, /^PLAIT_SESSION=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  assert.deepEqual(others, [])
  const second = await client.get('/count')
  assert.deepEqual([first.text, second.text], ['1', '2'])
  assert.deepEqual(cookiesOf(second), [])
  assert.equal((await new Client(port).get('/count')).text, '1')
})

test('getSession: on TLS the cookie is Secure and bound to the host, and the other one counts for nothing (B91)', async () => {
  const leaf = new Resource()
  leaf.isLeaf = true
  leaf.render_GET = count
  const reactor = new MemoryReactor()
  const site = new Site(leaf)
  const [plain, secure] = [new Client(reactor.listenTCP(80, site)), new Client(reactor.listenTLS(443, site))]
  assert.match(
    cookiesOf(await secure.get('/'))[0] ?? '',
    /^__Host-PLAIT_SESSION=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.equal((await secure.get('/')).text, '2')
  await plain.get('/')
  secure.cookies.clear()
  secure.cookies.set('PLAIT_SESSION', plain.cookies.get('PLAIT_SESSION') ?? '')
  assert.equal((await secure.get('/')).text, '1')
})

const strange: readonly string[] = [
  '',
  'x',
  'a'.repeat(43),
  'a'.repeat(44),
  '../../etc/passwd',
  `${'a'.repeat(42)}=`,
  '__proto__',
  'a'.repeat(9000),
]

for (const value of strange) {
  test(`getSession never takes the name ${JSON.stringify(value.slice(0, 50))} from a client (B91)`, async () => {
    const store = new TextStore()
    const { port } = serveActions({ count }, { sessions: { store } })
    const client = new Client(port)
    client.cookies.set('PLAIT_SESSION', value)
    assert.equal((await client.get('/count')).text, '1')
    assert.notEqual(client.cookies.get('PLAIT_SESSION'), value)
    assert.match(client.cookies.get('PLAIT_SESSION') ?? '', /^[\w-]{43}$/)
    // What cannot be one does not even reach the store.
    assert.equal(store.calls.includes('get'), value.length === 43 && !value.includes('='))
  })
}

test('getSession gives one session however often it is asked in a request, also at once', async () => {
  const same = async (request: Request): Promise<string> => {
    const [one, other] = await Promise.all([request.getSession(), request.getSession()])
    return String(one === other && one === (await request.getSession()) && one.isNew)
  }
  const { port } = serveActions({ same })
  const response = await port.request('GET /same')
  assert.equal(response.text, 'true')
  assert.equal(cookiesOf(response).length, 1)
})

test('getSession with create: false makes none', async () => {
  const look = async (request: Request): Promise<string> => {
    const session = await request.getSession({ create: false })
    return session === undefined ? 'none' : `${session.isNew} ${JSON.stringify(session.data)}`
  }
  const both = async (request: Request): Promise<string> => {
    const before = await request.getSession({ create: false })
    const session = await request.getSession()
    return String(before === undefined && session.isNew && (await request.getSession({ create: false })) === session)
  }
  const { port } = serveActions({ look, count, both })
  const client = new Client(port)
  const none = await client.get('/look')
  assert.deepEqual([none.text, cookiesOf(none)], ['none', []])
  await client.get('/count')
  assert.equal((await client.get('/look')).text, 'false {"visits":1}')
  assert.equal((await new Client(port).get('/both')).text, 'true')
})

test('any use renews a session; without use it ends after sessionTimeout (B91)', async () => {
  const { port, reactor } = serveActions({ count }, { sessions: { timeout: 100 } })
  const client = new Client(port)
  for (const visits of ['1', '2', '3', '4']) {
    assert.equal((await client.get('/count')).text, visits)
    reactor.advance(99)
  }
  reactor.advance(1)
  const late = await client.get('/count')
  assert.deepEqual([late.text, cookiesOf(late).length], ['1', 1])
})

test('lastModified and sessionTimeout are in seconds of the reactor (B91)', async () => {
  const times = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    return `${session.lastModified} ${session.sessionTimeout}`
  }
  const { port, reactor } = serveActions({ times })
  const client = new Client(port)
  assert.equal((await client.get('/times')).text, '0 900')
  reactor.advance(10)
  assert.equal((await client.get('/times')).text, '10 900')
})

test('touch keeps a session alive while a request takes long (B91)', async () => {
  const held: Session[] = []
  const hold = async (request: Request): Promise<void> => {
    held.push(await request.getSession())
    await request.notifyFinish()
  }
  const { port, reactor } = serveActions({ hold, count }, { sessions: { timeout: 10 } })
  const client = new Client(port)
  await client.get('/count')
  const waiting = client.get('/hold')
  waiting.catch(() => undefined)
  await until('the session', () => held.length === 1)
  for (let seconds = 0; seconds < 30; seconds += 9) {
    reactor.advance(9)
    await held[0]?.touch()
  }
  assert.equal(held[0]?.lastModified, 36)
  assert.equal((await client.get('/count')).text, '2')
})

test('expire ends a session, takes the cookie, and the next getSession makes another (B91)', async () => {
  const ended: string[] = []
  const watch = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    session.notifyOnExpire(() => ended.push(session.uid))
    return session.uid
  }
  const logout = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    await session.expire()
    await session.expire()
    return String(session.expired && (await request.getSession({ create: false })) === undefined)
  }
  const change = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    await session.expire()
    const next = await request.getSession()
    return `${next.uid === session.uid} ${next.isNew}`
  }
  const { port } = serveActions({ watch, logout, change, count })
  const client = new Client(port)
  const { text: uid } = await client.get('/watch')
  const response = await client.get('/logout')
  assert.equal(response.text, 'true')
  assert.match(cookiesOf(response).join(), /^PLAIT_SESSION=; Max-Age=0; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
  assert.deepEqual(ended, [uid])
  // The old cookie, once more.
  client.cookies.set('PLAIT_SESSION', uid)
  assert.equal((await client.get('/count')).text, '1')
  const changed = await client.get('/change')
  assert.equal(changed.text, 'false true')
  assert.equal(cookiesOf(changed).length, 1)
  assert.equal((await client.get('/count')).text, '1')
})

test('regenerate gives another uid and keeps what is remembered; the old one is nothing any more', async () => {
  const login = async (request: Request): Promise<string> => {
    const session = await request.getSession<{ user?: string }>()
    session.data.user = 'alice'
    await session.regenerate()
    request.addCookie('other', 'x')
    return session.uid
  }
  const who = async (request: Request): Promise<string> => String((await request.getSession()).data['user'])
  for (const options of [{}, { sessions: { store: new TextStore() } }]) {
    const { port } = serveActions({ login, who, count }, options)
    const client = new Client(port)
    await client.get('/count')
    const old = client.cookies.get('PLAIT_SESSION') ?? ''
    const response = await client.get('/login')
    assert.equal(cookiesOf(response).length, 2)
    assert.equal(client.cookies.get('PLAIT_SESSION'), response.text)
    assert.notEqual(response.text, old)
    assert.equal((await client.get('/who')).text, 'alice')
    const thief = new Client(port)
    thief.cookies.set('PLAIT_SESSION', old)
    assert.equal((await thief.get('/who')).text, 'undefined')
    // Made and renamed in one response: one cookie.
    assert.deepEqual(
      cookiesOf(await new Client(port).get('/login')).map((cookie) => cookie.split('=')[0]),
      ['PLAIT_SESSION', 'other'],
    )
  }
})

test('getSession and regenerate fail once the response has begun, unless the session is there', async () => {
  const late = async (request: Request): Promise<string> => {
    request.write('begun ')
    try {
      const session = await request.getSession()
      await assert.rejects(session.regenerate(), { code: 'PLAIT_RESOURCE' })
      return JSON.stringify(session.data)
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const { port } = serveActions({ late, count })
  const client = new Client(port)
  assert.equal((await client.get('/late')).text, 'begun PLAIT_RESOURCE')
  await client.get('/count')
  assert.equal((await client.get('/late')).text, 'begun {"visits":1}')
})

test('requests of one session at the same time do not lose each other’s changes in memory', async () => {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  const slow = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    await gate
    session.data['slow'] = 1
    return ''
  }
  const quick = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    session.data['quick'] = 1
    release()
    return ''
  }
  const all = async (request: Request): Promise<string> =>
    Object.keys((await request.getSession()).data)
      .toSorted()
      .join()
  const { port } = serveActions({ slow, quick, all, count })
  const client = new Client(port)
  await client.get('/count')
  await Promise.all([client.get('/slow'), client.get('/quick')])
  assert.equal((await client.get('/all')).text, 'quick,slow,visits')
})

test('components are kept by class or symbol, and ended with the session (B91)', async () => {
  class Basket {
    items = 0
  }
  const key = Symbol('basket')
  const add = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    const basket = session.getComponent(Basket) ?? new Basket()
    session.setComponent(Basket, basket)
    session.setComponent(key, 'x')
    basket.items++
    return `${basket.items} ${session.getComponent(key)}`
  }
  const { port } = serveActions({ add })
  const client = new Client(port)
  await client.get('/add')
  assert.equal((await client.get('/add')).text, '2 x')
})

test('a store of text keeps no objects, and says so', async () => {
  const none = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    const key = Symbol('key')
    for (const action of [
      () => session.getComponent(key),
      () => session.setComponent(key, 1),
      () => session.notifyOnExpire(() => 1),
    ]) {
      assert.throws(action, { code: 'PLAIT_RESOURCE', message: /JSON/ })
    }
    return 'said'
  }
  const { port } = serveActions({ none }, { sessions: { store: new TextStore() } })
  assert.equal((await port.request('GET /none')).text, 'said')
})

test('a store of text is written before the answer, and only when something has changed', async () => {
  const store = new TextStore()
  const read = async (request: Request): Promise<string> => JSON.stringify((await request.getSession()).data)
  const deep = async (request: Request): Promise<string> => {
    const session = await request.getSession<{ list?: number[] }>()
    ;(session.data.list ??= []).push(1)
    await session.save()
    return ''
  }
  const { port } = serveActions({ count, read, deep }, { sessions: { store } })
  const client = new Client(port)
  const calls = async (path: string): Promise<string> => {
    store.calls.length = 0
    await client.get(path)
    return store.calls.join()
  }
  assert.equal(await calls('/count'), 'create,set')
  assert.deepEqual([...store.kept.values()], ['{"visits":1}'])
  assert.equal(await calls('/read'), 'get')
  assert.equal(await calls('/count'), 'get,set')
  assert.equal(await calls('/deep'), 'get,set')
  assert.equal(await calls('/deep'), 'get,set')
  assert.deepEqual([...store.kept.values()], ['{"visits":2,"list":[1,1]}'])
})

test('a store of text is written too where the resource finishes by itself, or looked the session up in getChild', async () => {
  const store = new TextStore()
  const byHand = async (request: Request): Promise<void> => {
    const session = await request.getSession()
    session.data['hand'] = 1
    request.finish()
  }
  const client = new Client(serveActions({ byHand }, { sessions: { store } }).port)
  await client.get('/byHand')
  await until('the session is saved', () => [...store.kept.values()].includes('{"hand":1}'))
  assert.equal(store.calls.filter((call) => call === 'set').length, 1)

  class Lookup extends Resource {
    override async getChild(_name: string, request: Request): Promise<Resource> {
      const session = await request.getSession()
      const page = new Resource()
      page.render_GET = () => {
        session.data['child'] = 1
        return 'plain'
      }
      return page
    }
  }
  const reactor = new MemoryReactor()
  store.kept.clear()
  const response = await reactor.listenTCP(80, new Site(new Lookup(), { sessions: { store } })).request('GET /x')
  assert.equal(response.text, 'plain')
  assert.deepEqual([...store.kept.values()], ['{"child":1}'])
})

test('a site in another has sessions of its own; those of both are saved before the answer', async () => {
  const [outer, inner] = [new TextStore(), new TextStore()]
  const page = new Resource()
  page.isLeaf = true
  page.render_GET = count
  class Lookup extends Resource {
    override async getChild(_name: string, request: Request): Promise<Site> {
      const session = await request.getSession()
      session.data['outer'] = 1
      return new Site(page, { sessions: { store: inner, cookie: { name: 'INNER' } } })
    }
  }
  const reactor = new MemoryReactor()
  const site = new Site(new Lookup(), { sessions: { store: outer } })
  const response = await reactor.listenTCP(80, site).request('GET /x/y')
  assert.equal(response.text, '1')
  assert.deepEqual(
    cookiesOf(response).map((cookie) => cookie.split('=')[0]),
    ['PLAIT_SESSION', 'INNER'],
  )
  assert.deepEqual([[...outer.kept.values()], [...inner.kept.values()]], [['{"outer":1}'], ['{"visits":1}']])
})

test('a session that was ended meanwhile does not come back by what another request saves', async () => {
  const store = new TextStore()
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  const slow = async (request: Request): Promise<string> => {
    const session = await request.getSession()
    session.data['user'] = 'alice'
    await gate
    return 'slow'
  }
  const logout = async (request: Request): Promise<string> => {
    await (await request.getSession()).expire()
    release()
    return ''
  }
  const { port } = serveActions({ slow, logout, count }, { sessions: { store } })
  const client = new Client(port)
  await client.get('/count')
  const [slowly] = await Promise.all([client.get('/slow'), client.get('/logout')])
  assert.equal(slowly.text, 'slow')
  assert.equal(store.kept.size, 0)
})

for (const failing of ['rejects', 'hangs'] as const) {
  test(`a store that ${failing} becomes a 503 and a line in the log, for each of its methods`, async () => {
    const store = new TextStore()
    const failLate = async (request: Request): Promise<string> => {
      const session = await request.getSession()
      session.data['x'] = Math.random()
      store.failing = failing
      return 'never sent'
    }
    const expire = async (request: Request): Promise<string> => {
      const session = await request.getSession()
      store.failing = failing
      await session.expire()
      return 'never sent'
    }
    const { port, reactor, logger } = serveActions({ count, failLate, expire }, { sessions: { store, storeTimeout: 3 } })
    const client = new Client(port)
    await client.get('/count')
    const fails = async (path: string, who: Client): Promise<void> => {
      const before = logger.of('error').length
      const answer = who.get(path)
      if (failing === 'hangs') {
        await until(
          'the store is asked',
          () => store.failing === 'hangs' && reactor.getDelayedCalls().some((call) => call.getTime() === reactor.seconds() + 3),
        )
        reactor.advance(3)
      }
      const response = await answer
      assert.equal(response.status, 503)
      assert.doesNotMatch(response.text, /never sent|disk/)
      assert.match(
        String(logger.of('error')[before]?.fields['error']),
        failing === 'hangs' ? /did not answer within 3 s/ : /the disk is full/,
      )
    }
    await fails('/failLate', client)
    await fails('/count', client)
    await fails('/count', new Client(port))
    store.failing = 'no'
    await fails('/expire', client)
  })
}

test('a store that fails after the response is told to the log', async () => {
  const store = new TextStore()
  const byHand = async (request: Request): Promise<void> => {
    const session = await request.getSession()
    session.data['x'] = 1
    store.failing = 'rejects'
    request.write('sent')
    request.finish()
  }
  const { port, logger } = serveActions({ byHand }, { sessions: { store } })
  const response = await port.request('GET /byHand')
  assert.deepEqual([response.status, response.text, response.complete], [200, 'sent', true])
  await until('a line in the log', () => logger.of('error').length > 0)
  assert.match(String(logger.of('error')[0]?.fields['error']), /Cannot save a session: the disk is full/)
})

test('data that is no JSON becomes a 500', async () => {
  const broken = async (request: Request): Promise<string> => {
    ;(await request.getSession()).data['big'] = 1n
    return 'never sent'
  }
  const { port, logger } = serveActions({ broken }, { sessions: { store: new TextStore() } })
  assert.equal((await port.request('GET /broken')).status, 500)
  assert.match(String(logger.of('error')[0]?.fields['error']), /BigInt/)
})

test('sessions.cookie names the cookie, and says for whom it is', async () => {
  const of = async (options: SessionOptions): Promise<string> => {
    const { port } = serveActions({ count }, { sessions: options })
    return cookiesOf(await port.request('GET /count'))
      .join()
      .replace(/=[\w-]{43}/, '')
  }
  assert.equal(
    await of({ cookie: { name: 'S', sameSite: 'strict', path: '/count' } }),
    'S; Path=/count; HttpOnly; SameSite=Strict',
  )
  assert.equal(
    await of({ cookie: { secure: true, domain: 'example.org' } }),
    '__Secure-PLAIT_SESSION; Domain=example.org; Path=/; HttpOnly; Secure; SameSite=Lax',
  )
  assert.equal(
    await of({ cookie: { secure: true, sameSite: 'none' } }),
    '__Host-PLAIT_SESSION; Path=/; HttpOnly; Secure; SameSite=None',
  )
})

test('a cookie with maxAge is sent with each use', async () => {
  const { port } = serveActions({ count }, { sessions: { cookie: { maxAge: 600 } } })
  const client = new Client(port)
  for (let visit = 0; visit < 2; visit++) {
    assert.match(cookiesOf(await client.get('/count')).join(), /^PLAIT_SESSION=[\w-]{43}; Max-Age=600; Path=/)
  }
  assert.equal((await client.get('/count')).text, '3')
})

test('Site refuses options of sessions that make no sense', () => {
  const wrong: SessionOptions[] = [
    { timeout: 0 },
    { timeout: Number.NaN },
    { storeTimeout: -1 },
    { cookie: { name: 'a b' } },
    { cookie: { sameSite: 'none' } },
    { cookie: { domain: 'a; b' } },
    { cookie: { path: 'a;b' } },
    { cookie: { name: '' } },
  ]
  for (const sessions of wrong) {
    assert.throws(() => new Site(new Resource(), { sessions }), { code: 'PLAIT_CONFIGURATION' }, JSON.stringify(sessions))
  }
  assert.throws(() => new MemorySessionStore(new MemoryReactor(), { maxSessions: 0 }), { code: 'PLAIT_CONFIGURATION' })
})

test('getSession needs a Site', async () => {
  const codes: string[] = []
  const factory = new HTTPFactory((request) => {
    void request.getSession().catch((error: { code: string }) => {
      codes.push(error.code)
      request.sendWhole(200, 'OK', [], undefined)
    })
  })
  await new MemoryReactor().listenTCP(80, factory).request('GET /')
  assert.deepEqual(codes, ['PLAIT_RESOURCE'])
})
