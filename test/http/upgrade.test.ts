import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request, TakenOver } from '#src/http/request.ts'
import { RawClient } from '../support/raw-client.ts'
import { pause, until } from '../support/until.ts'
import { ClockedReactor } from './clocked-reactor.ts'
import { serve } from './serve.ts'

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
const OPENING = `GET /chat?x HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n${KEY}\r\n`
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const say = (request: Request, text: string): void => request.sendWhole(200, 'OK', [], Buffer.from(text))

/** Answers everything with what it saw, the body included. */
function tell(request: Request): void {
  request.readBody({}, (error, body) => {
    const text = body?.kind === 'bytes' ? Buffer.concat(body.chunks).toString() : ''
    if (error === undefined) say(request, `[${request.method} ${request.uri} ${request.wantsWebSocket} ${text}]`)
  })
}

/** Takes openings over and echoes; answers the rest. */
function echo(taken: TakenOver[]): (request: Request) => void {
  return (request) => {
    if (!request.wantsWebSocket) return tell(request)
    const one = request.takeOver()
    taken.push(one)
    one.socket.write(SWITCH)
    one.socket.write(one.head)
    one.socket.on('data', (bytes: Buffer) => one.socket.write(bytes))
    one.socket.on('end', () => one.socket.end())
  }
}

test('takeOver gives the connection, behind the head of the request; both directions flow', async (t) => {
  const taken: TakenOver[] = []
  const { connect } = await serve(t, echo(taken))
  const client = await connect()
  client.socket.write(`${OPENING}early`)
  await client.receives(/\r\n\r\nearly$/)
  assert.equal(taken[0]?.head.toString(), 'early')
  assert.equal(taken[0]?.incoming.url, '/chat?x')
  client.socket.write('GET / HTTP/1.1\r\n\r\n')
  await client.receives(/earlyGET \/ HTTP\/1\.1\r\n\r\n$/)
  client.socket.end()
  await until('the connection is closed', () => client.ended)
})

test('takeOver ends the request for HTTP: notifyFinish is fulfilled, the access log has a 101', async (t) => {
  const logged: string[] = []
  let finished = false
  const received = (request: Request): void => {
    void request.notifyFinish().then(() => (finished = true))
    echo([])(request)
    assert.throws(() => request.takeOver(), { code: 'PLAIT_RESOURCE', message: /a response has begun/ })
  }
  const { connect } = await serve(t, received, {
    accessLog: (request) => void logged.push(`${request.method} ${request.uri} ${request.code} ${request.aborted}`),
  })
  const client = await connect()
  client.socket.write(OPENING)
  await client.receives(/101 Switching/)
  await until('notifyFinish', () => finished)
  assert.deepEqual(logged, ['GET /chat?x 101 false'])
  client.destroy()
})

test('an opening waits for its turn behind pipelined requests', async (t) => {
  const waiting: Request[] = []
  const { connect } = await serve(t, (request) => (request.wantsWebSocket ? echo([])(request) : void waiting.push(request)))
  const client = await connect()
  client.socket.write(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n${OPENING}`)
  await until('the first request', () => waiting.length === 1)
  client.socket.write('early')
  await pause(0.02)
  assert.equal(client.received, '')
  say(waiting[0] as Request, 'one')
  await until('the second request', () => waiting.length === 2)
  say(waiting[1] as Request, 'two')
  await client.receives(/one.*two.*101 Switching.*\r\n\r\nearly$/s)
})

test('an opening that nobody takes over is a GET, and its connection closes', async (t) => {
  const { connect } = await serve(t, tell)
  for (const before of ['', 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n']) {
    const client = await connect()
    client.socket.write(before + OPENING)
    await until('the server closes', () => client.ended)
    assert.match(client.received, /Connection: close\r\n/)
    assert.match(client.received, /\[GET \/chat\?x true \]$/)
  }
})

test('a response that takes its time, in pieces, to an opening that nobody takes over', async (t) => {
  const { connect } = await serve(t, (request) => {
    request.write('a'.repeat(300_000))
    setTimeout(() => {
      request.write('b')
      request.finish()
    }, 20)
  })
  const client = await connect()
  client.socket.write(OPENING)
  await until('the server closes', () => client.ended)
  assert.match(client.received, /Transfer-Encoding: chunked/)
  assert.match(client.received, /b\r\n0\r\n\r\n$/)
})

test('a client that leaves before it is answered is noticed', async (t) => {
  let request: Request | undefined
  const { connect } = await serve(t, (one) => (request = one))
  const client = await connect()
  client.socket.write(OPENING)
  await until('the request', () => request !== undefined)
  client.socket.resetAndDestroy()
  await until('the loss', () => request?.disconnected === true)
  assert.throws(() => request?.takeOver(), { code: 'PLAIT_CLIENT_GONE' })
})

const INNER = 'GET /inner HTTP/1.1\r\nHost: a\r\n\r\n'
const noOpenings = new Map<string, string>([
  [
    'another protocol',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: Upgrade\r\n${KEY}Content-Length: ${INNER.length}\r\n\r\n${INNER}`,
  ],
  [
    'h2c',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  ],
  [
    'a body',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${KEY}Content-Length: ${INNER.length}\r\n\r\n${INNER}`,
  ],
  [
    'a chunked body',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${KEY}Transfer-Encoding: chunked\r\n\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
  ],
  [
    'POST',
    `POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${KEY}Content-Length: ${INNER.length}\r\n\r\n${INNER}`,
  ],
])

for (const [name, bytes] of noOpenings) {
  test(`${name} is no opening: the body is read as a body, the connection closes (C28)`, async (t) => {
    const { connect } = await serve(t, tell)
    const client = await connect()
    client.socket.write(bytes.slice(0, -20))
    await pause(0.02)
    client.socket.write(`${bytes.slice(-20)}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`)
    await until('the server closes', () => client.ended)
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/)
    assert.match(client.received, /\[(GET|POST) \/ false GET \/inner HTTP\/1\.1\r\nHost: a\r\n\r\n\]$/)
  })
}

for (const [name, fields] of [
  ['no key', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'],
  ['two keys', `Upgrade: websocket\r\nConnection: Upgrade\r\n${KEY}Sec-WebSocket-Key: b\r\n`],
  ['two protocols', `Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n${KEY}`],
  ['two Upgrade fields', `Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n${KEY}`],
] as const) {
  test(`${name}: a plain request, answered behind the one before it; nothing behind it is looked at`, async (t) => {
    const { connect } = await serve(t, tell)
    const client = await connect()
    client.socket.write(
      `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n${fields}\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    await until('the server closes', () => client.ended)
    assert.match(client.received, /\[GET \/1 false \].*\[GET \/ false \]$/s)
  })
}

test('Upgrade without Connection: upgrade says nothing (RFC 9110 section 7.8)', async (t) => {
  const { connect } = await serve(t, tell)
  const client = await connect()
  client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n${KEY}\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.receives(/\[GET \/ false \].*\[GET \/next false \]$/s)
})

test('HTTP/1.0 knows no Upgrade', async (t) => {
  const { connect } = await serve(t, tell)
  const client = await connect()
  client.socket.write(OPENING.replace('HTTP/1.1', 'HTTP/1.0'))
  await client.receives(/\[GET \/chat\?x false \]$/)
})

test('an opening with a head that HTTP forbids is refused', async (t) => {
  const { connect } = await serve(t, () => assert.fail('nobody must see it'))
  const client = await connect()
  client.socket.write(OPENING.replace('Host: a\r\n', ''))
  await until('the server closes', () => client.ended)
  assert.match(client.received, /^HTTP\/1\.1 400 /)
})

test('an opening behind the last request of a connection is not looked at', async (t) => {
  let count = 0
  const { connect } = await serve(t, (request) => {
    count++
    say(request, 'last')
  })
  const client = await connect()
  client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${OPENING}`)
  await until('the server closes', () => client.ended)
  assert.match(client.received, /last$/)
  assert.equal(count, 1)
})

/** A server on a clock of the test's. */
async function clocked(received: (request: Request) => void) {
  const reactor = new ClockedReactor()
  const port = reactor.listenTCP(0, new HTTPFactory(received), { interface: '127.0.0.1' })
  await port.ready
  const client = await RawClient.connect(`http://127.0.0.1:${(port.getHost() as { port: number }).port}`)
  return { reactor, client }
}

test('no timeout of HTTP cuts a connection that was taken over', async () => {
  const { reactor, client } = await clocked(echo([]))
  client.socket.write(OPENING)
  await client.receives(/101 Switching/)
  for (let second = 0; second < 300; second++) reactor.clock.advance(1)
  client.socket.write('still here')
  await client.receives(/still here$/)
  client.destroy()
  await reactor.stop()
})

test('a stop ends connections that were taken over, or tells their owner; after the grace they are cut', async () => {
  let told = 0
  const { reactor, client } = await clocked((request) => {
    const { socket } = request.takeOver(() => told++)
    socket.write(SWITCH)
    socket.resume()
  })
  client.socket.write(OPENING)
  await client.receives(/101 Switching/)
  const stopped = reactor.stop()
  await until('the owner is told', () => told === 1)
  assert.equal(client.ended, false)
  void reactor.stop()
  await stopped
  await until('the connection is cut', () => client.ended)

  const other = await clocked(echo([]))
  other.client.socket.write(OPENING)
  await other.client.receives(/101 Switching/)
  await other.reactor.stop()
  await until('the connection is ended', () => other.client.ended)
})
