import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inlineApplication, MemoryClient, MemoryReactor, MemoryThreadPool, until } from '#src/testing.ts'
import type { InlineApplication } from '#src/testing.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { WSGIResource, type WSGIOptions } from '#src/wsgi/wsgi-resource.ts'

function clientOf(pool: MemoryThreadPool, options: WSGIOptions = {}): MemoryClient {
  const reactor = new MemoryReactor({ threadPool: pool })
  const root = new Resource()
  root.putChild('app', new WSGIResource(reactor, pool, 'any.name', options))
  return new MemoryClient(root, { reactor })
}

const inline = (application: InlineApplication, options?: WSGIOptions): MemoryClient =>
  clientOf(new MemoryThreadPool(inlineApplication(application)), options)

const plain = [['Content-Type', 'text/plain']] as const

test('MemoryThreadPool that performs runs nothing by itself, and the oldest first', async () => {
  const ran: string[] = []
  const pool = new MemoryThreadPool(
    (job) => {
      ran.push(job.environ['PATH_INFO'] as string)
      job.answer(200, [], 'ok')
    },
    { runs: 'perform' },
  )
  const client = clientOf(pool)
  const responses = ['/app/1', '/app/2', '/app/3'].map((path) => client.request(path))
  await until(() => pool.waiting === 3)
  assert.deepEqual(ran, [])
  assert.equal(pool.perform(1), 1)
  assert.equal((await responses[0])?.text, 'ok')
  assert.equal(pool.perform(), 2)
  await Promise.all(responses)
  assert.deepEqual(ran, ['/1', '/2', '/3'])
  assert.equal(pool.perform(), 0)
})

test('MemoryThreadPool that performs leaves out whose client has gone', async () => {
  const pool = new MemoryThreadPool((job) => job.answer(200, [], 'ok'), { runs: 'perform' })
  const reactor = new MemoryReactor({ threadPool: pool })
  const connection = reactor.listenTCP(80, new Site(new WSGIResource(reactor, pool, 'any.name'))).connect()
  connection.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => pool.waiting === 1)
  connection.reset()
  await until(() => pool.waiting === 0)
  assert.equal(pool.perform(), 0)
})

test('inlineApplication runs a function with the signature of PEP 3333', async () => {
  const client = inline((environ, startResponse) => {
    startResponse('201 Made', [...plain, ['X-A', '1'], ['X-A', '2']])
    return [`${String(environ['SCRIPT_NAME'])}|${String(environ['PATH_INFO'])}`]
  })
  const response = await client.request('/app/x')
  assert.deepEqual([response.status, response.reason, response.text], [201, 'Made', '/app|/x'])
  assert.deepEqual([response.headers['x-a'], response.headers['content-length']], ['1, 2', '7'])
})

for (const requestBody of ['buffer', 'stream'] as const) {
  test(`inlineApplication reads the body (${requestBody})`, async () => {
    const client = inline(
      (environ, startResponse) => {
        startResponse('200 OK', plain)
        const input = environ['wsgi.input']
        return [input.read(2), '|', input.read(), '|', input.read()]
      },
      { requestBody },
    )
    assert.equal((await client.request({ path: '/app', body: 'hello' })).text, 'he|llo|')
  })
}

test('inlineApplication reads a body that was spooled', async () => {
  const client = inline((environ, startResponse) => {
    startResponse('200 OK', plain)
    return [String(environ['wsgi.input'].read().length)]
  })
  assert.equal((await client.request({ path: '/app', body: 'x'.repeat(2_000_000) })).text, '2000000')
})

test('inlineApplication streams pieces, and calls write', async () => {
  const client = inline(function* (_environ, startResponse) {
    const write = startResponse('200 OK', plain)
    write('written ')
    yield ''
    yield 'one '
    yield Buffer.from('two')
  })
  const response = await client.request('/app')
  assert.equal(response.text, 'written one two')
  assert.equal(response.headers['transfer-encoding'], 'chunked')
})

test('inlineApplication answers without a body', async () => {
  const client = inline((_environ, startResponse) => {
    startResponse('204 No Content', [])
    return []
  })
  assert.equal((await client.request('/app')).status, 204)
})

test('inlineApplication makes a 500 of what the application throws, and of rules that it breaks', async () => {
  const broken: InlineApplication[] = [
    () => {
      throw new Error('no stock')
    },
    () => ['no start_response'],
    (_, startResponse) => {
      startResponse('OK', [])
      return []
    },
    (_, startResponse) => {
      startResponse('200 OK', [])
      startResponse('200 OK', [])
      return []
    },
  ]
  for (const application of broken) {
    const response = await inline(application).request('/app')
    assert.equal(response.status, 500)
    assert.deepEqual(
      response.logged.map(({ level }) => level),
      ['error'],
    )
  }
})

test('inlineApplication may change its mind with exc_info before the first byte, not behind it', async () => {
  const early = inline((_, startResponse) => {
    startResponse('200 OK', plain)
    startResponse('503 Busy', plain, new Error('x'))
    return ['busy']
  })
  assert.equal((await early.request('/app')).status, 503)
  const late = inline(function* (_, startResponse) {
    startResponse('200 OK', plain)
    yield 'one'
    yield 'two'
    startResponse('503 Busy', plain, new Error('too late'))
  })
  assert.equal((await late.request('/app')).complete, false)
})
