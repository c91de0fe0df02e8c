import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as connectOverTLS } from 'node:tls'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { CertificateFiles } from '#src/reactor/tls/certificate-files.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import { ask, ClockedReactor, connectTLS, serveTLS } from './serve-tls.ts'

function filesFor(t: TestContext): CertificateFiles {
  return new CertificateFiles({ certificates: [makeCertificate(testFolder(t), 'one', { names: ['localhost'] })] })
}

async function silent(t: TestContext, port: number): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) }
}

const trusting = { rejectUnauthorized: false, servername: 'localhost' }

test('a handshake has openTimeout seconds, however often a byte comes', async (t) => {
  const { port, reactor, log } = await serveTLS(t, { tls: filesFor(t), openTimeout: 10 })
  const { socket, closed } = await silent(t, port)
  await until('it is seen', () => reactor.clock.getDelayedCalls().some((call) => call.getTime() === 10))
  // The beginning of a record that holds a ClientHello.
  for (const byte of [0x16, 3, 1, 1]) {
    socket.write(Buffer.from([byte]))
    reactor.clock.advance(2)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(socket.destroyed, false)
  reactor.clock.advance(2)
  await closed
  assert.ok(log.of('debug').some(({ message }) => message === 'A TLS handshake was not done within 10 s'))
})

test('with more than maxOpenings unfinished handshakes the oldest end, and others get through', async (t) => {
  const { port, log } = await serveTLS(t, { tls: filesFor(t), maxOpenings: 3 })
  const waiting: { closed: Promise<unknown> }[] = []
  for (let count = 0; count < 5; count++) waiting.push(await silent(t, port))
  await Promise.all(waiting.slice(0, 2).map(({ closed }) => closed))
  assert.match(await ask(await connectTLS(t, port, trusting)), /200 OK/)
  assert.deepEqual(
    log.of('warn').map(({ message }) => message),
    ['More than 3 connections have not opened yet: the oldest are closed'],
  )
})

test('connections whose handshake is done do not count among maxOpenings', async (t) => {
  const { port } = await serveTLS(t, { tls: filesFor(t), maxOpenings: 1 })
  const clients = []
  // In TLS 1.3 a client is done before the server is.
  for (let count = 0; count < 4; count++) clients.push(await connectTLS(t, port, { ...trusting, maxVersion: 'TLSv1.2' }))
  for (const client of clients) assert.match(await ask(client), /200 OK/)
})

test('ALPN offers what the factory speaks, and refuses what it does not (RFC 7301)', async (t) => {
  const { port } = await serveTLS(t, { tls: filesFor(t) }, (request) => {
    request.sendWhole(200, 'OK', [], Buffer.from(String(request.channel.tls?.alpnProtocol)))
  })
  const client = await connectTLS(t, port, { ...trusting, ALPNProtocols: ['nonsense', 'http/1.1'] })
  assert.equal(client.alpnProtocol, 'http/1.1')
  assert.match(await ask(client), /http\/1\.1$/)
  assert.match(await ask(await connectTLS(t, port, trusting)), /undefined$/)
  await assert.rejects(connectTLS(t, port, { ...trusting, ALPNProtocols: ['nonsense'] }))
})

test('a client cannot negotiate anew what was negotiated', async (t) => {
  const { port } = await serveTLS(t, { tls: filesFor(t) })
  const client = await connectTLS(t, port, { ...trusting, maxVersion: 'TLSv1.2' })
  client.on('error', () => undefined)
  const error = await new Promise<Error | null | undefined>((resolve) => {
    client.renegotiate({}, resolve)
    client.once('error', resolve)
  })
  assert.match(String(error), /no renegotiation|ERR_|renegotiat/i)
})

test('TLS before 1.2 is refused', async (t) => {
  const { port } = await serveTLS(t, { tls: filesFor(t) })
  const old = { ...trusting, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await assert.rejects(connectTLS(t, port, old))
})

test('a port with TLS outlives plain HTTP, nonsense, and clients that leave in the middle', async (t) => {
  const { port, log, reactor } = await serveTLS(t, { tls: filesFor(t), openTimeout: 10 })
  for (const bytes of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', '\0'.repeat(40000)]) {
    const { socket, closed } = await silent(t, port)
    socket.end(Buffer.from(bytes, 'latin1'))
    // A handshake that the client has half-closed ends when its time is over.
    await until('it is closed', () => {
      reactor.clock.advance(1)
      return socket.closed
    })
    await closed
  }
  const { socket } = await silent(t, port)
  socket.write(Buffer.from('1603010200010001fc0303', 'hex'))
  socket.resetAndDestroy()
  assert.match(await ask(await connectTLS(t, port, trusting)), /200 OK/)
  assert.deepEqual([...log.of('error'), ...log.of('info')], [])
})

test('stopListening ends handshakes that are not done; connections live on', async (t) => {
  const { port, listening } = await serveTLS(t, { tls: filesFor(t) })
  const open = await connectTLS(t, port, trusting)
  const { closed } = await silent(t, port)
  const { closed: other } = await silent(t, port)
  await listening.stopListening()
  await Promise.all([closed, other])
  assert.match(await ask(open), /200 OK/)
})

test("listenTLS takes node:tls's own options too, and a UNIX socket can have TLS", async (t) => {
  const made = makeCertificate(testFolder(t), 'one', { names: ['localhost'] })
  const file = path.join(testFolder(t), 'app.sock')
  const reactor = new ClockedReactor()
  t.after(() => reactor.stop())
  const factory = new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from(String(request.isSecure()))))
  const tls = { key: readFileSync(made.privateKey), cert: made.cert }
  const ports = [reactor.listenTLS(0, factory, tls, { interface: '127.0.0.1' }), reactor.listenUNIX(file, factory, { tls })]
  await Promise.all(ports.map((port) => port.ready))
  const [port] = ports.map((one) => (one.getHost() as { port: number }).port) as [number]
  for (const where of [{ port, host: '127.0.0.1' }, { path: file }]) {
    const client = connectOverTLS({ ...where, ca: made.cert, servername: 'localhost' })
    await once(client, 'secureConnect')
    assert.match(await ask(client), /true$/)
  }
})

test('a port whose certificate is not right does not listen', (t) => {
  const reactor = new ClockedReactor()
  t.after(() => reactor.stop())
  const tls = new CertificateFiles({ certificates: [{ privateKey: '/none.pem' }] })
  assert.throws(() => reactor.listenTCP(0, new HTTPFactory(() => undefined), { tls }), { code: 'PLAIT_CERTIFICATE' })
  assert.deepEqual(reactor.clock.getDelayedCalls(), [])
  const nonsense = { key: 'no key', cert: 'no certificate' }
  assert.throws(() => reactor.listenTLS(0, new HTTPFactory(() => undefined), nonsense), {
    code: 'PLAIT_CERTIFICATE',
    message: /^Cannot use these options of TLS: /,
  })
})
