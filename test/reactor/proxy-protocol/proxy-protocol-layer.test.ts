import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as connectOverTLS } from 'node:tls'
import fc from 'fast-check'
import type { Request } from '#src/http/request.ts'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { CertificateFiles } from '#src/reactor/tls/certificate-files.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import { ClockedReactor, serveTLS } from '../tls/serve-tls.ts'
import { addition, addresses, version1, version2, type Ends } from './headers.ts'

const ends: Ends = { source: ['198.51.100.7', 4321], destination: ['203.0.113.1', 443] }
const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const describe = (request: Request): void => {
  const { peer, host } = request.channel
  request.sendWhole(200, 'OK', [], Buffer.from(JSON.stringify([peer, host, request.isSecure()])))
}
const seen = (secure: boolean): string =>
  JSON.stringify([{ type: 'TCP', host: '198.51.100.7', port: 4321 }, { type: 'TCP', host: '203.0.113.1', port: 443 }, secure])

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  t.after(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function allOf(socket: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const data of socket) text += String(data)
  return text
}

const headers: readonly [string, Buffer][] = [
  ['version 1', version1(ends)],
  ['version 2', version2(0x21, 0x11, addresses(ends))],
  ['version 2 with additions', version2(0x21, 0x11, Buffer.concat([addresses(ends), addition(0x20, Buffer.alloc(200))]))],
]
for (const [name, header] of headers) {
  test(`a port behind a proxy takes the client's address from ${name}, cut anywhere`, async (t) => {
    const { port } = await serveTLS(t, { proxyProtocol: {} }, describe)
    const bytes = Buffer.concat([header, Buffer.from(get)])
    const cuts = fc.sample(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 4 }), 20)
    for (const places of [[], [header.length], ...cuts]) {
      const socket = await open(t, port)
      let from = 0
      for (const place of [...places.toSorted((a, b) => a - b), bytes.length]) {
        socket.write(bytes.subarray(from, place))
        from = place
        await new Promise((resolve) => setImmediate(resolve))
      }
      assert.ok((await allOf(socket)).endsWith(seen(false)), String(places))
    }
  })
}

test('a port behind a proxy reads a header byte by byte', async (t) => {
  const { port } = await serveTLS(t, { proxyProtocol: {} }, describe)
  const socket = await open(t, port)
  for (const byte of Buffer.concat([version1(ends), Buffer.from(get)])) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok((await allOf(socket)).endsWith(seen(false)))
})

test('a port behind a proxy keeps the address of the socket when the proxy speaks for itself', async (t) => {
  const { port } = await serveTLS(t, { proxyProtocol: {} }, describe)
  for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), version2(0x20, 0, Buffer.alloc(0))]) {
    const socket = await open(t, port)
    socket.write(Buffer.concat([header, Buffer.from(get)]))
    const text = await allOf(socket)
    assert.match(text, /\{"type":"TCP","host":"127\.0\.0\.1","port":\d+\},\{"type":"TCP","host":"127\.0\.0\.1"/)
  }
})

test('a PROXY header stands in front of TLS', async (t) => {
  const folder = testFolder(t)
  const made = makeCertificate(folder, 'one', { names: ['localhost'] })
  const tls = new CertificateFiles({ certificates: [made] })
  const { port } = await serveTLS(t, { proxyProtocol: {}, tls }, describe)
  for (const together of [true, false]) {
    const socket = await open(t, port)
    if (together) socket.cork()
    socket.write(version1(ends))
    const secure = connectOverTLS({ socket, ca: made.cert, servername: 'localhost' })
    if (together) process.nextTick(() => socket.uncork())
    secure.write(get)
    assert.ok((await allOf(secure)).endsWith(seen(true)))
  }
})

const refused: readonly [string, string | Buffer, RegExp][] = [
  ['a request without a header', get, /127\.0\.0\.1: it did not begin with a PROXY header$/],
  ['a header that is wrong', 'PROXY TCP4 localhost 127.0.0.1 1 2\r\n', /the addresses in its PROXY header are none$/],
  ['a header that never ends', Buffer.from('PROXY UNKNOWN '.padEnd(4000, 'x')), /does not end within 107 bytes$/],
]
for (const [what, bytes, line] of refused) {
  test(`a port behind a proxy closes on ${what}, with one line in the log`, async (t) => {
    const { port, log } = await serveTLS(t, { proxyProtocol: {} }, describe)
    const socket = await open(t, port)
    socket.write(bytes)
    assert.equal(await allOf(socket).catch(() => ''), '')
    assert.equal(log.of('info').length, 1)
    assert.match(log.of('info')[0]?.message ?? '', line)
  })
}

test('a port behind a proxy closes on whoever it does not trust, before it reads anything (D17)', async (t) => {
  const { port, log } = await serveTLS(t, { proxyProtocol: { trust: ['10.0.0.0/8', '2001:db8::/32'] } }, describe)
  const socket = await open(t, port)
  socket.write(Buffer.concat([version1(ends), Buffer.from(get)]))
  assert.equal(await allOf(socket).catch(() => ''), '')
  assert.match(log.of('info')[0]?.message ?? '', /127\.0\.0\.1: it is not among the trusted proxies$/)
})

test('a port behind a proxy waits for its header for openTimeout seconds', async (t) => {
  const { port, log, reactor } = await serveTLS(t, { proxyProtocol: {}, openTimeout: 3 }, describe)
  const socket = await open(t, port)
  const closed = new Promise((resolve) => socket.resume().once('close', resolve))
  await until('it is seen', () => reactor.clock.getDelayedCalls().some((call) => call.getTime() === 3))
  reactor.clock.advance(2)
  socket.write('PROXY')
  assert.equal(log.records.length, 0)
  reactor.clock.advance(1)
  await closed
  assert.match(log.of('info')[0]?.message ?? '', /its PROXY header did not come within 3 s$/)
})

test('a look whether the port is open leaves no line in the log', async (t) => {
  const { port, log, listening } = await serveTLS(t, { proxyProtocol: {} }, describe)
  const socket = await open(t, port)
  socket.resume()
  socket.end()
  await once(socket, 'close')
  const broken = await open(t, port)
  broken.resume()
  broken.end('PROXY TCP4')
  await once(broken, 'close')
  assert.deepEqual(
    log.records.map(({ message }) => message),
    ['Closed a connection from 127.0.0.1: its PROXY header is not whole'],
  )
  await listening.stopListening()
})

test('a UNIX socket can stand behind a proxy', async (t) => {
  const file = path.join(testFolder(t), 'app.sock')
  const reactor = new ClockedReactor()
  t.after(() => reactor.stop())
  await reactor.listenUNIX(file, new HTTPFactory(describe), { proxyProtocol: {} }).ready
  const socket = connect(file)
  socket.write(Buffer.concat([version2(0x21, 0x11, addresses(ends)), Buffer.from(get)]))
  assert.ok((await allOf(socket)).endsWith(seen(false)))
})

test('whom to trust must be addresses', () => {
  const reactor = new ClockedReactor()
  for (const trust of ['localhost', '10.0.0.0/33', '::1/129', '1.2.3', '', 'fe80::1%lo']) {
    assert.throws(() => reactor.listenTCP(0, new HTTPFactory(describe), { proxyProtocol: { trust: [trust] } }), {
      code: 'PLAIT_CONFIGURATION',
      message: /is none of these: an address like 127\.0\.0\.1/,
    })
  }
})

test('openTimeout and maxOpenings must let somebody through', () => {
  const reactor = new ClockedReactor()
  for (const wrong of [{ openTimeout: 0 }, { openTimeout: -1 }, { maxOpenings: 0 }, { maxOpenings: Number.NaN }])
    assert.throws(() => reactor.listenTCP(0, new HTTPFactory(describe), wrong), { code: 'PLAIT_CONFIGURATION' })
})
