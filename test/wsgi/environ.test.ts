import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import type { MemoryJob } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { serveWSGI } from './serve-wsgi.ts'

const ok = (job: MemoryJob): void => job.answer(200, [], 'ok')

/** The environ of a request with these lines after the request line. */
async function environOf(requestLine: string, ...lines: string[]): Promise<Readonly<Record<string, string>>> {
  const { port, pool } = serveWSGI(ok)
  const response = await port.request([`${requestLine} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
  assert.equal(response.status, 200, response.text)
  return pool.jobs[0]?.environ ?? {}
}

test('buildEnviron gives every CGI variable and nothing of the server process (A9)', async () => {
  const environ = await environOf('GET /p?q=1', 'Host: example.org:99')
  assert.deepEqual(environ, {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '',
    PATH_INFO: '/p',
    QUERY_STRING: 'q=1',
    REQUEST_URI: '/p?q=1',
    RAW_URI: '/p?q=1',
    CONTENT_TYPE: '',
    CONTENT_LENGTH: '',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_NAME: 'example.org',
    SERVER_PORT: '8080',
    SERVER_SOFTWARE: environ['SERVER_SOFTWARE'],
    REMOTE_ADDR: '192.0.2.1',
    REMOTE_PORT: environ['REMOTE_PORT'],
    HTTP_HOST: 'example.org:99',
    'wsgi.url_scheme': 'http',
  })
  assert.match(environ['SERVER_SOFTWARE'] ?? '', /^Plait\/\d/)
  assert.match(environ['REMOTE_PORT'] ?? '', /^\d+$/)
})

test('buildEnviron keeps the method as sent, and the protocol (A10)', async () => {
  const { port, pool } = serveWSGI(ok)
  await port.request('PROPFIND / HTTP/1.0\r\n\r\n')
  assert.equal(pool.jobs[0]?.environ['REQUEST_METHOD'], 'PROPFIND')
  assert.equal(pool.jobs[0].environ['SERVER_PROTOCOL'], 'HTTP/1.0')
})

/** Twisted's table, without its two defects. */
const paths: readonly (readonly [mount: readonly string[], target: string, scriptName: string, pathInfo: string])[] = [
  [[], '/', '', '/'],
  [[], '/a%20b/%2Fc//d/%ff', '', '/a b//c//d/\u00ff'],
  [[], '//x//', '', '//x//'],
  [['wsgi'], '/wsgi', '/wsgi', ''],
  [['wsgi'], '/wsgi/', '/wsgi', '/'],
  [['wsgi'], '/wsgi/a%2Fb/c', '/wsgi', '/a/b/c'],
  [['deep', ''], '/deep/', '/deep/', ''],
  [['deep', 'a b'], '/deep/a%20b/x', '/deep/a b', '/x'],
  [[], 'http://abs/p', '', '/p'],
  // Not in the table: SCRIPT_NAME may never be '/'.
  [[''], '/', '', '/'],
  [[''], '//x', '', '//x'],
]

for (const [mount, target, scriptName, pathInfo] of paths) {
  test(`buildEnviron splits ${target} for a WSGIResource at /${mount.join('/')} (A11)`, async () => {
    const pool = new MemoryThreadPool(ok)
    const reactor = new MemoryReactor()
    let root: Resource | WSGIResource = new WSGIResource(reactor, pool, 'test.application')
    for (const name of mount.toReversed()) {
      const above = new Resource()
      above.putChild(name, root)
      root = above
    }
    await reactor.listenTCP(80, new Site(root)).request(`GET ${target}`)
    const environ = pool.jobs[0]?.environ
    assert.equal(environ?.['SCRIPT_NAME'], scriptName)
    assert.equal(environ['PATH_INFO'], pathInfo)
  })
}

test('buildEnviron treats no dots and leaves invalid escapes (A12)', async () => {
  assert.equal((await environOf('GET /a/../b/./%2e%2e/%zz', 'Host: x'))['PATH_INFO'], '/a/../b/./../%zz')
})

test('buildEnviron gives the query undecoded, from the first question mark (A13)', async () => {
  assert.equal((await environOf('GET /x?a=%20?b', 'Host: x'))['QUERY_STRING'], 'a=%20?b')
  assert.equal((await environOf('GET /x?', 'Host: x'))['QUERY_STRING'], '')
})

test('buildEnviron gives content type and length without HTTP_ twins (A14)', async () => {
  const { port, pool } = serveWSGI(ok)
  await port.request('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nok')
  const environ = pool.jobs[0]?.environ
  assert.equal(environ?.['CONTENT_TYPE'], 'text/x')
  assert.equal(environ['CONTENT_LENGTH'], '2')
  assert.equal('HTTP_CONTENT_TYPE' in environ, false)
  assert.equal('HTTP_CONTENT_LENGTH' in environ, false)
})

test('buildEnviron gives a chunked body that was received whole its length (A22)', async () => {
  const { port, pool } = serveWSGI(ok)
  await port.request('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nabc\r\n0\r\n\r\n')
  const environ = pool.jobs[0]?.environ
  assert.equal(environ?.['CONTENT_LENGTH'], '5')
  assert.equal('HTTP_TRANSFER_ENCODING' in environ, false)
})

test('buildEnviron takes SERVER_NAME from Host without port and brackets, else from the socket (A15)', async () => {
  assert.equal((await environOf('GET /', 'Host: Example.org:8'))['SERVER_NAME'], 'Example.org')
  assert.equal((await environOf('GET /', 'Host: [::1]:80'))['SERVER_NAME'], '::1')
  const { port, pool } = serveWSGI(ok)
  await port.request('GET / HTTP/1.0\r\n\r\n')
  assert.equal(pool.jobs[0]?.environ['SERVER_NAME'], '127.0.0.1')
})

test('buildEnviron takes SERVER_PORT from the socket, not from Host (A16)', async () => {
  assert.equal((await environOf('GET /', 'Host: h:99'))['SERVER_PORT'], '8080')
})

test('buildEnviron takes the peer from the socket, never from forwarding headers (A17)', async () => {
  const { port, pool } = serveWSGI(ok)
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n\r\n'
  await port.request(request, { peer: { type: 'TCP', host: '2001:db8::1', port: 4711 } })
  assert.equal(pool.jobs[0]?.environ['REMOTE_ADDR'], '2001:db8::1')
  assert.equal(pool.jobs[0].environ['REMOTE_PORT'], '4711')
})

test('buildEnviron on a UNIX socket has an empty peer, and name and port from Host (A17)', async () => {
  const pool = new MemoryThreadPool(ok)
  const reactor = new MemoryReactor()
  const port = reactor.listenUNIX('/run/app.sock', new Site(new WSGIResource(reactor, pool, 'test.application')))
  await port.request('GET / HTTP/1.1\r\nHost: example.org:8443\r\n\r\n')
  await port.request('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')
  await port.request('GET / HTTP/1.0\r\n\r\n')
  const seen = pool.jobs.map(({ environ }) => [
    environ['REMOTE_ADDR'],
    environ['REMOTE_PORT'],
    environ['SERVER_NAME'],
    environ['SERVER_PORT'],
  ])
  assert.deepEqual(seen, [
    ['', '', 'example.org', '8443'],
    ['', '', 'example.org', '80'],
    ['', '', 'localhost', '80'],
  ])
})

test('buildEnviron upper-cases names and joins repeated fields with a comma, in order (A18)', async () => {
  const environ = await environOf('GET /', 'Host: x', 'X-Foo: a', 'Accept: text/*', 'x-foo: b', 'X-FOO: c')
  assert.equal(environ['HTTP_X_FOO'], 'a,b,c')
  assert.equal(environ['HTTP_ACCEPT'], 'text/*')
})

test('buildEnviron joins cookies with a semicolon (A18, RFC 9113 section 8.2.3)', async () => {
  assert.equal((await environOf('GET /', 'Host: x', 'Cookie: a=1', 'cookie: b=2'))['HTTP_COOKIE'], 'a=1; b=2')
})

test('buildEnviron does not join fields of different requests', async () => {
  const { port, pool } = serveWSGI(ok)
  const connection = port.connect()
  for (const value of ['a', 'b']) await connection.request(`GET / HTTP/1.1\r\nHost: x\r\nX-Foo: ${value}\r\n\r\n`)
  assert.deepEqual(
    pool.jobs.map((job) => job.environ['HTTP_X_FOO']),
    ['a', 'b'],
  )
})

test('buildEnviron never lets an underscore name or Proxy through (A19, D1, D2)', async () => {
  const environ = await environOf(
    'GET /',
    'Host: x',
    'X-U: good',
    'X_U: evil',
    'Content_Type: evil',
    'Content_Length: 7',
    'Proxy: http://evil',
    'Script-Name: /evil',
  )
  assert.equal(environ['HTTP_X_U'], 'good')
  assert.equal(environ['CONTENT_TYPE'], '')
  assert.equal(environ['CONTENT_LENGTH'], '')
  assert.equal('HTTP_PROXY' in environ, false)
  assert.equal(environ['SCRIPT_NAME'], '')
})

test('buildEnviron passes on Authorization, Connection and odd names (A19, D5)', async () => {
  const environ = await environOf(
    'GET /',
    'Host: x',
    'Authorization: Basic x',
    'Connection: close',
    '__proto-: y',
    'constructor: z',
  )
  assert.equal(environ['HTTP_AUTHORIZATION'], 'Basic x')
  assert.equal(environ['HTTP_CONNECTION'], 'close')
  assert.equal(environ['HTTP_CONSTRUCTOR'], 'z')
})

test('buildEnviron keeps bytes of values as latin-1', async () => {
  assert.equal((await environOf('GET /', 'Host: x', 'X-Name: caf\u00e9'))['HTTP_X_NAME'], 'caf\u00e9')
})

test('buildEnviron says https on TLS (A21)', async () => {
  const pool = new MemoryThreadPool(ok)
  const reactor = new MemoryReactor()
  const port = reactor.listenTLS(8443, new Site(new WSGIResource(reactor, pool, 'test.application')))
  await port.request('GET /')
  assert.equal(pool.jobs[0]?.environ['wsgi.url_scheme'], 'https')
  assert.equal(pool.jobs[0].environ['SERVER_PORT'], '8443')
})

test('buildEnviron survives thousands of different header names', async () => {
  const { port, pool } = serveWSGI(ok)
  const connection = port.connect()
  for (let round = 0; round < 60; round++) {
    const lines = Array.from({ length: 50 }, (_, i) => `X-Name-${round}-${i}-${'y'.repeat(30)}: ${i}`)
    await connection.request(['GET / HTTP/1.1', 'Host: x', ...lines, 'X-Twice: 1', 'X-Twice: 2', '', ''].join('\r\n'))
  }
  for (const job of pool.jobs) assert.equal(job.environ['HTTP_X_TWICE'], '1,2')
  assert.equal(Object.keys(pool.jobs[59]?.environ ?? {}).filter((key) => key.startsWith('HTTP_X_NAME_59')).length, 50)
})

/** The bytes of a percent-encoded text, done by hand: one escape after the other. */
function decoded(text: string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const hex = text.slice(at + 1, at + 3)
    if (text[at] === '%' && /^[0-9a-f]{2}$/i.test(hex)) {
      result += String.fromCharCode(Number.parseInt(hex, 16))
      at += 2
    } else result += text[at]
  }
  return result
}

test('buildEnviron gives every path decoded once, whatever is in it', async () => {
  const { port, pool } = serveWSGI(ok)
  const connection = port.connect()
  const piece = fc.constantFrom('/', 'a', '.', '..', '%', '%2F', '%25', '%41', '%e9', '%zz', '~', ';', '//')
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const path = `/${pieces.join('')}`
      await connection.request(`GET ${path}?${path}`)
      assert.equal(pool.jobs.at(-1)?.environ['PATH_INFO'], decoded(path))
      assert.equal(pool.jobs.at(-1)?.environ['QUERY_STRING'], path)
    }),
  )
})
