import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type Rendered } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { MemoryClient, MemoryReactor, RecordingLogger, requestFor, until } from '#src/testing.ts'

/** Tells what it was asked. */
class Echo extends Resource {
  override isLeaf = true

  override render(request: Request): Rendered | Promise<Rendered> {
    request.setHeader('Content-Type', 'application/json')
    return this.#tell(request)
  }

  async #tell(request: Request): Promise<string> {
    const { method, uri, clientproto } = request
    const address = request.getClientAddress()
    const body = await request.text()
    return JSON.stringify({ method, uri, clientproto, address, secure: request.isSecure(), fields: request.rawHeaders, body })
  }
}

interface Echoed {
  readonly method: string
  readonly uri: string
  readonly clientproto: string
  readonly address: { readonly host: string; readonly port: number }
  readonly secure: boolean
  readonly fields: readonly string[]
  readonly body: string
}

test('requestFor asks for / by default, and gives the response', async () => {
  const response = await requestFor(new Echo())
  assert.deepEqual([response.status, response.reason, response.complete], [200, 'OK', true])
  assert.equal(response.headers['content-type'], 'application/json')
  const { method, uri, clientproto, fields, secure } = response.json<Echoed>()
  assert.deepEqual([method, uri, clientproto, secure], ['GET', '/', 'HTTP/1.1', false])
  assert.deepEqual(fields, ['Host', 'localhost'])
  assert.equal(response.text, response.body.toString())
})

test('requestFor sends method, path, fields and version as they are given', async () => {
  const headers = { host: 'shop.example', 'X-A': ['1', '2'] }
  const told = (await requestFor(new Echo(), { method: 'PUT', path: '/a%20b?c=ü d', headers, httpVersion: '1.0' })).json<Echoed>()
  assert.deepEqual([told.method, told.uri, told.clientproto], ['PUT', '/a%20b?c=%C3%BC%20d', 'HTTP/1.0'])
  assert.deepEqual(told.fields, ['host', 'shop.example', 'X-A', '1', 'X-A', '2'])
})

for (const [name, given, type, body] of [
  ['text', { body: 'grüß' }, undefined, 'grüß'],
  ['bytes', { body: Uint8Array.of(65, 66) }, undefined, 'AB'],
  ['JSON', { json: { a: [1] } }, 'application/json', '{"a":[1]}'],
  ['a form', { form: { a: '1 2', b: 'ü' } }, 'application/x-www-form-urlencoded', 'a=1+2&b=%C3%BC'],
] as const) {
  test(`requestFor sends a body of ${name}, by POST`, async () => {
    const told = (await requestFor(new Echo(), given)).json<Echoed>()
    assert.deepEqual([told.method, told.body], ['POST', body])
    assert.equal(told.fields[told.fields.indexOf('Content-Length') + 1], String(Buffer.byteLength(body)))
    assert.equal(told.fields[told.fields.indexOf('Content-Type') + 1], type ?? 'Host')
  })
}

test('requestFor sends a body with its own framing as it is', async () => {
  const headers = { 'Transfer-Encoding': 'chunked' }
  assert.equal((await requestFor(new Echo(), { headers, body: '2\r\nab\r\n0\r\n\r\n' })).json<Echoed>().body, 'ab')
})

test('requestFor refuses what would be more than one request or body', async () => {
  await assert.rejects(requestFor(new Echo(), { headers: { X: 'a\r\nY: b' } }), TypeError)
  await assert.rejects(requestFor(new Echo(), { method: 'GET /\r\n' }), TypeError)
  await assert.rejects(requestFor(new Echo(), { body: 'a', json: 1 }), TypeError)
})

test('requestFor comes from where it is told, with TLS or without', async () => {
  const address = async (peer: string): Promise<unknown> => (await requestFor(new Echo(), { peer })).json<Echoed>().address
  assert.deepEqual(await address('198.51.100.7:1234'), { type: 'TCP', host: '198.51.100.7', port: 1234 })
  assert.deepEqual(await address('198.51.100.7'), { type: 'TCP', host: '198.51.100.7', port: 49152 })
  assert.deepEqual(await address('[2001:db8::1]:80'), { type: 'TCP', host: '2001:db8::1', port: 80 })
  assert.deepEqual(await address('2001:db8::1'), { type: 'TCP', host: '2001:db8::1', port: 49152 })
  assert.equal((await requestFor(new Echo(), { secure: true })).json<Echoed>().secure, true)
})

test('requestFor gives what was logged meanwhile', async () => {
  class Broken extends Resource {
    override isLeaf = true
    render_GET(): never {
      throw new Error('no stock')
    }
  }
  const logger = new RecordingLogger()
  const response = await requestFor(new Broken(), { site: { logger, displayTracebacks: true } })
  assert.equal(response.status, 500)
  assert.match(response.text, /no stock/)
  assert.match(String(response.logged[0]?.fields['error']), /no stock/)
  assert.equal(logger.records.length, 1)
})

test('requestFor waits for a response that takes time, when its reactor lets time pass', async () => {
  const reactor = new MemoryReactor()
  class Slow extends Resource {
    override isLeaf = true
    render_GET(request: Request): undefined {
      request.reactor.callLater(30, () => {
        request.write('late')
        request.finish()
      })
      return undefined
    }
  }
  const response = requestFor(new Slow(), { reactor })
  await until(() => reactor.getDelayedCalls().some((call) => call.getTime() === 30))
  reactor.advance(30)
  assert.equal((await response).text, 'late')
})

test('requestFor rejects when the connection ends without a response', async () => {
  class Cut extends Resource {
    override isLeaf = true
    render_GET(request: Request): undefined {
      request.breakOff('no answer')
      return undefined
    }
  }
  await assert.rejects(requestFor(new Cut()), /connection ended/)
})

class Counter extends Resource {
  override isLeaf = true
  async render_GET(request: Request): Promise<string> {
    if (request.path === '/forget') request.clearCookie('count')
    const count = Number(request.getCookie('count') ?? 0) + 1
    if (request.path === '/') request.addCookie('count', String(count))
    return String(count)
  }
}

test('MemoryClient keeps cookies, and forgets those that it is told to', async () => {
  const client = new MemoryClient(new Counter())
  assert.deepEqual([(await client.request()).text, (await client.request('/')).text], ['1', '2'])
  assert.equal(client.cookies.get('count'), '2')
  assert.equal((await client.request({ headers: { Cookie: 'count=9' } })).text, '10')
  await client.request('/forget')
  assert.equal(client.cookies.field, '')
  client.cookies.set('count', '5')
  assert.equal((await client.request()).text, '6')
  client.cookies.clear()
  assert.equal((await client.request()).text, '1')
})

test('MemoryClient asks a site that is given', async () => {
  const site = new Site(new Echo(), { defaultHeaders: { 'X-Site': 'yes' } })
  const client = new MemoryClient(site)
  assert.equal(client.site, site)
  assert.equal((await client.request()).headers['x-site'], 'yes')
})

test('MemoryClient lets the response leave before the client does', async () => {
  const over: boolean[] = []
  const client = new MemoryClient(new Echo(), { site: { accessLog: (request) => over.push(request.aborted) } })
  for (let turn = 0; turn < 5; turn++) await client.request({ body: 'x'.repeat(turn * 20_000) })
  assert.deepEqual(over, [false, false, false, false, false])
})

test('until gives up after a while, and says what it waited for', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => (now += 3000))
  await assert.rejects(
    until(() => false, 'the end of the world'),
    /in vain: the end of the world/,
  )
})
