import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import type { TreeNode } from '#src/resource/resource.ts'
import type { ReverseProxyOptions } from '#src/resources/reverse-proxy/reverse-proxy-resource.ts'
import { pause, until } from '../../support/until.ts'
import { serveProxy, upstream } from './serve-proxy.ts'

type Options = ReverseProxyOptions & { atRoot?: boolean; trustProxy?: string; around?: (proxy: TreeNode) => TreeNode }

/** What the upstream got of a request, as the client wrote it behind the request line. */
async function got(t: TestContext, line: string, fields = '', { base = '', ...options }: Options & { base?: string } = {}) {
  let seen: IncomingMessage | undefined
  const { url } = await upstream(t, (incoming, response) => {
    seen = incoming
    response.end('ok')
  })
  const { connect } = await serveProxy(t, url + base, options)
  const client = await connect()
  client.socket.write(`${line} HTTP/1.1\r\nHost: shop.example\r\n${fields}\r\n`, 'latin1')
  await client.receives(/\r\n\r\n/)
  return { seen, received: client.received, authority: new URL(url).host }
}

/** All values of a field. */
function values(incoming: IncomingMessage | undefined, name: string): string[] {
  const raw = incoming?.rawHeaders ?? []
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name)
}

for (const [target, base, expected] of [
  ['/app', '', '/'],
  ['/app', '/base/', '/base'],
  ['/app/', '/base', '/base/'],
  ['/app/a%2Fb/%7Ec/%e9/;x=1//d?q=%20&r', '/base', '/base/a%2Fb/%7Ec/%e9/;x=1//d?q=%20&r'],
  ['/app/x?', '', '/x?'],
  ['/app/a/../b', '', '/a/../b'],
  ['/app/%zz', '', '/%zz'],
  ['http://other/app/y', '', '/y'],
] as const) {
  test(`the upstream at ${base || '/'} gets ${target} as ${expected}, byte for byte (H145)`, async (t) => {
    const { seen } = await got(t, `GET ${target}`, '', { base })
    assert.equal(seen?.url, expected)
    assert.equal(seen?.httpVersion, '1.1')
  })
}

for (const path of ['/app/../secret', '/app/x/%2e%2e/%2E./secret', '/app/..%2fsecret', '/app/..%5csecret']) {
  test(`${path} does not lead out of the base`, async (t) => {
    const { seen, received } = await got(t, `GET ${path}`, '', { base: '/base' })
    assert.equal(seen, undefined)
    assert.match(received, /^HTTP\/1\.1 400 /)
  })
}

test('segments that were changed on the way are quoted anew', async (t) => {
  const around = (proxy: TreeNode): TreeNode => ({
    isLeaf: true,
    getChildWithDefault: () => proxy,
    render: (request) => {
      request.postpath = ['a b', '\xe9/?#%', ...request.postpath]
      return proxy.render(request)
    },
  })
  const { seen } = await got(t, 'GET /app/c%20d', '', { around })
  assert.equal(seen?.url, '/a%20b/%E9%2F%3F%23%25/c%20d')
})

test('as the root of the site it takes every path', async (t) => {
  const { seen } = await got(t, 'GET /x/y', '', { atRoot: true })
  assert.equal(seen?.url, '/x/y')
  assert.deepEqual(values(seen, 'x-forwarded-prefix'), [])
})

test('repeated fields stay apart; those about the connection end here (H145)', async (t) => {
  const fields =
    'X-A: 1\r\nX-A: 2\r\nX-Latin: \xe9\r\nKeep-Alive: 3\r\nTE: trailers\r\nProxy-Connection: x\r\nX-Hop: y\r\nConnection: keep-alive, X-Hop, Host, Authorization\r\nAuthorization: Basic x\r\n'
  const { seen, authority } = await got(t, 'GET /app', fields)
  assert.deepEqual([values(seen, 'x-a'), values(seen, 'x-latin')], [['1', '2'], ['\xe9']])
  assert.deepEqual(values(seen, 'authorization'), ['Basic x'])
  for (const name of ['te', 'proxy-connection', 'x-hop', 'trailer', 'upgrade']) assert.deepEqual(values(seen, name), [], name)
  assert.deepEqual(values(seen, 'host'), [authority])
  assert.match(values(seen, 'via').join(), /^1\.1 plait-[0-9a-f]{8}$/)
})

test('where the request came from is told anew; what an untrusted peer says of it is dropped (H145)', async (t) => {
  const lies =
    'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n'
  const { seen } = await got(t, 'GET /app/x', lies)
  assert.deepEqual(values(seen, 'x-forwarded-for'), ['127.0.0.1'])
  assert.deepEqual(values(seen, 'x-forwarded-proto'), ['http'])
  assert.deepEqual(values(seen, 'x-forwarded-host'), ['shop.example'])
  assert.deepEqual(values(seen, 'x-forwarded-prefix'), ['/app'])
  assert.deepEqual(values(seen, 'forwarded'), ['for=127.0.0.1;proto=http;host="shop.example"'])
  assert.deepEqual([values(seen, 'x-real-ip'), values(seen, 'x-forwarded-port')], [[], []])
})

test('what proxies say that the site trusts is passed on and added to, and what the site learnt of it is told', async (t) => {
  const said =
    'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public\r\nX-Forwarded-Prefix: /p/\r\nForwarded: for=9.9.9.9\r\nVia: 1.1 front\r\n'
  const { seen } = await got(t, 'GET /app/x', said, { trustProxy: 'loopback' })
  assert.deepEqual(values(seen, 'x-forwarded-for'), ['9.9.9.9, 127.0.0.1'])
  assert.deepEqual(values(seen, 'x-forwarded-proto'), ['https'])
  assert.deepEqual(values(seen, 'x-forwarded-host'), ['public'])
  assert.deepEqual(values(seen, 'x-forwarded-prefix'), ['/p/app'])
  assert.deepEqual(values(seen, 'forwarded'), ['for=9.9.9.9, for=127.0.0.1;proto=https;host="public"'])
  assert.match(values(seen, 'via').join(), /^1\.1 front, 1\.1 plait-/)
})

test('whichever spelling a trusted proxy uses, the upstream gets the same way in both', async (t) => {
  const options = { trustProxy: 'loopback' }
  const { seen: list } = await got(t, 'GET /app', 'X-Forwarded-For: 2001:db8::9, 127.0.0.7:80\r\n', options)
  assert.deepEqual(values(list, 'forwarded'), [
    'for="[2001:db8::9]", for=127.0.0.7, for=127.0.0.1;proto=http;host="shop.example"',
  ])
  const { seen: elements } = await got(t, 'GET /app', 'Forwarded: for="[2001:db8::9]";proto=https, proto=http\r\n', options)
  assert.deepEqual(values(elements, 'x-forwarded-for'), ['[2001:db8::9], unknown, 127.0.0.1'])
})

test('preserveHost: the upstream gets the Host of the client', async (t) => {
  const { seen } = await got(t, 'GET /app', '', { preserveHost: true })
  assert.deepEqual(values(seen, 'host'), ['shop.example'])
})

test('POST without a body says Content-Length: 0, GET says nothing', async (t) => {
  assert.deepEqual(values((await got(t, 'POST /app', 'Content-Length: 0\r\n')).seen, 'content-length'), ['0'])
  const { seen } = await got(t, 'GET /app')
  assert.deepEqual([values(seen, 'content-length'), values(seen, 'transfer-encoding')], [[], []])
})

/** Sends what it gets back, with its framing. */
async function echo(t: TestContext, options: Options = {}) {
  const bodies: string[] = []
  const { url } = await upstream(t, (incoming, response) => {
    let body = ''
    incoming.setEncoding('latin1').on('data', (text: string) => (body += text))
    incoming.on('end', () => {
      bodies.push(body)
      response.end(
        `[${incoming.headers['content-length']} ${incoming.headers['transfer-encoding']} ${incoming.headers.expect} ${body.length}]`,
      )
    })
  })
  return { ...(await serveProxy(t, url, options)), bodies }
}

for (const requestBody of ['stream', 'buffer'] as const) {
  test(`requestBody ${requestBody}: bodies arrive whole, large ones too; Continue comes when the body is wanted (H145)`, async (t) => {
    const { connect } = await echo(t, { requestBody })
    const client = await connect()
    client.socket.write('PUT /app HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    client.socket.write('hello')
    await client.receives(/\[5 undefined undefined 5\]/)
    client.socket.write('PUT /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: x\r\n\r\n')
    await client.receives(requestBody === 'stream' ? /\[undefined chunked undefined 3\]/ : /\[3 undefined undefined 3\]/)
    client.socket.write(`POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`)
    await client.receives(/\[5000000 undefined undefined 5000000\]/)
  })
}

test('a body above maxBody is refused with 413, whether its length was told or not', async (t) => {
  for (const framing of [
    'Content-Length: 11\r\n\r\nhello world',
    'Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n',
  ]) {
    const { connect, bodies } = await echo(t, { maxBody: 10 })
    const client = await connect()
    client.socket.write(`POST /app HTTP/1.1\r\nHost: a\r\n${framing}`)
    await client.receives(/^HTTP\/1\.1 413 /)
    assert.deepEqual(bodies, [])
  }
})

test('an upload goes no faster than the upstream reads', async (t) => {
  let incoming: IncomingMessage | undefined
  const { url } = await upstream(t, (one, response) => {
    incoming = one
    one.on('end', () => response.end('done'))
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  const size = 64 * 1024 * 1024
  client.socket.write(`POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  client.socket.write(Buffer.alloc(size))
  await until('the upstream has the head', () => incoming !== undefined)
  let before = -1
  let now = 0
  while (now !== before) {
    before = now
    await pause(0.3)
    now = incoming?.socket.bytesRead ?? 0
  }
  // Some lies in buffers of the systems and of this process; the rest has stayed with the client.
  assert.ok(now < size / 4, `${now} bytes`)
  incoming?.resume()
  await client.receives(/done$/)
})
