import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from '../../support/until.ts'
import { rawUpstream, serveProxy, upstream } from './serve-proxy.ts'

const OPENING =
  'GET /app/ws?x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'

test('a WebSocket passes through, with its subprotocol, origin and both closes', async (t) => {
  const { server, url } = await upstream(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  const seen: unknown[] = []
  sockets.on('connection', (socket, incoming) => {
    seen.push(
      incoming.url,
      incoming.headers.origin,
      incoming.headers['x-forwarded-for'],
      incoming.headers['sec-websocket-extensions'],
    )
    socket.on('message', (data, binary) => socket.send(data, { binary }))
    socket.on('close', (code) => seen.push(code))
  })
  const proxied = await serveProxy(t, url)
  const client = new WebSocket(`${proxied.url.replace('http', 'ws')}/app/chat?a`, ['v1'], { origin: 'http://page' })
  await once(client, 'open')
  assert.equal(client.protocol, 'v1')
  const large = 'x'.repeat(3_000_000)
  for (const text of ['hello', large]) {
    client.send(text)
    assert.equal(String((await once(client, 'message'))[0]), text)
  }
  client.close(4001)
  await once(client, 'close')
  await until('the upstream sees the close', () => seen.includes(4001))
  assert.deepEqual(seen.slice(0, 3), ['/chat?a', 'http://page', '127.0.0.1'])
  assert.deepEqual(proxied.logged, ['/app/chat?a 101'])
})

test('what came with the heads is passed on, both ways, and each half ends by itself', async (t) => {
  let received = ''
  let ended = false
  const url = await rawUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write(`${SWITCH}early`)
      socket.on('data', (bytes: Buffer) => (received += bytes.toString()))
      socket.on('end', () => {
        ended = true
        socket.end('last words')
      })
    })
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(`${OPENING}eager`)
  await client.receives(/^HTTP\/1\.1 101 Switching Protocols\r\n(.*\r\n)*\r\nearly$/)
  assert.match(client.received, /Sec-WebSocket-Accept: x\r\n/)
  await until('the early bytes', () => received === 'eager')
  client.socket.end('more')
  await until('the end at the upstream', () => ended && received === 'eagermore')
  await client.receives(/earlylast words$/)
  await until('the end here', () => client.ended)
})

test('an upstream that does not switch is answered as ever', async (t) => {
  const { url } = await upstream(t, (_, response) => response.writeHead(403).end('no'))
  const { connect, logged } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(OPENING)
  await until('the end', () => client.ended)
  assert.match(client.received, /^HTTP\/1\.1 403 Forbidden\r\n.*Connection: close\r\n.*no/s)
  assert.deepEqual(logged, ['/app/ws?x 403'])
})

for (const side of ['client', 'upstream'] as const) {
  test(`when the ${side} is reset, the other side is closed`, async (t) => {
    let far: Socket | undefined
    const url = await rawUpstream(t, (socket) => {
      far = socket
      socket.once('data', () => socket.write(SWITCH))
      socket.resume()
    })
    const { connect } = await serveProxy(t, url)
    const client = await connect()
    client.socket.write(OPENING)
    await client.receives(/101 Switching/)
    if (side === 'client') {
      client.socket.resetAndDestroy()
      await until('the upstream is closed', () => far?.destroyed === true || far?.readableEnded === true)
    } else {
      far?.resetAndDestroy()
      await until('the client is closed', () => client.ended)
    }
  })
}

test('a stop ends the tunnel on both sides', async (t) => {
  const { server, url } = await upstream(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  const proxied = await serveProxy(t, url)
  const client = new WebSocket(`${proxied.url.replace('http', 'ws')}/app`)
  client.on('error', () => undefined)
  await once(client, 'open')
  await Promise.all([once(client, 'close'), proxied.reactor.stop()])
  await until('the upstream has none', () => sockets.clients.size === 0)
})

test('a switch to another protocol than WebSocket: 502', async (t) => {
  const url = await rawUpstream(t, (socket) => {
    socket.once('data', () => socket.write(SWITCH.replace('websocket', 'evil')))
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(OPENING)
  await until('the end', () => client.ended)
  assert.match(client.received, /^HTTP\/1\.1 502 /)
})
