import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { once } from 'node:events'
import { test } from 'node:test'
import { readFileSync } from 'node:fs'
import { RawClient } from '../../support/raw-client.ts'
import { pause, until } from '../../support/until.ts'
import { listen, rawUpstream, serveProxy, upstream } from './serve-proxy.ts'

const GET = 'GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n'

test('status, reason and fields of the upstream go on as they are; repeated ones stay apart (H145)', async (t) => {
  const { url } = await upstream(t, (_, response) => {
    response.sendDate = false
    response.writeHead(418, 'I am', [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Server',
      'up/1',
      'X-Latin',
      '\xe9',
      'X-Own',
      'x',
      'Connection',
      'X-Own',
    ])
    response.end(Buffer.from('tea'))
  })
  const { connect, logged } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await client.receives(/0\r\n\r\n$/)
  assert.match(
    client.received,
    /^HTTP\/1\.1 418 I am\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: up\/1\r\nX-Latin: \xe9\r\n/,
  )
  assert.doesNotMatch(client.received, /X-Own|Content-Type/)
  assert.match(client.received, /Transfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n$/s)
  await until('the line of the log', () => logged.length === 1)
  assert.deepEqual(logged, ['/app/x 418'])
})

test('a length of the upstream is kept, its transfer coding and trailers are not', async (t) => {
  const { url } = await upstream(t, (incoming, response) => {
    if (incoming.url === '/x') return response.writeHead(200, { 'Content-Length': 2 }).end('ok')
    response.writeHead(200, { Trailer: 'X-T', 'Transfer-Encoding': 'chunked' })
    response.write('a')
    response.addTrailers({ 'X-T': 'secret' })
    return response.end('b')
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await client.receives(/Content-Length: 2\r\n.*\r\n\r\nok$/s)
  client.socket.write(GET.replace('/x', '/y'))
  await client.receives(/0\r\n\r\n$/)
  assert.doesNotMatch(client.received, /secret|Trailer/)
})

for (const [method, status, headers, expected] of [
  ['HEAD', 200, { 'Content-Length': '5' }, /Content-Length: 5\r\n/],
  ['GET', 204, {}, /^HTTP\/1\.1 204 No Content\r\n/],
  ['GET', 304, { ETag: '"a"', 'Content-Length': '5' }, /ETag: "a"\r\n/],
] as const) {
  test(`${method} with ${status} has no body, and the connection goes on`, async (t) => {
    const { url } = await upstream(t, (incoming, response) => {
      if (incoming.url === '/next') return response.end('next')
      response.writeHead(status, headers)
      return response.end()
    })
    const { connect } = await serveProxy(t, url)
    const client = await connect()
    client.socket.write(GET.replace('GET', method))
    await client.receives(/\r\n\r\n$/)
    assert.match(client.received, expected)
    assert.doesNotMatch(client.received, /Transfer-Encoding/)
    client.socket.write(GET.replace('/x', '/next'))
    await client.receives(/\r\n\r\nnext$/)
  })
}

test('early hints go on before the response', async (t) => {
  let answer: ServerResponse | undefined
  const { url } = await upstream(t, (_, response) => {
    answer = response
    response.writeProcessing()
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await client.receives(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\n$/i)
  answer?.end('ok')
  await client.receives(/HTTP\/1\.1 200 OK/)
})

test('pieces go on as they come: server-sent events are not held back', async (t) => {
  let answer: ServerResponse | undefined
  const { url } = await upstream(t, (_, response) => {
    answer = response
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: 1\n\n')
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await client.receives(/data: 1\n\n/)
  answer?.write('data: 2\n\n')
  await client.receives(/data: 2\n\n/)
})

test('a connection to the upstream is used again (H145)', async (t) => {
  const sockets = new Set<Socket>()
  const { url } = await upstream(t, (incoming, response) => {
    sockets.add(incoming.socket)
    response.end('ok')
  })
  const proxied = await serveProxy(t, url)
  for (let count = 0; count < 3; count++) assert.equal(await (await fetch(`${proxied.url}/app`)).text(), 'ok')
  assert.equal(sockets.size, 1)
})

test('a response of any size goes no faster than the client reads, and takes little memory', async (t) => {
  const size = 200 * 1024 * 1024
  let sent = 0
  const { url } = await upstream(t, (_, response) => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    response.writeHead(200, { 'Content-Length': size })
    const more = (): void => {
      while (sent < size) {
        sent += chunk.length
        if (!response.write(chunk)) return
      }
      response.end()
    }
    response.on('drain', more)
    more()
  })
  const proxied = await serveProxy(t, url)
  const client = await RawClient.connect(proxied.url, { paused: true })
  t.after(() => client.destroy())
  client.socket.write(GET)
  let before = -1
  while (sent !== before) {
    before = sent
    await pause(0.3)
  }
  assert.ok(sent > 0 && sent < size / 4, `${sent} bytes`)
  let received = 0
  client.socket.on('data', (chunk: Buffer) => (received += chunk.length))
  await until('all of it', () => received > size)
})

test('a client that leaves takes its request at the upstream with it', async (t) => {
  let closed = false
  let arrived = false
  const { url } = await upstream(t, (incoming, response) => {
    arrived = true
    response.write('some')
    incoming.socket.on('close', () => (closed = true))
  })
  const { connect } = await serveProxy(t, url)
  const client = await connect()
  client.socket.write(GET)
  await until('the upstream works', () => arrived)
  await client.receives(/some/)
  client.socket.resetAndDestroy()
  await until('the upstream knows', () => closed)
})

test('UNIX sockets: host and paths', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'proxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const server = createServer((incoming, response) => response.end(`${incoming.headers.host} ${incoming.url}`))
  server.listen(path.join(folder, 's.sock'))
  await once(server, 'listening')
  t.after(() => void server.close())
  const { url } = await serveProxy(t, `unix:${folder}/s.sock:/base`)
  assert.equal(await (await fetch(`${url}/app/x?y`)).text(), 'localhost /base/x?y')
})

test('https: the certificate is checked, against the name of the upstream', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'proxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  ]
  execFileSync('openssl', [...made, '-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`], { stdio: 'ignore' })
  const cert = readFileSync(`${folder}/cert.pem`)
  const server = createSecureServer(
    { key: readFileSync(`${folder}/key.pem`), cert },
    (_: IncomingMessage, response: ServerResponse) => response.end('secret'),
  )
  const address = (await listen(server)).replace('http://127.0.0.1', 'https://localhost')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const trusting = await serveProxy(t, address, { tls: { ca: cert } })
  assert.equal(await (await fetch(`${trusting.url}/app`)).text(), 'secret')
  const wary = await serveProxy(t, address)
  assert.equal((await fetch(`${wary.url}/app`)).status, 502)
  assert.match(JSON.stringify(wary.logger.records), /self-signed/)
})

test('a response that ends with its connection is whole', async (t) => {
  const url = await rawUpstream(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
  })
  const proxied = await serveProxy(t, url)
  assert.equal(await (await fetch(`${proxied.url}/app`)).text(), 'all of it')
})
