import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStreamHead } from '#src/http/http2/stream-head.ts'
import { GET, Type } from '../../support/http2-frames.ts'
import { until } from '../../support/until.ts'
import { echo, serveHTTP2, type Echoed } from './serve-http2.ts'

const options = { secure: false, trusted: false, limits: { maxHeadSize: 10_000 } }
const head = [':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/']

test('readStreamHead makes a head of HTTP/1: Host from :authority, cookies as one field', () => {
  const { method, target, fields, refusal } = readStreamHead(
    [...head, 'cookie', 'a=1', 'x-y', 'z', 'cookie', 'b=2; c=3'],
    options,
  )
  assert.deepEqual([method, target, refusal], ['GET', '/', undefined])
  assert.deepEqual(fields, ['host', 'a', 'x-y', 'z', 'cookie', 'a=1; b=2; c=3'])
})

test('readStreamHead takes a Host field alone, and one that names the same host as :authority', () => {
  const alone = readStreamHead([':method', 'GET', ':scheme', 'http', ':path', '/', 'host', 'b:8080'], options)
  assert.deepEqual([alone.refusal, alone.fields], [undefined, ['host', 'b:8080']])
  const same = readStreamHead([...head, 'host', 'A:80'], options)
  assert.deepEqual([same.refusal, same.fields], [undefined, ['host', 'a']])
})

type Head = readonly (readonly [name: string, value: string])[]

/** A GET with other pseudo-header fields. */
function but(changed: Readonly<Record<string, string>>, ...more: Head): Head {
  return [...GET.map(([name, value]): [string, string] => [name, changed[name] ?? value]), ...more]
}

const refused: readonly (readonly [name: string, head: Head, status: number])[] = [
  ['a Host that names another host than :authority (E12)', [...GET, ['host', 'evil.example']], 400],
  ['a Host with another port than :authority', [...GET, ['host', 'shop.example:81']], 400],
  ['an :authority without a host', but({ ':authority': ':80' }), 400],
  ['an :authority with a port that is none', but({ ':authority': 'a:b' }), 400],
  ['a scheme that the connection has not', but({ ':scheme': 'https' }), 421],
  ['a scheme that is none of ours', but({ ':scheme': 'ftp' }), 400],
  ['a path without a slash and a scheme of its own', but({ ':scheme': 'ftp', ':path': 'p' }), 400],
  ['CONNECT', [GET[3] as [string, string], [':method', 'CONNECT']], 405],
  ['a path with a fragment', but({ ':path': '/a#b' }), 400],
  ['a path with a NUL', but({ ':path': '/a%00' }), 400],
  ['a path with a raw byte', but({ ':path': '/\xe9' }), 400],
  ['a long path', but({ ':path': `/${'a'.repeat(2000)}` }), 414],
  ['many fields', [...GET, ...Array.from({ length: 60 }, (_, index): [string, string] => [`x-${index}`, 'y'])], 431],
  ['large fields', [...GET, ['x-a', 'a'.repeat(3000)], ['x-b', 'b'.repeat(3000)]], 431],
  ['two Content-Type', [...GET, ['content-type', 'a/b'], ['content-type', 'c/d']], 400],
  ['two Authorization', [...GET, ['authorization', 'a'], ['authorization', 'a']], 400],
  ['Expect: foo', [...GET, ['expect', 'foo']], 417],
]

for (const [name, fields, status] of refused) {
  test(`HTTP/2 refuses ${name} with ${status}, and the connection goes on`, async (t) => {
    const served = await serveHTTP2(t, echo, { maxTarget: 1000, maxFields: 50, maxHeadSize: 5000 })
    const client = await served.frames()
    client.head(1, fields)
    assert.match((await client.receives(Type.DATA, 1)).payload.toString(), new RegExp(`^${status} `))
    client.head(3)
    assert.match((await client.receives(Type.DATA, 3)).payload.toString(), /"uri":"\/"/)
    assert.deepEqual(
      served.log.map(({ code }) => code),
      [status, 200],
    )
    assert.equal(served.logger.of('info').filter(({ message }) => message.startsWith(`Refused with ${status}: `)).length, 1)
  })
}

test('HTTP/2 says which methods there are where it refuses CONNECT', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.client()
  const { status, headers } = await client.ask({ ':method': 'CONNECT', ':authority': 'a:1' })
  assert.equal(status, 405)
  assert.match(String(headers.allow), /GET/)
})

test('HTTP/2 takes no :authority with a user: nghttp2 resets its stream, or it is refused', async (t) => {
  const served = await serveHTTP2(t, (request) => request.sendWhole(200, 'OK', [], Buffer.from('taken')))
  const client = await served.frames()
  client.head(1, but({ ':authority': 'me@shop.example' }))
  await until('the end', () => client.of(Type.RST_STREAM, 1).length > 0 || client.of(Type.DATA, 1).length > 0)
  assert.doesNotMatch(String(client.of(Type.DATA, 1)[0]?.payload ?? ''), /taken/)
})

test('HTTP/2 lets a trusted proxy use the scheme that it was asked by', async (t) => {
  const served = await serveHTTP2(t, echo, { trustProxy: 'loopback' })
  const client = await served.client()
  const { status, text } = await client.ask({ ':scheme': 'https' })
  assert.deepEqual([status, (JSON.parse(text) as Echoed).secure], [200, false])
  assert.equal((await client.ask({ ':scheme': 'https', 'x-forwarded-proto': 'https' })).text.includes('"secure":true'), true)
})

/** Name of the case, the fields of the head; nghttp2 refuses them before anybody sees them. */
const malformed: readonly (readonly [name: string, head: Head])[] = [
  ['a name with capitals (E12)', [...GET, ['X-Y', 'z']]],
  ['Connection', [...GET, ['connection', 'close']]],
  ['Transfer-Encoding', [...GET, ['transfer-encoding', 'chunked']]],
  ['Upgrade', [...GET, ['upgrade', 'websocket']]],
  ['Keep-Alive', [...GET, ['keep-alive', 'x']]],
  ['Proxy-Connection', [...GET, ['proxy-connection', 'close']]],
  ['te that is not trailers', [...GET, ['te', 'gzip']]],
  ['two :method', [...GET, [':method', 'POST']]],
  ['two :path', [...GET, [':path', '/b']]],
  ['two :authority', [...GET, [':authority', 'b']]],
  ['a pseudo-header field behind others', [...GET.slice(1), ['a', 'b'], [':method', 'GET']]],
  ['an unknown pseudo-header field', [...GET, [':x', 'y']]],
  [':protocol, the extended CONNECT', [[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)]],
  ['no :method', GET.slice(1)],
  ['no :path', GET.filter(([name]) => name !== ':path')],
  ['no :scheme', GET.filter(([name]) => name !== ':scheme')],
  ['an :authority that is no host', but({ ':authority': 'a/b' })],
  ['a path that is an URL', but({ ':path': 'http://other/q' })],
  ['a path without a slash (E12)', but({ ':path': 'p' })],
  ['* for GET', but({ ':path': '*' })],
  ['an empty :authority', but({ ':authority': '' })],
  ['an empty :path', [...GET.filter(([name]) => name !== ':path'), [':path', '']]],
  ['neither :authority nor Host', GET.filter(([name]) => name !== ':authority')],
  ['CR LF in the path', [...GET.filter(([name]) => name !== ':path'), [':path', '/a\r\nb']]],
  ['two Content-Length', [...GET, ['content-length', '0'], ['content-length', '0']]],
  ['Content-Length that is no number', [...GET, ['content-length', '+2']]],
  ['a body that is announced and does not come', [...GET, ['content-length', '5']]],
  ['two Host fields', [...GET, ['host', 'shop.example'], ['host', 'shop.example']]],
]

for (const [name, fields] of malformed) {
  test(`HTTP/2 resets a stream with ${name}, and the connection goes on`, async (t) => {
    const requests: string[] = []
    const served = await serveHTTP2(t, (request) => {
      requests.push(request.uri)
      request.sendWhole(200, 'OK', [], Buffer.from('x'))
    })
    const client = await served.frames()
    client.head(1, fields)
    assert.equal(await client.resetOf(1), 1, 'PROTOCOL_ERROR')
    client.head(3)
    await client.receives(Type.HEADERS, 3)
    assert.deepEqual(requests, ['/'])
  })
}

test('HTTP/2 never shows a field with characters that no field may have: nghttp2 leaves it out', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.frames()
  client.head(1, [...GET, ['a', 'b\r\nc: d'], ['e', 'f\0'], ['g:h', 'i'], ['j k', 'l'], ['m', 'n\x01'], ['o', ' p']])
  const { fields } = JSON.parse((await client.receives(Type.DATA, 1)).payload.toString()) as Echoed
  assert.deepEqual(fields, ['host', 'shop.example'])
})

test('HTTP/2 drops Proxy and names with underscores, and passes the rest as it came', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.client()
  const { text } = await client.ask({
    ':method': 'M-SEARCH',
    proxy: 'http://evil',
    x_same: '6.6.6.6',
    'x-same': '1.1.1.1',
    __proto__: 'a',
    constructor: 'b',
    te: 'trailers',
    'x-latin': 'caf\xe9',
    cookie: ['a=1', 'b=2'],
  })
  const { method, fields } = JSON.parse(text) as Echoed
  assert.equal(method, 'M-SEARCH')
  const names = fields.filter((_, index) => index % 2 === 0)
  assert.deepEqual(names.toSorted(), ['constructor', 'cookie', 'host', 'te', 'x-latin', 'x-same'])
  assert.equal(fields[fields.indexOf('x-same') + 1], '1.1.1.1')
  assert.equal(fields[fields.indexOf('cookie') + 1], 'a=1; b=2')
})

test('HTTP/2 answers OPTIONS * and gives a query undecoded', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.client()
  assert.equal((JSON.parse((await client.ask({ ':method': 'OPTIONS', ':path': '*' })).text) as Echoed).uri, '*')
  assert.equal((JSON.parse((await client.ask({ ':path': '//x/%2e%2e/?a=%zz' })).text) as Echoed).uri, '//x/%2e%2e/?a=%zz')
})
