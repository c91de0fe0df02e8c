import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { TLSContext } from '#src/reactor/reactor.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { HTTP2Client } from '../../support/http2-client.ts'
import { PREFACE } from '../../support/http2-frames.ts'
import { echo, type Echoed } from './serve-http2.ts'

async function serveTLS(
  t: TestContext,
  options: HTTPOptions = {},
  context: TLSContext = {},
): Promise<{ port: number; ca: string; client(): Promise<HTTP2Client> }> {
  const { cert, privateKey } = makeCertificate(testFolder(t), 'server', { names: ['localhost'] })
  const { readFileSync } = await import('node:fs')
  const reactor = new NodeReactor()
  const key = readFileSync(privateKey)
  const listening = reactor.listenTLS(0, new HTTPFactory(echo, options), { key, cert, ...context }, { interface: '127.0.0.1' })
  await listening.ready
  const { port } = listening.getHost() as { port: number }
  const clients: HTTP2Client[] = []
  t.after(async () => {
    for (const client of clients) client.close()
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const client = async (): Promise<HTTP2Client> => {
    const made = await HTTP2Client.connect(`https://localhost:${port}`, { ca: cert, host: '127.0.0.1' } as object)
    clients.push(made)
    return made
  }
  return { port, ca: cert, client }
}

/** Sends a text over TLS, and gives what comes and the protocol that was agreed on. */
async function say(
  { port, ca }: { port: number; ca: string },
  text: string,
  ALPNProtocols?: string[],
): Promise<{ text: string; agreed: string | false | null }> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
  })
  await once(socket, 'secureConnect')
  let received = ''
  socket.setEncoding('latin1').on('data', (data: string) => (received += data))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return { text: received, agreed: socket.alpnProtocol }
}

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

test('HTTPFactory speaks HTTP/2 on TLS with a client that asks for it by ALPN (117)', async (t) => {
  const served = await serveTLS(t)
  const client = await served.client()
  assert.equal(client.session.alpnProtocol, 'h2')
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => client.ask({ ':path': `/${index}`, ':method': 'POST' }, 'x'.repeat(100_000))),
  )
  for (const [index, { status, text }] of answers.entries()) {
    const asked = JSON.parse(text) as Echoed
    assert.deepEqual(
      [status, asked.uri, asked.clientproto, asked.secure, asked.body.length],
      [200, `/${index}`, 'HTTP/2', true, 100_000],
    )
  }
})

test('HTTPFactory speaks HTTP/1.1 on TLS with clients that do not ask for more', async (t) => {
  const served = await serveTLS(t)
  assert.match((await say(served, GET)).text, /^HTTP\/1\.1 200 OK[^]*"clientproto":"HTTP\/1\.1"/)
  const old = await say(served, GET, ['http/1.1'])
  assert.equal(old.agreed, 'http/1.1')
  assert.match(old.text, /^HTTP\/1\.1 200 OK/)
  // Prior knowledge is for connections without TLS (RFC 9113 section 3.3).
  assert.match((await say(served, PREFACE)).text, /^HTTP\/1\.1 400 /)
  assert.equal((await say(served, GET, ['h2', 'http/1.1'])).agreed, 'h2')
})

test('HTTPFactory refuses a plain :scheme on TLS with 421', async (t) => {
  const client = await (await serveTLS(t)).client()
  assert.equal((await client.ask({ ':scheme': 'http' })).status, 421)
  assert.equal((await client.ask()).status, 200)
})

test('HTTPFactory offers only HTTP/1.1 with http2: false, or where the context says so', async (t) => {
  const without = await serveTLS(t, { http2: false })
  assert.equal((await say(without, GET, ['h2', 'http/1.1'])).agreed, 'http/1.1')
  const named = await serveTLS(t, {}, { ALPNProtocols: ['http/1.1'] })
  assert.equal((await say(named, GET, ['h2', 'http/1.1'])).agreed, 'http/1.1')
})

test('HTTPFactory closes a TLS connection of HTTP/2 that is half-closed or cut', async (t) => {
  const served = await serveTLS(t)
  for (const way of ['end', 'destroy'] as const) {
    const socket = connect({
      port: served.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: served.ca,
      ALPNProtocols: ['h2'],
    })
    await once(socket, 'secureConnect')
    socket.on('error', () => undefined)
    socket.resume()
    socket.write(PREFACE)
    socket[way]()
    await once(socket, 'close')
  }
  assert.equal((await (await served.client()).ask()).status, 200)
})
