import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Resource } from '#src/resource/resource.ts'
import { RedisSessionStore } from '#src/resource/session/redis-session-store.ts'
import { SessionRecord } from '#src/resource/session/session-store.ts'
import { Site } from '#src/resource/site.ts'
import { RecordingLogger } from '#src/testing.ts'
import { Browser } from '../../support/browser.ts'
import { noRedis, startRedis } from '../../support/redis.ts'
import type { RedisServer } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { count } from './serve-session.ts'

interface Pages {
  readonly url: string
  readonly logger: RecordingLogger
}

/** A server of its own, with sessions in Redis. */
async function servePages(t: TestContext, redis: RedisServer, storeTimeout = 5): Promise<Pages> {
  const store = new RedisSessionStore(await redis.connect(), { prefix: 'test:' })
  const logger = new RecordingLogger()
  const root = new Resource()
  const add = (name: string, render: (request: Request) => Promise<string>): void => {
    const page = new Resource()
    page.render_GET = render
    root.putChild(name, page)
  }
  add('count', count)
  add('logout', async (request) => {
    await (await request.getSession()).expire()
    return 'out'
  })
  add('login', async (request) => {
    await (await request.getSession()).regenerate()
    return 'in'
  })
  root.putChild('public', new Resource())
  add('public', async () => 'public')
  const reactor = new NodeReactor({ logger })
  const port = reactor.listenTCP(0, new Site(root, { sessions: { store, storeTimeout, timeout: 100 } }), {
    interface: '127.0.0.1',
  })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  return { url: `http://127.0.0.1:${(port.getHost() as { port: number }).port}`, logger }
}

test('RedisSessionStore shares sessions between servers, and they outlive each', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = [await servePages(t, redis), await servePages(t, redis)]
  const browser = new Browser(one.url)
  assert.equal((await browser.visit({ path: '/count' })).text, '1')
  const elsewhere = new Browser(other.url)
  for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
  assert.equal((await elsewhere.visit({ path: '/count' })).text, '2')
  assert.equal((await browser.visit({ path: '/count' })).text, '3')
  const client = await redis.connect()
  const key = `test:${browser.cookies.get('PLAIT_SESSION')}`
  assert.deepEqual(await client.keys('*'), [key])
  assert.equal(await client.get(key), '{"visits":3}')
  const left = await client.pTTL(key)
  assert.ok(left > 90_000 && left <= 100_000, `${left} ms`)
  assert.equal((await browser.visit({ path: '/logout' })).text, 'out')
  assert.deepEqual(await client.keys('*'), [])
  assert.equal((await elsewhere.visit({ path: '/count' })).text, '1')
})

test('RedisSessionStore: any use renews a session, and Redis ends it', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const client = await redis.connect()
  const store = new RedisSessionStore(client, { prefix: '' })
  await store.create('a', new SessionRecord({ x: 1 }), 1)
  assert.deepEqual((await store.get('a', 1000))?.data, { x: 1 })
  assert.ok((await client.pTTL('a')) > 900_000)
  assert.equal(await store.touch('a', 2000), true)
  assert.ok((await client.pTTL('a')) > 1_900_000)
  assert.equal(await store.set('a', new SessionRecord({ x: 2 }), 0.05), true)
  await until('Redis ends it', async () => (await client.exists('a')) === 0)
  assert.equal(await store.get('a', 10), undefined)
  assert.equal(await store.touch('a', 10), false)
  // Whoever has logged out stays so.
  assert.equal(await store.set('a', new SessionRecord({ x: 3 }), 10), false)
  assert.equal(await client.exists('a'), 0)
  await store.destroy('a')
})

test('RedisSessionStore gives a new session for what it has not written', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const client = await redis.connect()
  const store = new RedisSessionStore(client, { prefix: '' })
  for (const text of ['', 'null', '1', '"x"', '{', 'no JSON']) {
    await client.set('a', text)
    assert.equal(await store.get('a', 10), undefined, text)
  }
  await client.set('a', '{"__proto__":{"admin":true}}')
  const record = await store.get('a', 10)
  assert.deepEqual(Object.keys(record?.data ?? {}), ['__proto__'])
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})

test('RedisSessionStore: regenerate leaves one key', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const { url } = await servePages(t, redis)
  const browser = new Browser(url)
  await browser.visit({ path: '/count' })
  const old = browser.cookies.get('PLAIT_SESSION')
  await browser.visit({ path: '/login' })
  assert.equal((await browser.visit({ path: '/count' })).text, '2')
  const keys = await (await redis.connect()).keys('*')
  assert.deepEqual(keys, [`test:${browser.cookies.get('PLAIT_SESSION')}`])
  assert.notEqual(keys[0], `test:${old}`)
})

test(
  'a Redis server that says nothing, or has gone, is a 503 and a line in the log, and other pages go on',
  { skip: noRedis },
  async (t) => {
    const redis = await startRedis(t)
    const { url, logger } = await servePages(t, redis, 0.3)
    const browser = new Browser(url)
    await browser.visit({ path: '/count' })
    redis.freeze()
    assert.equal((await browser.visit({ path: '/count' })).status, 503)
    assert.equal((await browser.visit({ path: '/public' })).status, 200)
    redis.thaw()
    await until('Redis is back', async () => (await browser.visit({ path: '/count' })).status === 200)
    await redis.kill()
    for (const visitor of [browser, new Browser(url)]) {
      const response = await visitor.visit({ path: '/count' })
      assert.equal(response.status, 503)
      const id = /log under (\w+)/.exec(response.text)?.[1]
      const line = logger.of('error').find(({ fields }) => fields['id'] === id)
      assert.match(String(line?.fields['error']), /Cannot (get|make) a session/)
    }
    assert.equal((await browser.visit({ path: '/public' })).status, 200)
  },
)
