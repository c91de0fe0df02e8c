import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '#src/reactor/reactor.ts'
import type { SiteOptions } from '#src/resource/site.ts'
import type { MemoryJob } from '#src/testing.ts'
import { serveWSGI } from '../../wsgi/serve-wsgi.ts'

const ok = (job: MemoryJob): void => job.answer(200, [], 'ok')
const proxy = { type: 'TCP', host: '10.0.0.1', port: 4711 } as const

interface Sent extends SiteOptions {
  peer?: Address
  target?: string
}

/** What a WSGI application sees of a request with these fields, that came by 10.0.0.1. */
async function seen(fields: readonly string[], options: Sent = {}) {
  const { peer = proxy, target = '/x', ...site } = options
  const { port, pool, logger } = serveWSGI(ok, { trustProxy: 'private', ...site })
  const response = await port.request([`GET ${target} HTTP/1.1`, 'Host: inner:8000', ...fields, '', ''].join('\r\n'), { peer })
  const environ: Readonly<Record<string, string>> = pool.jobs[0]?.environ ?? {}
  const of = (...keys: string[]): (string | undefined)[] => keys.map((key) => environ[key])
  return { response, environ, of, logged: logger.records.map(({ level, message }) => `${level} ${message}`) }
}

const address = async (fields: readonly string[], options?: Sent) => (await seen(fields, options)).environ['REMOTE_ADDR']

test('a Site learns from X-Forwarded-* of a trusted proxy what the client asked for (gap 13)', async () => {
  const { environ, of, logged } = await seen([
    'X-Forwarded-For: 192.0.2.60',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: shop.example',
    'X-Forwarded-Port: 8443',
    'X-Forwarded-Prefix: /app/',
  ])
  assert.deepEqual(of('REMOTE_ADDR', 'REMOTE_PORT', 'wsgi.url_scheme'), ['192.0.2.60', '', 'https'])
  assert.deepEqual(of('HTTP_HOST', 'SERVER_NAME', 'SERVER_PORT'), ['shop.example:8443', 'shop.example', '8443'])
  assert.deepEqual(of('SCRIPT_NAME', 'PATH_INFO'), ['/app', '/x'])
  assert.equal(environ['HTTP_X_FORWARDED_FOR'], '192.0.2.60')
  assert.deepEqual(logged, [])
})

test('a Site learns from Forwarded of a trusted proxy (RFC 7239)', async () => {
  const { of } = await seen(['Forwarded: for="[2001:db8::60]:1234";proto=https;host="shop.example"'])
  assert.deepEqual(of('REMOTE_ADDR', 'REMOTE_PORT', 'wsgi.url_scheme'), ['2001:db8::60', '1234', 'https'])
  assert.deepEqual(of('HTTP_HOST', 'SERVER_NAME', 'SERVER_PORT'), ['shop.example', 'shop.example', '443'])
})

test('a Site walks the list from the right to the first address that is no trusted proxy', async () => {
  assert.equal(await address(['X-Forwarded-For: 6.6.6.6, 192.0.2.60, 10.0.0.7, 10.0.0.8']), '192.0.2.60')
  assert.equal(await address(['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 192.0.2.60, 10.0.0.7']), '192.0.2.60')
  assert.equal(await address(['X-Forwarded-For: 10.0.0.6, 10.0.0.7']), '10.0.0.6')
  assert.equal(await address(['Forwarded: for=6.6.6.6, for=192.0.2.60;proto=https, for=10.0.0.7']), '192.0.2.60')
})

test('a Site with a number of proxies counts hops', async () => {
  const fields = ['X-Forwarded-For: 6.6.6.6, 192.0.2.60, 198.51.100.1']
  assert.equal(await address(fields, { trustProxy: 1 }), '198.51.100.1')
  assert.equal(await address(fields, { trustProxy: 2 }), '192.0.2.60')
  assert.equal(await address(fields, { trustProxy: 9 }), '6.6.6.6')
})

test('what a client puts in front of the list is never looked at', async () => {
  for (const lie of ['garbage', '"', ',,,', 'for="', '\\', '10.0.0.9', '127.0.0.1']) {
    assert.equal(await address([`X-Forwarded-For: ${lie}, 192.0.2.60`]), '192.0.2.60', lie)
    assert.equal(await address([`Forwarded: ${lie}, for=192.0.2.60`]), '192.0.2.60', lie)
  }
})

test('scheme and host come from the same hop as the client; a single value was passed on', async () => {
  const two = [
    'X-Forwarded-For: 192.0.2.60, 10.0.0.7',
    'X-Forwarded-Proto: http, https, http',
    'X-Forwarded-Host: evil, outer, inner',
  ]
  assert.deepEqual((await seen(two)).of('wsgi.url_scheme', 'SERVER_NAME'), ['https', 'outer'])
  const one = ['X-Forwarded-For: 192.0.2.60, 10.0.0.7', 'X-Forwarded-Proto: https']
  assert.deepEqual((await seen(one)).of('wsgi.url_scheme'), ['https'])
  const elements = ['Forwarded: for=6.6.6.6;proto=http;host=evil, for=192.0.2.60;proto=https;host=outer, for=10.0.0.7;proto=http']
  assert.deepEqual((await seen(elements)).of('wsgi.url_scheme', 'SERVER_NAME'), ['https', 'outer'])
})

test('SERVER_PORT is the port that the client used: of the host, of X-Forwarded-Port, of the scheme', async () => {
  const port = async (...fields: string[]) => (await seen(['X-Forwarded-Host: h', ...fields])).of('SERVER_PORT', 'HTTP_HOST')
  assert.deepEqual(await port('X-Forwarded-Proto: https'), ['443', 'h'])
  assert.deepEqual(await port('X-Forwarded-Proto: http'), ['80', 'h'])
  assert.deepEqual(await port('X-Forwarded-Port: 8443', 'X-Forwarded-Proto: https'), ['8443', 'h:8443'])
  // The port of the plain scheme, from a proxy behind the one that speaks TLS.
  assert.deepEqual(await port('X-Forwarded-Port: 80', 'X-Forwarded-Proto: https'), ['443', 'h'])
  assert.deepEqual((await seen(['X-Forwarded-Host: h:9000', 'X-Forwarded-Port: 80'])).of('SERVER_PORT', 'HTTP_HOST'), [
    '9000',
    'h:9000',
  ])
  // Nothing about the host: Host itself.
  assert.deepEqual((await seen(['X-Forwarded-Proto: https'])).of('SERVER_PORT', 'HTTP_HOST'), ['8000', 'inner:8000'])
})

const lies = [
  'Forwarded: for=6.6.6.6;proto=https;host=evil',
  'X-Forwarded-For: 6.6.6.6',
  'x-forwarded-proto: https',
  'X-FORWARDED-HOST: evil',
  'X-Forwarded-Port: 1',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Ssl: on',
  'X-Forwarded-Server: evil',
  'X-Real-IP: 6.6.6.6',
  'X-Client-IP: 6.6.6.6',
  'X-Cluster-Client-IP: 6.6.6.6',
  'True-Client-IP: 6.6.6.6',
  'CF-Connecting-IP: 6.6.6.6',
  'X-Scheme: https',
  'X-Url-Scheme: https',
  'Front-End-Https: on',
  'X-Original-URL: /admin',
  'X-Rewrite-URL: /admin',
  'X-Script-Name: /evil',
]

test('a Site removes every such field of a peer that is no trusted proxy (D4)', async () => {
  const stranger = { type: 'TCP', host: '203.0.113.9', port: 5 } as const
  const { environ, of } = await seen([...lies, 'X-Other: kept'], { peer: stranger })
  assert.deepEqual(of('REMOTE_ADDR', 'wsgi.url_scheme', 'SERVER_NAME', 'SCRIPT_NAME'), ['203.0.113.9', 'http', 'inner', ''])
  const names = Object.keys(environ).filter((key) => key.startsWith('HTTP_'))
  assert.deepEqual(names.toSorted(), ['HTTP_HOST', 'HTTP_X_OTHER'])
  assert.ok(Object.values(environ).every((value) => !/evil|6\.6\.6\.6|admin/.test(value)))
})

test('names with underscores never pass for those of a proxy (D1)', async () => {
  const { environ } = await seen(['X-Forwarded-For: 192.0.2.60', 'X_Forwarded_For: 6.6.6.6', 'X-Forwarded_Proto: https'])
  assert.deepEqual(
    [environ['REMOTE_ADDR'], environ['HTTP_X_FORWARDED_FOR'], environ['wsgi.url_scheme']],
    ['192.0.2.60', '192.0.2.60', 'http'],
  )
})

test('by default a Site believes nobody on TCP, not even on this machine, but whoever connects to its UNIX socket', async () => {
  const fields = ['X-Forwarded-For: 192.0.2.60', 'X-Forwarded-Proto: https']
  const loopback = { type: 'TCP', host: '127.0.0.1', port: 5 } as const
  const unix = { type: 'UNIX', name: '' } as const
  const byDefault = { trustProxy: undefined as never }
  assert.deepEqual((await seen(fields, { peer: loopback, ...byDefault })).of('REMOTE_ADDR', 'wsgi.url_scheme'), [
    '127.0.0.1',
    'http',
  ])
  assert.deepEqual((await seen(fields, { peer: unix, ...byDefault })).of('REMOTE_ADDR', 'wsgi.url_scheme'), [
    '192.0.2.60',
    'https',
  ])
  assert.deepEqual((await seen(fields, { peer: unix, trustProxy: false })).of('REMOTE_ADDR', 'wsgi.url_scheme'), ['', 'http'])
})

test('a removal is logged once for a network, with what to do, and loudly where the peer is a neighbour', async () => {
  const { port, logger } = serveWSGI(ok, { trustProxy: false })
  const from = async (host: string) => {
    await port.request('GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n', { peer: { type: 'TCP', host, port: 5 } })
  }
  for (const host of [
    '10.0.1.3',
    '10.0.1.4',
    '10.0.2.3',
    '203.0.113.9',
    '127.0.0.1',
    '2001:db8::1',
    '2001:db8::2',
    '2001:db8:0:1::1',
  ])
    await from(host)
  const line = (level: string, host: string, word = host) =>
    `${level} Removed x-forwarded-for from a request of ${host}, which is no trusted proxy. If it is a proxy of yours, say so: --trust-proxy ${word} (trustProxy of Site)`
  const logged = logger.records.map(({ level, message }) => `${level} ${message}`)
  assert.deepEqual(logged, [
    line('warn', '10.0.1.3'),
    line('warn', '10.0.2.3'),
    line('info', '203.0.113.9'),
    line('warn', '127.0.0.1', 'loopback'),
    line('info', '2001:db8::1'),
    line('info', '2001:db8:0:1::1'),
  ])
  for (let network = 0; network < 200; network++) await from(`203.0.${network}.1`)
  assert.ok(logger.records.length <= 100, 'the lines are bounded')
})

test('a field that cannot be read is ignored as a whole, removed and logged once', async () => {
  const { port, pool, logger } = serveWSGI(ok, { trustProxy: 'private' })
  const request =
    'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.60\r\nX-Forwarded-Host: a b\r\nX-Forwarded-Prefix: //evil.example\r\n\r\n'
  for (let count = 0; count < 3; count++) await port.request(request, { peer: proxy })
  const { environ } = pool.jobs[2] as MemoryJob
  assert.deepEqual([environ['REMOTE_ADDR'], environ['SERVER_NAME'], environ['SCRIPT_NAME']], ['192.0.2.60', 'x', ''])
  assert.deepEqual(
    Object.keys(environ).filter((key) => key.startsWith('HTTP_X')),
    ['HTTP_X_FORWARDED_FOR'],
  )
  assert.deepEqual(
    logger.records.map(({ message }) => message),
    ['x-forwarded-host', 'x-forwarded-prefix'].map(
      (name) => `Ignored the field ${name} that came by the trusted proxy 10.0.0.1: it cannot be read`,
    ),
  )
  for (const field of [
    'X-Forwarded-For: 192.0.2.60, nonsense',
    'X-Forwarded-For: unknown',
    'Forwarded: for=nonsense',
    'Forwarded: ;;',
    'Forwarded: for=_hidden;proto=https',
  ]) {
    const { of, response } = await seen([field])
    assert.deepEqual([response.status, ...of('REMOTE_ADDR')], [200, '10.0.0.1'], field)
  }
})

test('Forwarded and X-Forwarded-* that agree are one picture; a contradiction is refused', async () => {
  const both = ['Forwarded: for=192.0.2.60', 'X-Forwarded-For: 192.0.2.60', 'X-Forwarded-Proto: https']
  assert.deepEqual((await seen(both)).of('REMOTE_ADDR', 'wsgi.url_scheme'), ['192.0.2.60', 'https'])
  const contradictory = [
    ['Forwarded: for=127.0.0.1', 'X-Forwarded-For: 192.0.2.60'],
    ['Forwarded: for=192.0.2.60;proto=https', 'X-Forwarded-For: 192.0.2.60', 'X-Forwarded-Proto: http'],
    ['Forwarded: for=192.0.2.60;host=evil', 'X-Forwarded-For: 192.0.2.60', 'X-Forwarded-Host: shop.example'],
  ]
  for (const fields of contradictory) {
    const { response, environ, logged } = await seen(fields)
    assert.equal(response.status, 400)
    assert.match(response.text, /contradict each other/)
    assert.deepEqual(environ, {}, 'the application is not called')
    assert.match(logged.join(), /Refused with 400: GET \/x/)
  }
})

test('forwardedFields: of a trusted proxy only these are believed, the others are removed', async () => {
  const options = { forwardedFields: ['X-Forwarded-For', 'X-Forwarded-Proto'] }
  const { environ, of, response } = await seen(
    [
      'X-Forwarded-For: 192.0.2.60',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Prefix: /evil',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
    ],
    options,
  )
  assert.equal(response.status, 200)
  assert.deepEqual(of('REMOTE_ADDR', 'wsgi.url_scheme', 'SERVER_NAME', 'SCRIPT_NAME'), ['192.0.2.60', 'https', 'inner', ''])
  assert.deepEqual(
    Object.keys(environ)
      .filter((key) => key.startsWith('HTTP_'))
      .toSorted(),
    ['HTTP_HOST', 'HTTP_X_FORWARDED_FOR', 'HTTP_X_FORWARDED_PROTO'],
  )
  assert.throws(() => serveWSGI(ok, { forwardedFields: ['Cookie'] }), { code: 'PLAIT_CONFIGURATION' })
})

test('Request.getClientAddress, clientHost, getHost and isSecure say what was learnt, and so does the access log', async () => {
  const lines: unknown[] = []
  const accessLog: NonNullable<SiteOptions['accessLog']> = (request) =>
    void lines.push([
      request.clientHost,
      request.getClientAddress(),
      request.getHost(),
      request.isSecure(),
      request.host,
      request.channel.peerHost,
    ])
  await seen(['X-Forwarded-For: 192.0.2.60:99', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: [2001:db8::5]'], { accessLog })
  const client = { type: 'TCP', host: '192.0.2.60', port: 99 }
  assert.deepEqual(lines, [
    ['192.0.2.60', client, { type: 'TCP', host: '2001:db8::5', port: 443 }, true, '[2001:db8::5]', '10.0.0.1'],
  ])
})

test('X-Forwarded-For with thousands of items is read in linear time', async () => {
  const many = Array.from({ length: 6000 }, () => '10.0.0.7').join(', ')
  assert.equal(
    await address([`X-Forwarded-For: 192.0.2.60, ${many.slice(0, 60_000)}0`], { maxHeadSize: 128 * 1024 }),
    '192.0.2.60',
  )
})

test('a request of HTTP/1.0 without Host gets its host from the proxy', async () => {
  const { port, pool } = serveWSGI(ok, { trustProxy: 'private' })
  await port.request('GET / HTTP/1.0\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Proto: https\r\n\r\n', { peer: proxy })
  await port.request('GET / HTTP/1.0\r\nX-Forwarded-Proto: https\r\n\r\n', { peer: proxy })
  const rows = pool.jobs.map(({ environ }) => [
    environ['HTTP_HOST'],
    environ['SERVER_NAME'],
    environ['SERVER_PORT'],
    environ['wsgi.url_scheme'],
  ])
  assert.deepEqual(rows, [
    ['shop.example', 'shop.example', '443', 'https'],
    [undefined, '127.0.0.1', '443', 'https'],
  ])
})
