import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { Rendered, RenderMethod } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { UnsupportedMethod } from '#src/resource/unsupported-method.ts'
import { serve } from './serve.ts'

/** A leaf with the given render methods. */
function leaf(methods: Record<`render_${string}`, RenderMethod>): Resource {
  return Object.assign(new Resource(), methods, { isLeaf: true })
}

const getting = (render: RenderMethod): Resource => leaf({ render_GET: render })

test('Site sends returned text with its length and a content type (B66, B67)', async () => {
  const { port } = serve(getting(() => 'grüß'))
  const response = await port.request('GET /')
  assert.equal(response.status, 200)
  assert.equal(response.text, 'grüß')
  assert.equal(response.headers['content-length'], '6')
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
})

test('Site sends returned bytes as they are (B66, B67)', async () => {
  const response = await serve(getting(() => Uint8Array.of(0xff, 0))).port.request('GET /')
  assert.deepEqual([...response.body], [0xff, 0])
  assert.equal(response.headers['content-type'], 'text/html')
})

test('Site keeps the content type and status that a resource set (B67)', async () => {
  const root = getting((request) => {
    request.setResponseCode(402, 'Pay')
    request.setHeader('content-type', 'text/plain')
    return 'x'
  })
  const response = await serve(root).port.request('GET /')
  assert.equal(response.status, 402)
  assert.equal(response.reason, 'Pay')
  assert.equal(response.headers['content-type'], 'text/plain')
})

test('Site sets no content type on an empty body (B67)', async () => {
  const response = await serve(getting(() => '')).port.request('GET /')
  assert.equal(response.headers['content-length'], '0')
  assert.equal(response.headers['content-type'], undefined)
})

test('Site sends 204 and 304 without body, length and type (B67, B68)', async () => {
  for (const status of [204, 304]) {
    const root = getting((request) => {
      request.setResponseCode(status)
      return 'swallowed'
    })
    const response = await serve(root).port.request('GET /')
    assert.equal(response.status, status)
    assert.equal(response.headers['content-type'], undefined)
    assert.equal(response.headers['content-length'], undefined)
    assert.equal(response.headers['transfer-encoding'], undefined)
  }
})

test('Site answers HEAD by GET: same headers, no body (B63, B66)', async () => {
  const { port } = serve(getting(() => 'hello'))
  const connection = port.connect()
  const head = await connection.request('HEAD /')
  assert.equal(head.status, 200)
  assert.equal(head.headers['content-length'], '5')
  assert.equal((await connection.request('GET /')).text, 'hello')
})

test('Site answers an unsupported method that is known with 405 and Allow (B64)', async () => {
  const { port } = serve(getting(() => 'x'))
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await port.request(`${method} /<x> HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
    assert.equal(response.status, 405, method)
    assert.equal(response.headers['allow'], 'HEAD, GET')
    assert.match(response.text, /POST|PUT|DELETE|PATCH|OPTIONS/)
    assert.match(response.text, /&lt;x&gt;/)
  }
})

test('Site answers a method that nobody defines with 501 (B64)', async () => {
  const response = await serve(getting(() => 'x')).port.request('PROPFIND /')
  assert.equal(response.status, 501)
  const dav = leaf({ render_PROPFIND: () => 'found' })
  assert.equal((await serve(dav).port.request('PROPFIND /')).text, 'found')
})

test('Site takes allowedMethods of a resource for Allow (B62)', async () => {
  const root = getting(() => 'x')
  root.allowedMethods = ['GET', 'PROPFIND']
  const response = await serve(root).port.request('PROPFIND /')
  assert.equal(response.status, 405)
  assert.equal(response.headers['allow'], 'GET, PROPFIND')
})

test('Site answers HEAD on a POST-only resource with 405, never 500 (B63)', async () => {
  const response = await serve(leaf({ render_POST: () => 'x' })).port.request('HEAD /')
  assert.equal(response.status, 405)
  assert.equal(response.headers['allow'], 'POST')
})

test('Site answers a resource without render methods with 405 and an empty Allow (B63)', async () => {
  const root = new Resource()
  root.isLeaf = true
  const response = await serve(root).port.request('GET /')
  assert.equal(response.status, 405)
  assert.equal(response.headers['allow'], '')
})

test('Site renders a refused HEAD as GET where GET is allowed (B65)', async () => {
  const root = leaf({
    render_GET: () => 'hello',
    render_HEAD: () => {
      throw new UnsupportedMethod(['GET'])
    },
  })
  const response = await serve(root).port.request('HEAD /')
  assert.equal(response.status, 200)
  assert.equal(response.headers['content-length'], '5')
})

test('Site lets a resource that returned undefined write and finish later (B66)', async () => {
  const { port, reactor } = serve(
    getting((request): Rendered => {
      request.write('one ')
      reactor.callLater(1, () => {
        request.write('two')
        request.finish()
      })
    }),
  )
  const connection = port.connect()
  const response = connection.request('GET /')
  await connection.until(() => connection.received.includes('one '))
  assert.equal(connection.received.includes('two'), false)
  reactor.advance(1)
  assert.equal((await response).text, 'one two')
  assert.equal((await response).headers['transfer-encoding'], 'chunked')
})

test('Site awaits a promise of a body', async () => {
  const response = await serve(getting(async () => 'later')).port.request('GET /')
  assert.equal(response.text, 'later')
  assert.equal(response.headers['content-length'], '5')
})

test('Site finishes the response when a promise without a value is fulfilled', async () => {
  const root = getting(async (request) => {
    request.write('one ')
    await Promise.resolve()
    request.write('two')
  })
  const response = await serve(root).port.request('GET /')
  assert.equal(response.complete, true)
  assert.equal(response.text, 'one two')
})

test('Site leaves a response alone that the method finished itself', async () => {
  const root = getting(async (request) => {
    request.write('all')
    request.finish()
    await Promise.resolve()
  })
  const { port, logger } = serve(root)
  assert.equal((await port.request('GET /')).text, 'all')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(logger.of('error'), [])
})

test('Site answers an exception in render with 500 and logs it with the id on the page (B61, B72)', async () => {
  const { port, logger } = serve(
    getting(() => {
      throw new Error('secret <reason>')
    }),
  )
  const response = await port.request('GET /path?q')
  assert.equal(response.status, 500)
  assert.equal(response.reason, 'Internal Server Error')
  assert.match(response.text, /Processing Failed/)
  assert.doesNotMatch(response.text, /secret/)
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
  const [record] = logger.of('error')
  assert.equal(record?.fields['request'], 'GET /path?q HTTP/1.1')
  assert.match(String(record.fields['error']), /secret <reason>[\s\S]*site\.test/)
  assert.ok(response.text.includes(String(record.fields['id'])))
})

test('Site keeps the headers of a resource that failed, but for those of its body (B72)', async () => {
  const root = getting((request) => {
    request.setHeader('Set-Cookie', 'a=1')
    request.setHeader('ETag', '"x"')
    request.setHeader('Content-Type', 'text/plain')
    throw new Error('late')
  })
  const { headers } = await serve(root).port.request('GET /')
  assert.equal(headers['set-cookie'], 'a=1')
  assert.equal(headers['etag'], undefined)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
})

test('Site takes what render returns after a write as the rest of the body', async () => {
  const root = getting((request) => {
    request.write('one ')
    return 'two'
  })
  const response = await serve(root).port.request('GET /')
  assert.equal(response.text, 'one two')
  assert.equal(response.complete, true)
})

test('Site awaits thenables that are no promises', async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
  const thenable = { then: (resolve: (text: string) => void) => resolve('then') } as unknown as Promise<string>
  assert.equal((await serve(getting(() => thenable)).port.request('GET /')).text, 'then')
})

test('Site shows the traceback, escaped, with displayTracebacks (B72)', async () => {
  const root = getting(() => {
    throw new Error('secret <reason>')
  })
  const response = await serve(root, { displayTracebacks: true }).port.request('GET /')
  assert.match(response.text, /secret &lt;reason&gt;/)
  assert.match(response.text, /site\.test/)
})

test('Site answers an exception in traversal with 500 (B61)', async () => {
  class Root extends Resource {
    override getChild(): never {
      throw new Error('lost')
    }
  }
  const { port, logger } = serve(new Root())
  assert.equal((await port.request('GET /x')).status, 500)
  assert.equal(logger.of('error').length, 1)
})

test('Site answers a rejected promise with 500, of render and of getChild', async () => {
  const rejecting = getting(() => Promise.reject(new Error('later')))
  assert.equal((await serve(rejecting).port.request('GET /')).status, 500)
  class Root extends Resource {
    override getChild(): Promise<never> {
      return Promise.reject(new Error('lost'))
    }
  }
  assert.equal((await serve(new Root()).port.request('GET /x')).status, 500)
})

test('Site answers a result of a wrong type with 500, its value kept off the page (B66)', async () => {
  const root = getting((() => ({ secret: 1 })) as unknown as RenderMethod)
  const { port, logger } = serve(root)
  const response = await port.request('GET /')
  assert.equal(response.status, 500)
  assert.doesNotMatch(response.text, /secret/)
  assert.match(String(logger.of('error')[0]?.fields['error']), /expected a string or a Uint8Array, got object/)
})

test('Site cuts the connection when a resource fails after its response began', async () => {
  const root = getting(async (request) => {
    request.write('partial')
    await Promise.resolve()
    throw new Error('late')
  })
  const { port, logger } = serve(root)
  const connection = port.connect()
  const response = await connection.request('GET /')
  assert.equal(response.complete, false)
  await connection.ended()
  assert.equal(logger.of('error').length, 1)
})

test('Site answers OPTIONS * without asking the tree, other methods not (B60)', async () => {
  const { port } = serve(
    leaf({
      render_OPTIONS: () => {
        throw new Error('asked')
      },
    }),
  )
  const response = await port.request('OPTIONS *')
  assert.equal(response.status, 200)
  assert.equal(response.headers['content-length'], '0')
  assert.notEqual((await port.request('GET *')).status, 200)
})

test('Site.getResourceFor sets request.site', async () => {
  let seen: unknown
  const root = getting((request: Request) => {
    seen = request.site
    return ''
  })
  await serve(root).port.request('GET /')
  assert.ok(seen instanceof Site)
})

test('Request.notifyFinish is fulfilled at finish and rejected when the client goes (B82)', async () => {
  const told: string[] = []
  const root = getting((request): Rendered => {
    request.notifyFinish().then(
      () => told.push('finished'),
      (error: { code: string }) => told.push(error.code),
    )
    if (request.path === '/now') return 'x'
  })
  const { port } = serve(root)
  await port.request('GET /now')
  const connection = port.connect()
  const waiting = connection.request('GET /never').catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 20))
  connection.reset()
  await waiting
  while (told.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(told, ['finished', 'PLAIT_CLIENT_GONE'])
})

test('Site answers an error that blames the client with its status and a plain page, and logs no failure', async () => {
  const refusing = (): never => {
    throw new PlaitError('PLAIT_PROTOCOL', 'The <form> is broken', { status: 422 })
  }
  for (const render of [refusing, async () => Promise.resolve().then(refusing)]) {
    const { port, logger } = serve(getting(render), { displayTracebacks: true })
    const response = await port.request('GET /')
    assert.deepEqual([response.status, response.reason], [422, 'Unprocessable Entity'])
    assert.match(response.text, /<h1>Unprocessable Entity<\/h1>\n<p>The &lt;form&gt; is broken\.<\/p>\n<\/body>/)
    assert.deepEqual(
      logger.records.map(({ level, message }) => [level, message]),
      [['info', 'Refused with 422: GET / HTTP/1.1: The <form> is broken']],
    )
  }
})

test('Site answers an error with a status of its own with it, logged, without details', async () => {
  const { port, logger } = serve(
    getting(() => {
      throw new PlaitError('PLAIT_PROTOCOL', 'secret', { status: 507 })
    }),
  )
  const response = await port.request('GET /')
  assert.equal(response.status, 507)
  assert.doesNotMatch(response.text, /secret/)
  assert.equal(logger.records[0]?.level, 'error')
})

test('Site answers a promise rejected with UnsupportedMethod like the error itself (B64)', async () => {
  const refusing = (): Promise<string> => Promise.reject(new UnsupportedMethod(['GET']))
  const response = await serve(leaf({ render_POST: refusing })).port.request(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  )
  assert.deepEqual([response.status, response.headers['allow']], [405, 'GET'])
})

test('Request.setResponseCode refuses what is no status or would end the line (B80)', async () => {
  const { port } = serve(
    getting((request) => {
      for (const [code, message] of [[99], [1000], [200.5], [Number.NaN], [200, 'OK\r\nX: y'], [200, 'a\0'], [200, '€']] as [
        number,
        string?,
      ][]) {
        assert.throws(() => request.setResponseCode(code, message), { code: 'PLAIT_RESOURCE' }, `${code} ${message}`)
      }
      request.setResponseCode(299, 'Fast schön')
      return 'x'
    }),
  )
  const { status, reason } = await port.request('GET /')
  assert.deepEqual([status, reason], [299, 'Fast schön'])
})
