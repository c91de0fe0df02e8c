import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { ListeningPort } from '#src/reactor/reactor.ts'

/** Targets of the requests that got through. */
const received: string[] = []

/** Reads the body, and answers with the target. */
function answer(request: Request): void {
  received.push(request.uri)
  const send = (): void => request.sendWhole(200, 'OK', ['Content-Type', 'text/plain'], Buffer.from(request.uri))
  if (!request.hasBody) return send()
  request.readBody({ maxBody: 1000 }, (error) => {
    if (error === undefined) send()
  })
}

const reactor = new NodeReactor()
let port: ListeningPort

before(async () => {
  port = reactor.listenTCP(0, new HTTPFactory(answer), { interface: '127.0.0.1' })
  await port.ready
  void reactor.run({ installSignalHandlers: false })
})
after(() => reactor.stop())

/** Sends bytes and gives all that comes back until the server closes, or has been silent after `enough`. */
function exchange(
  bytes: string,
  { end = false, enough = (_: string): boolean => false } = {},
): Promise<{ text: string; closed: boolean }> {
  return new Promise((resolve) => {
    const address = port.getHost() as { port: number }
    const socket: Socket = connect(address.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    const finish = (closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, closed })
    }
    const timer = setTimeout(() => finish(false), 10_000)
    socket.on('data', (data: string) => {
      text += data
      if (enough(text)) finish(false)
    })
    socket.on('end', () => finish(true))
    socket.on('error', () => finish(true))
    socket.write(bytes, 'latin1')
    if (end) socket.end()
  })
}

const host = 'Host: a\r\n'
const body = '\r\n\r\n'
const post = (fields: string, content = ''): string => `POST /p HTTP/1.1\r\n${host}${fields}${body}${content}`
const get = (line: string, fields = host): string => `${line}\r\n${fields}\r\n`

/** What must be refused: name, bytes, status. */
const refused: readonly [name: string, bytes: string, status: number | readonly number[]][] = [
  // Content-Length and Transfer-Encoding
  ['Content-Length with Transfer-Encoding', post('Content-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nX'), 400],
  ['Transfer-Encoding with Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 6', '0\r\n\r\nX'), 400],
  ['Transfer-Encoding: xchunked', post('Transfer-Encoding: xchunked', '0\r\n\r\n'), 501],
  ['Transfer-Encoding: chunked, identity', post('Transfer-Encoding: chunked, identity', '0\r\n\r\n'), 400],
  ['Transfer-Encoding: identity', post('Transfer-Encoding: identity\r\nContent-Length: 1', 'x'), 400],
  ['Transfer-Encoding: gzip, chunked', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), 501],
  ['two Transfer-Encoding fields', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
  ['Transfer-Encoding: chunked, then cow', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow', '0\r\n\r\n'), 400],
  ...['\x0b', '\x0c', '\x1c', '\x85', '\xa0'].map((character): [string, string, readonly number[]] => [
    `Transfer-Encoding: ${JSON.stringify(character)}chunked`,
    post(`Transfer-Encoding: ${character}chunked`, '0\r\n\r\n'),
    [400, 501],
  ]),
  ['Transfer-Encoding: "chunked"', post('Transfer-Encoding: "chunked"', '0\r\n\r\n'), [400, 501]],
  ['space before the colon', post('Transfer-Encoding : chunked', '0\r\n\r\n'), 400],
  ['folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n'), 400],
  ['empty Transfer-Encoding', post('Transfer-Encoding:\r\nContent-Length: 1', 'x'), 400],
  [
    'Transfer-Encoding in HTTP/1.0',
    `POST /p HTTP/1.0\r\n${host}Connection: keep-alive\r\nTransfer-Encoding: chunked${body}0\r\n\r\n`,
    400,
  ],
  ['two Content-Length', post('Content-Length: 1\r\nContent-Length: 2', 'xx'), 400],
  ['two equal Content-Length', post('Content-Length: 1\r\nContent-Length: 1', 'x'), 400],
  ['Content-Length: 2, 2', post('Content-Length: 2, 2', 'xx'), 400],
  ...['+2', '-1', '0x2', '1_0', '\xb2', '', '2 2', '18446744073709551618'].map((value): [string, string, number] => [
    `Content-Length: ${value}`,
    post(`Content-Length: ${value}`, 'xx'),
    400,
  ]),
  ['leading space before the first field', `POST /p HTTP/1.1\r\n Content-Length: 2\r\n${host}\r\nxx`, 400],
  // chunks
  ...[
    '1;\nxx\r\nZ\r\n0\r\n\r\n',
    '1;a\rb\r\nZ\r\n0\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nX-A\r\n\r\n',
    '1\r\nZ\r0\r\n\r\n',
    '0x1\r\nZ\r\n0\r\n\r\n',
    '+1\r\nZ\r\n0\r\n\r\n',
    '-1\r\nZ\r\n',
    '1_0\r\nZ',
    '\r\nZ',
    '11111111111111111\r\nZ',
    '1 \r\nZ\r\n0\r\n\r\n',
    '1\r\nZXX0\r\n\r\n',
    '1\nZ\n0\n\n',
  ].map((chunks): [string, string, number] => [
    `chunk ${JSON.stringify(chunks)}`,
    post('Transfer-Encoding: chunked', chunks),
    400,
  ]),
  ['a chunk extension without end', post('Transfer-Encoding: chunked', `1;${'x'.repeat(70_000)}`), 413],
  // request line and fields
  ['bare LF', 'GET /x HTTP/1.1\nHost: a\n\n', 400],
  ['HTTP/0.9 with fields', 'GET /x\nHost: a\r\nContent-Length: 5\r\n\r\nhello', 505],
  ['HTTP/0.9', 'GET /p\r\n\r\n', 505],
  ['HTTP/2.0', get('GET /p HTTP/2.0'), 505],
  ['HTTP/1.2', get('GET /p HTTP/1.2'), 400],
  ['HTTP/11.1', get('GET /p HTTP/11.1'), 400],
  ['bare LF in one field', `GET /p HTTP/1.1\r\n${host}X: a\nY: b\r\n\r\n`, 400],
  ['CR LF CR in place of the end of the head', `GET /p HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n`, 400],
  ['http/1.1', get('GET /p http/1.1'), 400],
  ['a TAB in the request line', get('GET\t/p HTTP/1.1'), 400],
  ...['\r', '\0', '\x01', '\x7f'].map((character): [string, string, number] => [
    `${JSON.stringify(character)} in a value`,
    get('GET /p HTTP/1.1', `${host}X: a${character}b\r\n`),
    400,
  ]),
  ['a folded field', get('GET /p HTTP/1.1', `${host}X: a\r\n b\r\n`), 400],
  ...['X-Foo : a', ': a', 'nocolon', 'X(foo): a', 'X-\x80: a'].map((field): [string, string, number] => [
    `field ${JSON.stringify(field)}`,
    get('GET /p HTTP/1.1', `${host}${field}\r\n`),
    400,
  ]),
  ['no Host', get('GET /p HTTP/1.1', ''), 400],
  ['two Host fields', get('GET /p HTTP/1.1', 'Host: a\r\nHost: b\r\n'), 400],
  ...['a/b@c', 'a, b', 'a:port', 'a:1:2', '[::1', 'a b', 'a?b', 'a#b', 'a\\b', '\xe9', 'user@a'].map(
    (value): [string, string, number] => [`Host: ${value}`, get('GET /p HTTP/1.1', `Host: ${value}\r\n`), 400],
  ),
  ['an invalid host in an absolute target', get('GET http://a,b/ HTTP/1.1'), 400],
  ['no host in an absolute target', get('GET http://:80/ HTTP/1.1'), 400],
  ['a user in an absolute target', get('GET http://user@a/ HTTP/1.1'), 400],
  ['an absolute target without Host', get('GET http://a/ HTTP/1.1', ''), 400],
  ['two Content-Type', post('Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1', 'x'), 400],
  ['two Authorization', get('GET /p HTTP/1.1', `${host}Authorization: Basic a\r\nAuthorization: Basic b\r\n`), 400],
  ['target without a slash', get('GET p HTTP/1.1'), 400],
  ['target *', get('GET * HTTP/1.1'), 400],
  ['target a:1', get('GET a:1 HTTP/1.1'), 400],
  ['CONNECT', get('CONNECT a:1 HTTP/1.1'), 405],
  ...['\x01', '\xe9', '\0'].map((character): [string, string, number] => [
    `${JSON.stringify(character)} in the target`,
    get(`GET /${character} HTTP/1.1`),
    400,
  ]),
  ['%00 in the path', get('GET /a%00b HTTP/1.1'), 400],
  ['a fragment', get('GET /a#b?c HTTP/1.1'), 400],
  ['201 fields', get('GET /p HTTP/1.1', host + Array.from({ length: 200 }, (_, index) => `X-${index}: a\r\n`).join('')), 431],
  [
    '2,500 short fields',
    get('GET /p HTTP/1.1', host + Array.from({ length: 2500 }, (_, index) => `X${index}: a\r\n`).join('')),
    431,
  ],
  ['a head of 70 KiB', get('GET /p HTTP/1.1', `${host}X: ${'a'.repeat(70_000)}\r\n`), 431],
  ['a target of 70 KiB', get(`GET /${'a'.repeat(70_000)} HTTP/1.1`), [414, 431]],
  ['a target of 20 KiB', get(`GET /${'a'.repeat(20_000)} HTTP/1.1`), 414],
  ['nearly the preface of HTTP/2 (C26)', 'PRI * HTTP/2.0\r\n\r\nSM\r\nX\r\n', 400],
  ['the preface of HTTP/2 behind a line (C26)', '\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['Expect: foo', post('Expect: foo\r\nContent-Length: 1', 'x'), 417],
  ['a body larger than the limit, told beforehand', post('Content-Length: 1001'), 413],
  ['a body larger than the limit, chunked', post('Transfer-Encoding: chunked', `3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`), 413],
]

for (const [name, bytes, status] of refused) {
  const statuses = [status].flat()
  test(`HTTP refuses ${name} with ${statuses.join(' or ')} and closes`, async () => {
    received.length = 0
    const marker = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
    const { text, closed } = await exchange(bytes + marker)
    assert.match(text, new RegExp(`^HTTP/1\\.1 (?:${statuses.join('|')}) `), text)
    assert.match(text, /\r\nConnection: close\r\n/i)
    assert.equal(text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, text)
    assert.equal(closed, true)
    // Only a body is found to be broken once its request has got through.
    assert.deepEqual(
      received.filter((target) => target !== '/p'),
      [],
    )
    if (!bytes.includes('chunked') && !statuses.includes(413)) assert.deepEqual(received, [])
  })
}

test('HTTP answers a valid request before it refuses the garbage behind it', async () => {
  received.length = 0
  const { text, closed } = await exchange(`${get('GET /first HTTP/1.1')}GARBAGE\r\n\r\n${get('GET /third HTTP/1.1')}`)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 /)
  assert.deepEqual([closed, received], [true, ['/first']])
})

test('HTTP keeps what is allowed: latin-1 values, %zz, //path, an unknown Upgrade, spaces around a value', async () => {
  for (const target of ['/%zz%', '//evil.example/x', '/a%2Fb/../c?d?e']) {
    const { text } = await exchange(
      get(`GET ${target} HTTP/1.1`, `${host}X:  \xe9 \r\nUpgrade: foo\r\nConnection: upgrade\r\n`),
      { enough: (all) => all.endsWith(target) },
    )
    assert.match(text, /^HTTP\/1\.1 200 /, target)
  }
})

test('HTTP reads the body of a request with Upgrade: it is never taken for another request', async () => {
  received.length = 0
  const inner = get('GET /inner HTTP/1.1')
  const { text } = await exchange(post(`Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: ${inner.length}`, inner), {
    enough: (all) => all.endsWith('/p'),
  })
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.deepEqual(received, ['/p'])
})

test('HTTP takes the host of an absolute target', async () => {
  const factory = new HTTPFactory((request) =>
    request.sendWhole(200, 'OK', [], Buffer.from(`${request.host} ${request.path} ${request.getHeader('host')}`)),
  )
  const other = reactor.listenTCP(0, factory, { interface: '127.0.0.1' })
  await other.ready
  const { port: number } = other.getHost() as { port: number }
  const socket = connect(number, '127.0.0.1')
  socket.write('GET http://other:8/q?r HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /\r\n\r\nother:8 \/q other:8$/)
})

test('HTTP lets a client that sends a large body all the same have its 413', async () => {
  const size = 64 * 1024 * 1024
  const socket = connect((port.getHost() as { port: number }).port, '127.0.0.1')
  let text = ''
  const over = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data
      resolve()
    })
    socket.on('error', () => resolve()).on('close', () => resolve())
  })
  socket.write(`POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  for (let sent = 0; sent < size && !socket.destroyed; sent += 1024 * 1024) {
    if (!socket.write(Buffer.alloc(1024 * 1024)))
      await Promise.race([over, new Promise((resolve) => socket.once('drain', resolve))])
    if (text !== '') break
  }
  await over
  socket.destroy()
  assert.match(text, /^HTTP\/1\.1 413 /)
})

test('Content_Length and Transfer_Encoding say nothing of the framing', async () => {
  received.length = 0
  const { text } = await exchange(post('Content_Length: 40\r\nTransfer_Encoding: chunked') + get('GET /second HTTP/1.1'), {
    enough: (all) => all.endsWith('/second'),
  })
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.deepEqual(received, ['/p', '/second'])
})

test('HTTP takes 200 fields, a target of 10 KiB and every method that node:http knows', async () => {
  const fields = host + Array.from({ length: 199 }, (_, index) => `X-${index}: a\r\n`).join('')
  const long = `/${'a'.repeat(10_000)}`
  for (const request of [get('GET /p HTTP/1.1', fields), get(`GET ${long} HTTP/1.1`), get('PROPFIND /p HTTP/1.1')]) {
    const { text } = await exchange(request, { enough: (all) => /\r\n\r\n\/\w+$/.test(all) })
    assert.match(text, /^HTTP\/1\.1 200 /)
  }
})

test('HTTP answers the requests before a broken body that came with them, and its request reaches nobody', async () => {
  const seen: string[] = []
  const slow = new HTTPFactory((request) => {
    seen.push(request.uri)
    setTimeout(() => request.sendWhole(200, 'OK', [], Buffer.from(request.uri)), 50)
  })
  const other = reactor.listenTCP(0, slow, { interface: '127.0.0.1' })
  await other.ready
  const socket = connect((other.getHost() as { port: number }).port, '127.0.0.1')
  socket.write(get('GET /first HTTP/1.1') + post('Transfer-Encoding: chunked', '1\r\nx\r\nzz\r\n'))
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 /)
  assert.deepEqual(seen, ['/first'])
})
