import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import { WebSocket, type ClientOptions } from 'ws'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { WebSocketResource, type WebSocketHandler, type WebSocketOptions } from '#src/resources/websocket/websocket-resource.ts'
import { RecordingLogger } from '#src/testing.ts'
import { ClockedReactor } from '../../http/clocked-reactor.ts'
import { until } from '../../support/until.ts'

const echo: WebSocketHandler = (socket) => {
  socket.on('message', (data, binary) => socket.send(data as Buffer, { binary }))
}

async function serve(t: TestContext, handler: WebSocketHandler, options: WebSocketOptions = {}) {
  const logger = new RecordingLogger()
  const reactor = new ClockedReactor({ logger })
  const root = new Resource()
  const resource = new WebSocketResource(handler, options)
  root.putChild('ws', resource)
  const logged: string[] = []
  const site = new Site(root, { logger, accessLog: ({ uri, code }) => void logged.push(`${uri} ${code}`) })
  const port = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
  await port.ready
  const host = `127.0.0.1:${(port.getHost() as { port: number }).port}`
  const sockets: WebSocket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.terminate()
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const open = (protocols: string[] = [], more: ClientOptions = {}): WebSocket => {
    const socket = new WebSocket(`ws://${host}/ws/some/room?a=b`, protocols, more)
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }
  return { reactor, logger, host, open, logged, resource }
}

/** Why the server did not open it. */
async function refusal(socket: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }]
  return response.statusCode
}

test('WebSocketResource echoes text and bytes; the request tells path and query', async (t) => {
  const seen: Request[] = []
  const { open, logged, resource } = await serve(t, (socket, request) => {
    seen.push(request)
    return echo(socket, request)
  })
  const socket = open()
  await once(socket, 'open')
  for (const [sent, binary] of [
    ['häß', false],
    [Buffer.from([0, 255]), true],
  ] as const) {
    socket.send(sent)
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean]
    assert.deepEqual([data, isBinary], [Buffer.from(sent as string), binary])
  }
  assert.deepEqual([seen[0]?.postpath, seen[0]?.queryString, seen[0]?.code], [['some', 'room'], 'a=b', 101])
  assert.deepEqual(logged, ['/ws/some/room?a=b 101'])
  assert.equal([...resource.connections].length, 1)
  assert.equal(socket.extensions, '')
  socket.close(1000)
  await until('the server forgets it', () => [...resource.connections].length === 0)
})

test('a plain GET gets 426, POST gets 405', async (t) => {
  const { host } = await serve(t, echo)
  const response = await fetch(`http://${host}/ws`)
  assert.deepEqual([response.status, response.headers.get('upgrade')], [426, 'websocket'])
  assert.match(await response.text(), /There is a WebSocket here/)
  const post = await fetch(`http://${host}/ws`, { method: 'POST', body: 'x' })
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET'])
})

test('the first subprotocol of the client that the server speaks is chosen', async (t) => {
  const { open } = await serve(t, echo, { protocols: ['b', 'c'] })
  const socket = open(['a', 'c', 'b'])
  await once(socket, 'open')
  assert.equal(socket.protocol, 'c')
})

test('openings that are malformed get a page, and no 101', async (t) => {
  const { host, logged } = await serve(t, echo)
  const good = { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const wrong: [number, Record<string, string>][] = [
    [426, { 'Sec-WebSocket-Version': '12' }],
    [400, { 'Sec-WebSocket-Protocol': 'a,,b' }],
    [400, { 'Sec-WebSocket-Key': 'short' }],
  ]
  for (const [status, fields] of wrong) {
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', ...good, ...fields }
    const asked = get(`http://${host}/ws`, { headers, agent: false })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    assert.equal(response.statusCode, status)
  }
  await until('three lines', () => logged.length === 3)
  assert.doesNotMatch(logged.join(), /101/)
})

test('only pages of the server itself may open it, and those of the origins named', async (t) => {
  const { open, host } = await serve(t, echo, { origins: ['https://friend.example'] })
  for (const origin of [`http://${host}`, 'https://friend.example', `https://${host}`]) {
    await once(open([], { origin }), 'open')
  }
  await once(open(), 'open')
  for (const origin of [
    'https://evil.example',
    'null',
    'file://',
    `http://${host}.evil.example`,
    'http://127.0.0.1:1',
    `http://x@${host}`,
  ]) {
    assert.equal(await refusal(open([], { origin })), 403, origin)
  }
})

test('origins may be all, or a function', async (t) => {
  const all = await serve(t, echo, { origins: '*' })
  await once(all.open([], { origin: 'https://evil.example' }), 'open')
  const asked = await serve(t, echo, { origins: (origin, request) => origin === 'https://x' && request.path.startsWith('/ws') })
  await once(asked.open([], { origin: 'https://x' }), 'open')
  assert.equal(await refusal(asked.open([], { origin: `http://${asked.host}` })), 403)
})

test('a message longer than maxPayload ends the connection with 1009', async (t) => {
  const { open } = await serve(t, echo, { maxPayload: 10 })
  const socket = open()
  await once(socket, 'open')
  socket.send('x'.repeat(11))
  assert.equal((await once(socket, 'close'))[0], 1009)
})

test('one connection more than maxConnections gets 503, until one leaves', async (t) => {
  const { open, resource } = await serve(t, echo, { maxConnections: 1 })
  const first = open()
  await once(first, 'open')
  assert.equal(await refusal(open()), 503)
  first.terminate()
  await until('it has left', () => [...resource.connections].length === 0)
  await once(open(), 'open')
})

for (const [name, handler] of [
  [
    'throws',
    () => {
      throw new Error('boom')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('boom')
    },
  ],
  [
    'has a listener that throws',
    (socket) =>
      void socket.on('message', () => {
        throw new Error('boom')
      }),
  ],
] as [string, WebSocketHandler][]) {
  test(`onConnection that ${name} is logged and closes with 1011`, async (t) => {
    const { open, logger } = await serve(t, handler)
    const socket = open()
    socket.on('open', () => socket.send('x'))
    assert.equal((await once(socket, 'close'))[0], 1011)
    assert.match(JSON.stringify(logger.records), /WebSocket failed.*boom/)
  })
}

test('onConnection may give something else than a promise', async (t) => {
  // What an arrow function without braces gives.
  const handler: unknown = (one: WebSocket) => one.on('message', (data) => one.send(String(data)))
  const { open } = await serve(t, handler as WebSocketHandler)
  const socket = open()
  socket.on('open', () => socket.send('x'))
  assert.equal(String((await once(socket, 'message'))[0]), 'x')
})

test('a peer that does not answer pings is cut; one that does stays', async (t) => {
  const { open, reactor, resource } = await serve(t, echo)
  const alive = open()
  const dead = open([], { autoPong: false } as ClientOptions)
  await Promise.all([once(alive, 'open'), once(dead, 'open')])
  await until('both are known', () => [...resource.connections].length === 2)
  reactor.clock.advance(30)
  await once(alive, 'ping')
  alive.send('heard')
  await once(alive, 'message')
  reactor.clock.advance(30)
  await once(dead, 'close')
  assert.equal(alive.readyState, WebSocket.OPEN)
})

test('when the server stops, sockets are closed with 1001', async (t) => {
  const { open, reactor } = await serve(t, echo)
  const socket = open()
  await once(socket, 'open')
  const closed = once(socket, 'close')
  const stopped = reactor.stop()
  assert.equal((await closed)[0], 1001)
  await stopped
})

test('bytes that are no frame end the connection, nothing else', async (t) => {
  const { open, host } = await serve(t, echo)
  const socket = open()
  await once(socket, 'open')
  ;(Reflect.get(socket, '_socket') as NodeJS.WritableStream).write(Buffer.from([0xff, 0xff, 0, 1, 2]))
  await once(socket, 'close')
  assert.equal((await fetch(`http://${host}/ws`)).status, 426)
})

test('WebSocketResource cuts a client that sends and sends and reads nothing', async (t) => {
  const { open, logger, resource } = await serve(t, echo, { maxBuffered: 2 ** 20 })
  const socket = open()
  await once(socket, 'open')
  const [peer] = resource.connections
  const closed = once(peer as WebSocket, 'close')
  socket.pause()
  const message = Buffer.alloc(65536)
  // The systems on both sides buffer some MiB themselves.
  for (let sent = 0; sent < 64 * 2 ** 20 && peer?.readyState === WebSocket.OPEN; sent += message.length) {
    socket.send(message)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  const cuts = logger.records.filter(({ level }) => level === 'warn').map(({ message: text }) => text)
  assert.deepEqual(cuts, ['Cut a WebSocket: its client left more than 1048576 bytes waiting'])
  assert.equal([...resource.connections].length, 0)
})

test('WebSocketResource sends one message that is larger than maxBuffered to a client that reads', async (t) => {
  const { open } = await serve(t, (socket) => socket.send(Buffer.alloc(3 * 2 ** 20)), { maxBuffered: 2 ** 20 })
  const socket = open()
  const [data] = (await once(socket, 'message')) as [Buffer]
  assert.equal(data.length, 3 * 2 ** 20)
})
