/** What an application answers wrongly never becomes another response. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServedPython } from './serve-python.ts'

const served = new ServedPython()

const refused = [
  ...['/value', '/lf', '/nul', '/name', '/space', '/status'].map((path) => ['D8', path] as const),
  ...['/connection', '/transfer-encoding', '/keep-alive', '/upgrade'].map((path) => ['D9', path] as const),
]

for (const [row, path] of refused) {
  test(`${row}: ${path.slice(1)} is answered with 500, logged, and nothing of it is sent`, async () => {
    const before = served.logger.of('error').length
    const { text } = await served.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 500 /)
    assert.doesNotMatch(text, /x-evil|keep-alive|chunked|upgrade/i)
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
    const { status, headers } = await (await served.http2()).ask({ ':path': path })
    assert.deepEqual([status, headers['x-evil'], headers['x-a']], [500, undefined, undefined])
    assert.equal(served.logger.of('error').length, before + 2)
  })
}

test('D10: what is longer than Content-Length is cut there, and the connection lives on', async () => {
  const get = 'GET /long HTTP/1.1\r\nHost: a\r\n\r\n'
  const { text } = await served.exchange(get + get, { enough: (all) => (all.match(/four/g)?.length ?? 0) === 2 })
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nfourHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nfour$/)
  assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 2)
  assert.equal((await (await served.http2()).ask({ ':path': '/long' })).text, 'four')
})

test('D10: what is shorter than Content-Length ends the connection, so that no other response completes it', async () => {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const { text, closed } = await served.exchange(get('/short') + get('/'))
  assert.match(text, /\r\n\r\nfour$/)
  assert.equal(closed, true)
  const { text: begun, resetWith } = await (await served.http2()).ask({ ':path': '/short' })
  assert.equal(begun, 'four')
  assert.notEqual(resetWith, 0)
})

for (const [method, path] of [
  ['HEAD', '/long'],
  ['GET', '/none'],
  ['GET', '/unchanged'],
] as const) {
  test(`D10: no body follows the head of ${method} ${path}`, async () => {
    const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    const { text } = await served.exchange(`${head}GET /?behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 [23]0[04] [^\r]*\r\n(?:[^\r\n]+\r\n)+\r\nHTTP\/1\.1 200 OK\r\n[^]*"behind"/)
    assert.equal((await (await served.http2()).ask({ ':method': method, ':path': path })).text, '')
  })
}

test('D11: a failure behind the head breaks the response off: no last chunk, a reset stream', async () => {
  const { text, closed } = await served.exchange('GET /fails HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(text, /\r\n5\r\nbegun\r\n$/)
  assert.equal(closed, true)
  const { text: begun, resetWith } = await (await served.http2()).ask({ ':path': '/fails' })
  assert.equal(begun, 'begun')
  assert.notEqual(resetWith, 0)
})
