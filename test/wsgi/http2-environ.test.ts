import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryJob } from '#src/testing.ts'
import { HTTP2Client, type Fields } from '../support/http2-client.ts'
import { serveWSGI } from './serve-wsgi.ts'

function ok(job: MemoryJob): void {
  job.answer(200, ['Content-Type', 'text/plain'], 'ok')
}

/** Name of the case, method, target, fields, body. */
const requests: readonly (readonly [name: string, method: string, target: string, fields: Fields, body: string])[] = [
  ['a plain GET', 'GET', '/', {}, ''],
  ['escapes and a query', 'GET', '/a%2Fb/%e9//c?x=%zz&y', {}, ''],
  ['a host with a port', 'GET', '/', { host: 'shop.example:8443' }, ''],
  ['a body', 'POST', '/form', { 'content-type': 'text/plain', 'content-length': 5 }, 'hello'],
  ['an empty body', 'PUT', '/empty', { 'content-length': 0 }, ''],
  ['repeated fields', 'GET', '/', { 'x-twice': ['a', 'b'], accept: ['text/html', 'text/plain;q=0.5'] }, ''],
  ['cookies', 'GET', '/', { cookie: 'a=1; b=2' }, ''],
  ['fields that are dropped', 'GET', '/', { proxy: 'x', a_b: 'y', 'a-b': 'z', 'x-forwarded-for': '6.6.6.6' }, ''],
  ['fields with bytes', 'DELETE', '/', { 'x-name': 'caf\xe9', authorization: 'Basic eDp5', 'script-name': '/evil' }, ''],
  ['OPTIONS', 'OPTIONS', '/x', { te: 'trailers', range: 'bytes=0-1' }, ''],
]

for (const [name, method, target, fields, body] of requests) {
  test(`buildEnviron makes the same of ${name} over HTTP/2 as over HTTP/1.1, but for SERVER_PROTOCOL (A10)`, async () => {
    const { port, pool } = serveWSGI(ok)
    const peer = { type: 'TCP', host: '192.0.2.9', port: 50_000 } as const
    const host = String(fields['host'] ?? 'shop.example')
    const lines = Object.entries({ host, ...fields }).flatMap(([field, values]) =>
      [values].flat().map((value) => `${field}: ${value}`),
    )
    await port.request(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`, { peer })
    const client = new HTTP2Client('http://unused.example', { createConnection: () => port.open({ peer }) })
    const { host: _, ...others } = fields
    const { text } = await client.ask({ ':method': method, ':path': target, ':authority': host, ...others }, body)
    client.close()
    assert.equal(text, 'ok')
    const [first, second] = pool.jobs.map(({ environ }) => environ)
    assert.deepEqual(second, { ...first, SERVER_PROTOCOL: 'HTTP/2.0' })
    assert.equal(first?.['SERVER_PROTOCOL'], 'HTTP/1.1')
  })
}

test('buildEnviron gives a body of unknown length its length when it is received, and none while it streams', async () => {
  for (const requestBody of ['buffer', 'stream'] as const) {
    const { port, pool } = serveWSGI(ok, { requestBody })
    const client = new HTTP2Client('http://shop.example', { createConnection: () => port.open() })
    await client.ask({ ':method': 'POST' }, 'hello')
    client.close()
    const { CONTENT_LENGTH, HTTP_TRANSFER_ENCODING } = pool.jobs[0]?.environ ?? {}
    assert.deepEqual([CONTENT_LENGTH, HTTP_TRANSFER_ENCODING], [requestBody === 'buffer' ? '5' : '', undefined])
  }
})
