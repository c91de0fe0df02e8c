import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import type { CGIOptions } from '#src/resources/cgi/cgi-settings.ts'
import { searchWords } from '#src/resources/cgi/search-words.ts'
import { serve } from '../../resource/serve.ts'
import { makeScripts, py, serveScript, sh, telling } from './scripts.ts'
import type { Told } from './scripts.ts'

async function tell(request: string, options: CGIOptions = {}): Promise<Told & { file: string }> {
  const { port, file } = serveScript(telling, options)
  const response = await port.request(
    request.includes('\r\n') ? request : `GET ${request} HTTP/1.1\r\nHost: shop.example:81\r\n\r\n`,
  )
  assert.equal(response.status, 200, response.text)
  return { ...(JSON.parse(response.text) as Told), file }
}

test('CGIScript gives the meta-variables of RFC 3875 (H146)', async () => {
  const { env, cwd, file } = await tell('/script/a%20b/?x=1&y=%2F', { documentRoot: '/srv/www' })
  const expected: Record<string, string> = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '/script',
    PATH_INFO: '/a b/',
    PATH_TRANSLATED: '/srv/www/a b/',
    DOCUMENT_ROOT: '/srv/www',
    QUERY_STRING: 'x=1&y=%2F',
    REQUEST_URI: '/script/a%20b/?x=1&y=%2F',
    SCRIPT_FILENAME: file,
    SERVER_NAME: 'shop.example',
    SERVER_PORT: '8080',
    REMOTE_ADDR: '192.0.2.1',
    REMOTE_HOST: '192.0.2.1',
    REQUEST_SCHEME: 'http',
    HTTP_HOST: 'shop.example:81',
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(env[name], value, name)
  assert.match(env['SERVER_SOFTWARE'] ?? '', /^Plait\/\d/)
  assert.match(env['REMOTE_PORT'] ?? '', /^\d+$/)
  assert.equal(cwd, path.dirname(file))
  for (const absent of ['CONTENT_LENGTH', 'CONTENT_TYPE', 'HTTPS', 'AUTH_TYPE', 'wsgi.url_scheme'])
    assert.equal(env[absent], undefined)
})

test('CGIScript with PATH_INFO works, and without one it is empty (H146)', async () => {
  assert.equal((await tell('/script/more')).env['PATH_INFO'], '/more')
  const { env } = await tell('/script')
  assert.equal(env['PATH_INFO'], '')
  assert.equal(env['PATH_TRANSLATED'], undefined)
})

test('CGIScript gives bytes of the path as they are, and header bytes outside UTF-8 as latin-1 characters', async () => {
  const { env } = await tell('GET /script/caf%C3%A9 HTTP/1.1\r\nHost: a\r\nX-Latin: caf\xe9\r\n\r\n')
  assert.equal(env['PATH_INFO'], '/café')
  assert.equal(env['HTTP_X_LATIN'], 'café')
})

test('CGIScript joins repeated fields, and drops those that look like others', async () => {
  const { env } = await tell(
    'GET /script HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nX_A: 3\r\n\r\n',
  )
  assert.equal(env['HTTP_X_A'], '1,2')
  assert.equal(env['HTTP_COOKIE'], 'a=1; b=2')
})

test('CGIScript gives no HTTP_PROXY (httpoxy) and no credentials', async () => {
  const request = 'GET /script HTTP/1.1\r\nHost: a\r\nProxy: http://evil\r\nAuthorization: Basic eA==\r\n\r\n'
  const { env } = await tell(request)
  assert.equal(env['HTTP_PROXY'], undefined)
  assert.equal(env['HTTP_AUTHORIZATION'], undefined)
  assert.equal((await tell(request, { passAuthorization: true })).env['HTTP_AUTHORIZATION'], 'Basic eA==')
})

test('CGIScript passes nothing of the environment of the server on but PATH and what was named', async (t) => {
  process.env['PLAIT_TEST_SECRET'] = 'secret'
  process.env['PLAIT_TEST_LANG'] = 'de'
  t.after(() => {
    delete process.env['PLAIT_TEST_SECRET']
    delete process.env['PLAIT_TEST_LANG']
  })
  const { port } = serveScript(sh('echo "Content-Type: text/plain"; echo; exec env'), {
    env: { SHOP: 'north' },
    inherit: ['PATH', 'PLAIT_TEST_LANG'],
    variables: (request) => ({ REMOTE_USER: `user of ${request.path}`, AUTH_TYPE: 'Basic' }),
  })
  const lines = (await port.request('GET /script')).text.trim().split('\n')
  const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]))
  assert.equal(env['PLAIT_TEST_LANG'], 'de')
  assert.equal(env['SHOP'], 'north')
  assert.equal(env['PATH'], process.env['PATH'])
  assert.equal(env['REMOTE_USER'], 'user of /script')
  const given =
    /^(?:PATH|PLAIT_TEST_LANG|SHOP|GATEWAY_INTERFACE|AUTH_TYPE|PATH_INFO|QUERY_STRING|(?:REMOTE|REQUEST|SCRIPT|SERVER|HTTP)_\w+)$/
  // The shell's own.
  const ofShell = new Set(['PWD', 'SHLVL', '_', 'OLDPWD'])
  assert.deepEqual(
    Object.keys(env).filter((name) => !given.test(name) && !ofShell.has(name)),
    [],
  )
})

for (const path of ['/script/../x', '/script/%2e%2e/x', '/script/a%2Fb', '/script/.', '/script/%ff']) {
  test(`CGIScript answers ${path} with 404: PATH_INFO has no way out`, async () => {
    const { port } = serveScript(sh('echo "Content-Type: text/plain"; echo; echo ran'))
    assert.equal((await port.request(`GET ${path}`)).status, 404)
  })
}

test('CGIScript gives a query without = as arguments (H146)', async () => {
  assert.deepEqual((await tell('/script?one+two%20words+%C3%A9')).argv, ['one', 'two words', 'é'])
  assert.deepEqual((await tell('/script?one+two', { searchWords: false })).argv, [])
  const post = 'POST /script?one HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
  assert.deepEqual((await tell(post)).argv, [])
})

test('searchWords gives nothing where a word is none, or could be an option (CVE-2012-1823)', () => {
  assert.deepEqual(searchWords('a+b'), ['a', 'b'])
  assert.deepEqual(searchWords('$(id)+;x'), ['$(id)', ';x'])
  for (const query of ['', 'a=b', '-s', 'a+-d+x', '%2ds', 'a++b', 'a+', '%00', '%ff', 'a|b', '%zz', '"x"']) {
    assert.deepEqual(searchWords(query), [], query)
  }
})

test('CGIScript passes arguments without a shell', async () => {
  assert.deepEqual((await tell('/script?$(touch%20x)+%60id%60+;ls')).argv, ['$(touch x)', '`id`', ';ls'])
})

for (const requestBody of ['stream', 'buffer'] as const) {
  test(`CGIScript gives the body on standard input (${requestBody}) (H146)`, async () => {
    const request = 'POST /script HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello'
    const { env, stdin } = await tell(request, { requestBody })
    assert.equal(stdin, 'hello')
    assert.equal(env['CONTENT_LENGTH'], '5')
    assert.equal(env['CONTENT_TYPE'], 'text/x')
  })

  test(`CGIScript gives a chunked body with its length (${requestBody})`, async () => {
    const request = 'POST /script HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'
    const { env, stdin } = await tell(request, { requestBody })
    assert.equal(stdin, 'hello')
    assert.equal(env['CONTENT_LENGTH'], '5')
    assert.equal(env['HTTP_TRANSFER_ENCODING'], undefined)
  })
}

const hashing = py(`import hashlib, os, sys
data = sys.stdin.buffer.read()
print("Content-Type: text/plain\\n\\n%s %s %s" % (hashlib.sha256(data).hexdigest(), len(data), os.environ["CONTENT_LENGTH"]), end="")`)

for (const [how, head] of [
  ['streamed', (size: number) => `Content-Length: ${size}\r\n\r\n`],
  ['spooled', () => 'Transfer-Encoding: chunked\r\n\r\n'],
] as const) {
  test(`CGIScript gives a large body whole (${how})`, async () => {
    const { port } = serveScript(hashing)
    const body = Buffer.alloc(3 * 1024 * 1024, 'plait ')
    const client = port.connect()
    client.write(`POST /script HTTP/1.1\r\nHost: a\r\n${head(body.length)}`)
    if (how === 'spooled') client.write(`${body.length.toString(16)}\r\n`)
    client.write(body)
    if (how === 'spooled') client.write('\r\n0\r\n\r\n')
    const { text } = await client.response('POST')
    assert.equal(text, `${createHash('sha256').update(body).digest('hex')} ${body.length} ${body.length}`)
  })
}

test('CGIScript that reads no body answers all the same', async () => {
  const { port } = serveScript(sh('exec <&-; echo "Content-Type: text/plain"; echo; echo unread'))
  const client = port.connect()
  client.write('POST /script HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n')
  client.write(Buffer.alloc(2_000_000))
  assert.equal((await client.response('POST')).text, 'unread\n')
})

test('CGIScript starts nothing for a body that is too large', async () => {
  const folder = makeScripts({ script: sh('touch ran; echo "Content-Type: text/plain"; echo') })
  const root = new Resource()
  root.putChild('script', new CGIScript(path.join(folder, 'script'), { maxBody: 4 }))
  const { port } = serve(root)
  const response = await port.request('POST /script HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
  assert.equal(response.status, 413)
  const chunked = await port.request(
    'POST /script HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  )
  assert.equal(chunked.status, 413)
  assert.equal(existsSync(path.join(folder, 'ran')), false)
})
