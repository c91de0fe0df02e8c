import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { MemoryReactor } from '#src/testing/memory-reactor.ts'
import { HTTP2Client } from '../../support/http2-client.ts'
import { block, Flag, frame, FrameClient, GET, PREFACE, Type } from '../../support/http2-frames.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { echo, serveHTTP2, type Echoed } from './serve-http2.ts'

function echoPeer(request: Request): void {
  request.sendWhole(200, 'OK', [], Buffer.from(`${request.clientproto} ${request.channel.peerHost}`))
}

test('HTTPFactory speaks HTTP/2 with a client that begins with it, and HTTP/1.1 on the same port (117)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.client()
  const { status, headers, text } = await client.ask({ ':path': '/a/b?c=d', 'x-one': 'yes' })
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/json')
  assert.match(String(headers.server), /^Plait\//)
  assert.match(String(headers.date), /GMT$/)
  const asked = JSON.parse(text) as Echoed
  assert.deepEqual(
    { ...asked, fields: asked.fields.join('|') },
    {
      method: 'GET',
      uri: '/a/b?c=d',
      clientproto: 'HTTP/2',
      host: served.url.slice('http://'.length),
      contentLength: 0,
      secure: false,
      fields: `host|${served.url.slice('http://'.length)}|x-one|yes`,
      body: '',
    },
  )
  const old = await RawClient.connect(served.url)
  old.get('/old')
  await old.receives(/^HTTP\/1\.1 200 OK[^]*"uri":"\/old"/)
  old.destroy()
  await until('both in the log', () => served.log.length === 2)
  assert.deepEqual(
    served.log.map(({ uri, code, clientproto, aborted }) => [uri, code, clientproto, aborted]),
    [
      ['/a/b?c=d', 200, 'HTTP/2', false],
      ['/old', 200, 'HTTP/1.1', false],
    ],
  )
})

test('HTTPFactory knows the preface however its bytes arrive', async (t) => {
  const { url } = await serveHTTP2(t, (request) => request.sendWhole(204, 'No Content', [], undefined))
  const bytes = Buffer.concat([
    Buffer.from(PREFACE),
    frame(Type.SETTINGS, 0, 0),
    frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, block(GET)),
  ])
  for (let cut = 1; cut < PREFACE.length + 2; cut++) {
    const client = await FrameClient.connect(url, bytes.subarray(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.send(bytes.subarray(cut))
    assert.ok(((await client.receives(Type.HEADERS, 1)).flags & Flag.END_STREAM) !== 0, `cut behind ${cut} bytes`)
    client.destroy()
  }
  const slow = await FrameClient.connect(url, bytes.subarray(0, 1))
  for (const byte of bytes.subarray(1)) {
    slow.send(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await slow.receives(Type.HEADERS, 1)
  slow.destroy()
})

test('HTTPFactory takes requests of HTTP/1.1 however their bytes arrive', async (t) => {
  const { url } = await serveHTTP2(t, echo)
  const text = 'PROPFIND /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody'
  for (let cut = 1; cut < text.length; cut++) {
    const client = await RawClient.connect(url)
    client.socket.setNoDelay()
    client.socket.write(text.slice(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.socket.end(text.slice(cut))
    await client.receives(/"method":"PROPFIND".*"body":"body"/)
    client.destroy()
  }
})

test('HTTPFactory closes a connection that ends before a request, and refuses what is only the beginning of the preface', async (t) => {
  const served = await serveHTTP2(t, echo)
  const silent = await RawClient.connect(served.url)
  silent.socket.end()
  await until('the end', () => silent.ended)
  assert.equal(silent.received, '')
  const short = await RawClient.connect(served.url)
  short.socket.end('PRI * HT')
  await short.receives(/^HTTP\/1\.1 400 /)
  await until('the end', () => short.ended)
})

test('HTTPFactory never upgrades to HTTP/2: a GET that asks for it is a GET', async (t) => {
  const { url } = await serveHTTP2(t, echo)
  const client = await RawClient.connect(url)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
  )
  await client.receives(/^HTTP\/1\.1 200 OK[^]*"clientproto":"HTTP\/1\.1"/)
  client.destroy()
})

test('HTTPFactory with http2: false has never heard of HTTP/2', async (t) => {
  const { url, factory } = await serveHTTP2(t, echo, { http2: false })
  assert.deepEqual(factory.acceptableProtocols(), ['http/1.1'])
  const client = await RawClient.connect(url)
  client.socket.write(PREFACE)
  await client.receives(/^HTTP\/1\.1 400 /)
  client.destroy()
})

test('HTTPFactory speaks HTTP/2 in memory too, and its clock is the one of the test', async () => {
  const reactor = new MemoryReactor()
  const port = reactor.listenTCP(8080, new HTTPFactory(echo))
  const socket = port.open({ peer: { type: 'TCP', host: '192.0.2.7', port: 1 } })
  const client = new HTTP2Client('http://shop.example', { createConnection: () => socket })
  const { status, text } = await client.ask({ ':method': 'POST', ':path': '/memory' }, 'x'.repeat(500_000))
  assert.equal(status, 200)
  const asked = JSON.parse(text) as Echoed
  assert.equal(asked.host, 'shop.example:80')
  assert.equal(asked.body.length, 500_000)
  const closed = once(client.session, 'close')
  reactor.advance(101)
  await closed
  assert.equal(client.goneAway, 0)
})

test('HTTPFactory speaks HTTP/2 behind a PROXY header, also when all comes at once', async () => {
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new HTTPFactory(echoPeer), { interface: '127.0.0.1', proxyProtocol: {} })
  await port.ready
  const { port: number } = port.getHost() as { port: number }
  const opening = [PREFACE, frame(Type.SETTINGS, 0, 0), frame(Type.HEADERS, 5, 1, block(GET))].map((part) =>
    Buffer.from(part as string),
  )
  const header = Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 5000 80\r\n')
  const client = await FrameClient.connect(`http://127.0.0.1:${number}`, Buffer.concat([header, ...opening]))
  assert.equal((await client.receives(Type.DATA, 1)).payload.toString(), 'HTTP/2 203.0.113.7')
  client.destroy()
  await reactor.stop()
})

test('HTTPFactory takes limits that are no limits for HTTP/2 too', async (t) => {
  const served = await serveHTTP2(t, echo, { maxStreams: Infinity, maxHeadSize: 2 ** 40, maxFields: Infinity })
  assert.equal((await (await served.client()).ask()).status, 200)
})

test('HTTPFactory answers what curl asks by prior knowledge', async (t) => {
  const { url } = await serveHTTP2(t, echo)
  const curl = promisify(execFile)
  const version = await curl('curl', ['--version']).catch(() => ({ stdout: '' }))
  // Not everywhere, and not always with HTTP/2: then another client has shown it above.
  if (!/\bHTTP2\b/.test(version.stdout)) return assert.doesNotMatch(version.stdout, /\bHTTP2\b/)
  const { stdout } = await curl('curl', [
    '-s',
    '--max-time',
    '10',
    '--http2-prior-knowledge',
    '-d',
    'a=b',
    '-w',
    ' %{http_version}',
    `${url}/c`,
  ])
  assert.match(stdout, /"method":"POST","uri":"\/c","clientproto":"HTTP\/2".*"body":"a=b"\} 2$/)
})

test('HTTPFactory lives on when a connection is cut in the middle of a frame', async (t) => {
  const served = await serveHTTP2(t, echo)
  for (let size = 1; size < 40; size += 3) {
    const { port } = new URL(served.url)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => undefined)
    socket.write(
      Buffer.concat([Buffer.from(PREFACE), frame(Type.SETTINGS, 0, 0), frame(Type.HEADERS, 5, 1, block(GET))]).subarray(
        0,
        24 + size,
      ),
    )
    await new Promise((resolve) => setImmediate(resolve))
    socket.resetAndDestroy()
  }
  const client = await served.client()
  assert.equal((await client.ask()).status, 200)
})
