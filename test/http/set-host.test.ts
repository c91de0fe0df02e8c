import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveLeaf } from './leaf.ts'
import { Resource } from '#src/resource/resource.ts'
import type { Request } from '#src/http/request.ts'
import { Site } from '#src/resource/site.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'

/** What a request says of its host. */
const facts = (request: Request): unknown => [request.getHost(), request.isSecure(), request.getHeader('host'), request.host]

test('Request.setHost changes host, port and scheme, and the Host field (B89)', async () => {
  const cases: [host: string, port: number, secure: boolean | undefined, field: string, bare: string][] = [
    ['shop.example', 80, undefined, 'shop.example', 'shop.example'],
    ['shop.example', 443, true, 'shop.example', 'shop.example'],
    ['shop.example', 80, true, 'shop.example:80', 'shop.example'],
    ['shop.example', 443, false, 'shop.example:443', 'shop.example'],
    ['::1', 8080, false, '[::1]:8080', '::1'],
    ['[::1]', 80, false, '[::1]', '::1'],
  ]
  for (const [host, port, secure, field, bare] of cases) {
    const { port: memory } = serveLeaf((request) => {
      request.setHost(host, port, secure)
      return JSON.stringify(facts(request))
    })
    const { text } = await memory.request('GET / HTTP/1.1\r\nA: b\r\nhost: inside:81\r\n\r\n')
    assert.deepEqual(JSON.parse(text), [{ type: 'TCP', host: bare, port }, secure ?? false, field, field])
  }
})

test('Request.setHost leaves the other fields, and adds a Host field where there was none', async () => {
  const { port } = serveLeaf((request) => {
    request.setHost('a', 80)
    return JSON.stringify(request.rawHeaders)
  })
  assert.deepEqual(JSON.parse((await port.request('GET / HTTP/1.0\r\nA: host\r\n\r\n')).text), ['A', 'host', 'Host', 'a'])
})

test('Request.setHost refuses what is no host and no port', async () => {
  const { port } = serveLeaf((request) => {
    const before = facts(request)
    for (const host of ['', '[]', 'a b', 'a/b', 'a@b', 'a\r\nX: y', 'a?b', '[::1']) {
      assert.throws(() => request.setHost(host, 80), { code: 'PLAIT_RESOURCE', message: /host/ }, host)
    }
    for (const number of [0, -1, 1.5, 65_536, Number.NaN])
      assert.throws(() => request.setHost('a', number), { code: 'PLAIT_RESOURCE', message: /port/ })
    assert.deepEqual(facts(request), before)
    return 'unchanged'
  })
  assert.equal((await port.request('GET /')).text, 'unchanged')
})

test('WSGIResource tells applications what Request.setHost said', async () => {
  const pool = new MemoryThreadPool((job) => job.answer(200, [], 'ok'))
  const reactor = new MemoryReactor()
  const application = new WSGIResource(reactor, pool, 'test.application')
  class Outside extends Resource {
    override getChild(_name: string, request: Request): WSGIResource {
      request.setHost('shop.example', 8443, true)
      return application
    }
  }
  await reactor.listenTCP(80, new Site(new Outside())).request('GET /x')
  const environ = pool.jobs[0]?.environ
  assert.deepEqual(
    ['SERVER_NAME', 'SERVER_PORT', 'wsgi.url_scheme', 'HTTP_HOST'].map((name) => environ?.[name]),
    ['shop.example', '8443', 'https', 'shop.example:8443'],
  )
})
