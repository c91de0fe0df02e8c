import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type Rendered, type RenderMethod } from '#src/resource/resource.ts'
import { UnsupportedMethod } from '#src/resource/unsupported-method.ts'
import { DummyRequest } from '#src/testing.ts'

function leaf(render_GET: RenderMethod): Resource {
  return Object.assign(new Resource(), { isLeaf: true, render_GET, render_POST: render_GET })
}

test('DummyRequest is a GET with the segments that lie ahead (I153)', () => {
  const request = new DummyRequest(['a b', 'é'])
  assert.deepEqual([request.method, request.prepath, request.postpath], ['GET', [], ['a b', '\xc3\xa9']])
  assert.deepEqual([request.uri, request.path], ['/a%20b/%C3%A9', '/a%20b/%C3%A9'])
  assert.deepEqual(request.getClientAddress(), { type: 'TCP', host: '192.168.1.1', port: 12344 })
  assert.deepEqual([request.getHost(), request.isSecure()], [{ type: 'TCP', host: '10.0.0.1', port: 80 }, false])
})

test('DummyRequest takes method, URI, fields, body and connection (I153, I154)', async () => {
  const request = new DummyRequest([], {
    method: 'POST',
    uri: '/x?a=1',
    headers: { Host: 'shop.example', 'Content-Type': 'application/json' },
    body: '{"a":1}',
    secure: true,
    peer: { type: 'UNIX', name: '' },
    httpVersion: '1.0',
  })
  assert.deepEqual([request.method, request.clientproto, request.isSecure()], ['POST', 'HTTP/1.0', true])
  assert.deepEqual([request.getRequestHostname(), request.clientHost], ['shop.example', ''])
  assert.deepEqual(await request.json(), { a: 1 })
})

test('DummyRequest refuses what the server would refuse', () => {
  assert.throws(() => new DummyRequest([], { uri: 'nothing' }), { code: 'PLAIT_PROTOCOL', status: 400 })
  assert.throws(() => new DummyRequest([], { headers: { Host: 'a b' } }), { code: 'PLAIT_PROTOCOL' })
})

test('DummyRequest keeps status, fields and what was written (I153)', async () => {
  const request = new DummyRequest(['world'])
  await request.render(
    leaf((request) => {
      request.setResponseCode(201)
      request.setHeader('X-A', '1')
      request.addHeader('X-A', '2')
      request.write('Hello ')
      return request.postpath.join('/')
    }),
  )
  assert.deepEqual([request.responseCode, request.code, request.finished], [201, 201, true])
  assert.equal(request.responseHeaders['x-a'], '1, 2')
  assert.deepEqual(request.written.map(String), ['Hello ', 'world'])
  assert.equal(request.responseText, 'Hello world')
  await request.notifyFinish()
})

test('DummyRequest shows fields that were set and not sent yet', () => {
  const request = new DummyRequest()
  request.setHeader('X-A', '1')
  assert.deepEqual(request.responseHeaders, { 'x-a': '1' })
})

test('DummyRequest refuses changes of the head after a write, and writes after the end (I153)', async () => {
  const request = new DummyRequest()
  request.write('x')
  assert.throws(() => request.setResponseCode(404), { code: 'PLAIT_RESOURCE' })
  request.finish()
  assert.throws(() => request.write('y'), { code: 'PLAIT_RESOURCE' })
})

test('DummyRequest.render awaits promises and pieces, and leaves open what its resource took over', async () => {
  async function* pieces(): AsyncGenerator<string> {
    yield 'a'
    yield 'b'
  }
  const rendered = async (render: () => Rendered | Promise<Rendered>): Promise<DummyRequest> => {
    const request = new DummyRequest()
    await request.render(leaf(render))
    return request
  }
  assert.equal((await rendered(async () => 'later')).responseText, 'later')
  assert.equal((await rendered(() => pieces())).responseText, 'ab')
  assert.equal((await rendered(async () => undefined)).finished, true)
  assert.equal((await rendered(() => undefined)).finished, false)
})

test('DummyRequest.render throws what the resource throws', async () => {
  await assert.rejects(new DummyRequest().render(leaf(() => assert.fail('broken'))), /broken/)
  await assert.rejects(new DummyRequest([], { method: 'PUT' }).render(leaf(() => '')), UnsupportedMethod)
})

test('DummyRequest tells its resource when the client leaves (I153)', async () => {
  const request = new DummyRequest()
  let left = false
  request.onDisconnect = () => (left = true)
  const finished = request.notifyFinish()
  request.disconnect()
  await assert.rejects(finished, { code: 'PLAIT_CLIENT_GONE' })
  assert.deepEqual([left, request.disconnected, request.write('x')], [true, true, false])
})

test('DummyRequest cut by its resource is over', async () => {
  const request = new DummyRequest()
  request.write('x')
  request.breakOff('no more')
  await assert.rejects(request.notifyFinish(), { code: 'PLAIT_CLIENT_GONE' })
  assert.equal(request.aborted, true)
})

test('DummyRequest keeps no body of HEAD, 204 and 304', async () => {
  const head = new DummyRequest([], { method: 'HEAD' })
  await head.render(leaf(() => 'body'))
  const empty = new DummyRequest()
  await empty.render(
    leaf((request) => {
      request.setResponseCode(204)
      return ''
    }),
  )
  assert.deepEqual([head.responseText, empty.responseText], ['', ''])
})

test('DummyRequest.addArg adds to the fields of the query (I153)', () => {
  const request = new DummyRequest([], { uri: '/?a=1' })
  request.addArg('a', '2')
  request.addArg('b', '3')
  assert.deepEqual(
    [...request.args],
    [
      ['a', ['1', '2']],
      ['b', ['3']],
    ],
  )
})

test('DummyRequest has a session (I153)', async () => {
  const request = new DummyRequest()
  const session = await request.getSession()
  assert.equal(await request.getSession(), session)
  assert.ok(request.responseHeaders['set-cookie'])
})

test('DummyRequest.writeFrom reads a source to its end (I153)', async () => {
  const request = new DummyRequest()
  async function* source(): AsyncGenerator<Buffer> {
    for (let index = 0; index < 10; index++) yield Buffer.alloc(100_000)
  }
  await request.writeFrom(source())
  request.finish()
  assert.equal(request.responseText.length, 1_000_000)
})

test('DummyRequest cannot be taken over', () => {
  const request: Request = new DummyRequest()
  assert.throws(() => request.takeOver())
})
