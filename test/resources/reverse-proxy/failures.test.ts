import assert from 'node:assert/strict'
import { createServer as createHTTPServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { ReverseProxyResource } from '#src/resources/reverse-proxy/reverse-proxy-resource.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { pause, until } from '../../support/until.ts'
import { listen, rawUpstream, serveProxy, upstream, type Proxied } from './serve-proxy.ts'

const GET = 'GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n'

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer()
  const url = await listen(server)
  server.close()
  return Number(new URL(url).port)
}

/** Lets `seconds` pass in small steps; sockets get their turn in between. */
async function pass({ reactor }: Proxied, seconds: number): Promise<void> {
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    reactor.clock.advance(0.1)
    await pause(0.005)
  }
}

test('an upstream that was never there: 502, after it had its time to start; later at once (H145)', async (t) => {
  const proxied = await serveProxy(t, `http://127.0.0.1:${await deadPort()}`, { retryFor: 2 })
  const client = await proxied.connect()
  client.socket.write(GET)
  await pass(proxied, 1)
  assert.equal(client.received, '')
  await pass(proxied, 1.5)
  await client.receives(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
  assert.match(JSON.stringify(proxied.logger.records), /cannot be reached: ECONNREFUSED/)
  const second = await proxied.connect()
  second.socket.write(GET)
  await second.receives(/^HTTP\/1\.1 502 /)
})

test('an upstream that restarts: requests wait for it; when it takes too long, 503 with Retry-After', async (t) => {
  const answer = (name: string) => createHTTPServer((_, response) => response.setHeader('Connection', 'close').end(name))
  const first = answer('first')
  const url = await listen(first)
  const port = Number(new URL(url).port)
  const proxied = await serveProxy(t, url, { retryFor: 5 })
  const client = await proxied.connect()
  client.socket.write(GET)
  await client.receives(/first/)
  first.close()

  client.socket.write(`POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`)
  await pass(proxied, 2)
  const second = answer('second')
  await listen(second, port)
  await pass(proxied, 2)
  await client.receives(/second/)
  second.close()

  client.socket.write(GET)
  await pass(proxied, 7)
  await client.receives(/HTTP\/1\.1 503 Service Unavailable\r\nContent-Type.*Retry-After: 5\r\n/s)
})

test('a client that leaves while its request waits is not waited for', async (t) => {
  const proxied = await serveProxy(t, `http://127.0.0.1:${await deadPort()}`, { retryFor: 1000 })
  const client = await proxied.connect()
  client.socket.write(GET)
  await pass(proxied, 1)
  client.socket.resetAndDestroy()
  await until('the request is over', () => proxied.logged.length === 1)
  assert.deepEqual(proxied.logged, ['/app/x 0 aborted'])
})

test('a connection of the pool that has died is replaced, for a request that may be sent twice only', async (t) => {
  let count = 0
  const url = await rawUpstream(t, (socket) => {
    count++
    const mine = count
    // Keeps the connection, then resets it as the next request comes, as a server does whose time for idle connections is over.
    let asked = 0
    socket.on('data', () => {
      asked++
      if (asked === 1) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${mine}`)
      else socket.resetAndDestroy()
    })
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await client.receives(/\r\n\r\n1$/)
  client.socket.write(GET)
  await client.receives(/\r\n\r\n2$/)
  client.socket.write(GET)
  await client.receives(/\r\n\r\n3$/)
  const before = count
  const other = await serveProxy(t, url)
  const poster = await other.connect()
  poster.socket.write(GET)
  await poster.receives(/\r\n\r\n4$/)
  poster.socket.write('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  await poster.receives(/HTTP\/1\.1 502 /)
  assert.equal(count, before + 1)
})

const garbage = new Map<string, string>([
  ['no HTTP', 'hello, this is no HTTP\r\n\r\n'],
  ['no status', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n'],
  ['a field with a space in its name', 'HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n'],
  ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
  ['a head of 100 KiB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(30_000)}`],
  ['a protocol that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\nevil'],
  ['nothing', ''],
])

for (const [name, bytes] of garbage) {
  test(`an upstream that sends ${name}: 502, and the next request is served`, async (t) => {
    let ill = true
    const url = await rawUpstream(t, (socket) => {
      socket.once('data', () => socket.end(ill ? bytes : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell', 'latin1'))
    })
    const { connect } = await serveProxy(t, url)
    const client = await connect()
    client.socket.write(GET)
    await client.receives(/^HTTP\/1\.1 502 Bad Gateway\r\n.*<\/html>\n$/s)
    assert.doesNotMatch(client.received, /evil/)
    ill = false
    client.socket.write(GET)
    await client.receives(/well$/)
  })
}

for (const [name, bytes] of [
  ['inside a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'],
  ['inside a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
  ['with a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\nzz\r\n'],
] as const) {
  for (const how of ['end', 'reset'] as const) {
    test(`an upstream that breaks off ${name} (${how}): the client sees the cut`, async (t) => {
      const url = await rawUpstream(t, (socket) => {
        socket.once('data', () => {
          socket.write(bytes)
          setTimeout(() => (how === 'end' ? socket.end() : socket.resetAndDestroy()), 30)
        })
      })
      const { connect, logged } = await serveProxy(t, url)
      const client = await connect()
      client.socket.write(GET)
      await until('the end', () => client.ended)
      assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n/)
      assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/)
      await until('the line of the log', () => logged.length === 1)
      assert.deepEqual(logged, ['/app/x 200 aborted'])
    })
  }
}

test('an upstream that takes the connection and says nothing: 504', async (t) => {
  let socket: Socket | undefined
  const url = await rawUpstream(t, (one) => {
    socket = one
    one.resume()
  })
  const proxied = await serveProxy(t, url, { responseTimeout: 20 })
  const client = await proxied.connect()
  client.socket.write(GET)
  await until('the connection', () => socket !== undefined)
  await pause(0.05)
  await pass(proxied, 19)
  assert.equal(client.received, '')
  await pass(proxied, 2)
  await client.receives(/^HTTP\/1\.1 504 Gateway Timeout\r\n/)
  await until('the upstream is let go of', () => socket?.destroyed === true || socket?.readableEnded === true)
})

test('an upstream that goes silent within its response is cut', async (t) => {
  const { url } = await upstream(t, (_, response) => {
    response.write('some')
  })
  const proxied = await serveProxy(t, url, { idleTimeout: 20 })
  const client = await proxied.connect()
  client.socket.write(GET)
  await client.receives(/some/)
  await pass(proxied, 19)
  assert.equal(client.ended, false)
  await pass(proxied, 2)
  await until('the cut', () => client.ended)
})

test('more requests than connections wait, not for ever: 504', async (t) => {
  const { url } = await upstream(t, () => undefined)
  const proxied = await serveProxy(t, url, { maxConnections: 1, connectTimeout: 5 })
  const first = await proxied.connect()
  first.socket.write(GET)
  await pause(0.05)
  const second = await proxied.connect()
  second.socket.write(GET)
  await pass(proxied, 6)
  await second.receives(/^HTTP\/1\.1 504 /)
})

test('a circle of proxies ends with 508', async (t) => {
  const reactor = new NodeReactor()
  const root = new Resource()
  const port = reactor.listenTCP(0, new Site(root), { interface: '127.0.0.1' })
  await port.ready
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const proxy = new ReverseProxyResource(`${url}/app`)
  root.putChild('app', proxy)
  t.after(async () => {
    proxy.close()
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  assert.equal((await fetch(`${url}/app`)).status, 508)
})

test('an answer before the end of the upload reaches the client', async (t) => {
  const { url } = await upstream(t, (_, response) => response.writeHead(413, { Connection: 'close' }).end('too much'))
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome')
  await client.receives(/^HTTP\/1\.1 413 .*too much/s)
})
