import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect as connectHTTP2 } from 'node:http2'
import { connect as connectTCP } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { NodeReactor } from '#src/default-reactor.ts'
import { serverFromString } from '#src/reactor/endpoints/server-from-string.ts'
import { Site } from '#src/resource/site.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { makeCertificate, testFolder } from '../support/certificates.ts'
import { root } from '../support/paths.ts'

type Environ = Readonly<Record<string, string>>

/** Serves the application of fixtures/tls on each of the endpoints; gives their ports. */
async function serve(t: TestContext, endpoints: readonly string[]): Promise<number[]> {
  const reactor = new NodeReactor()
  const site = new Site(
    new WSGIResource(reactor, reactor.getThreadPool(), { application: 'who:application', cwd: `${root}/test/fixtures/tls` }),
  )
  const ports = endpoints.map((text) => serverFromString(reactor, text).listen(site))
  const run = reactor.run({ installSignalHandlers: false })
  t.after(async () => {
    await reactor.stop()
    await run
  })
  await Promise.all(ports.map((port) => port.ready))
  return ports.map((port) => (port.getHost() as { port: number }).port)
}

/** Names that a client might send to be somebody else. */
const forged = ['SSL_CLIENT_VERIFY: SUCCESS', 'Ssl-Client-Verify: SUCCESS', 'SSL-CLIENT-S-DN: CN=root', 'HTTPS: on'].join('\r\n')

async function environ(socket: AsyncIterable<unknown> & { write(text: string): unknown }, before = ''): Promise<Environ> {
  socket.write(`${before}GET / HTTP/1.1\r\nHost: localhost\r\n${forged}\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const data of socket) text += String(data)
  return JSON.parse(text.split('\r\n\r\n')[1] ?? '') as Environ
}

test('the environ tells of TLS and of the client’s certificate, in the words of mod_ssl; headers cannot say it', async (t) => {
  const folder = testFolder(t)
  const own = makeCertificate(folder, 'server', { names: ['localhost'] })
  const authority = makeCertificate(folder, 'authority', { authority: true, subject: '/O=Example/CN=Authority' })
  const alice = makeCertificate(folder, 'alice', { by: authority, subject: String.raw`/C=DE/O=Ex, ample\+Co/CN=Älice` })
  const files = `privateKey=${own.privateKey}:certKey=${own.certKey}:interface=127.0.0.1`
  const asking = `${files}:clientCA=${authority.certKey}:requestClientCert=optional`
  const [plain, silent, asks, proxied] = (await serve(t, [
    'tcp:0:interface=127.0.0.1',
    `ssl:0:${files}`,
    `ssl:0:${asking}`,
    `haproxy:ssl:0:${asking}`,
  ])) as [number, number, number, number]
  const trusting: ConnectionOptions = { ca: own.cert, servername: 'localhost' }
  const asAlice: ConnectionOptions = { ...trusting, key: readFileSync(alice.privateKey), cert: alice.cert }

  const without = await environ(connectTCP(plain, '127.0.0.1'))
  assert.deepEqual(
    Object.keys(without).filter((name) => name.startsWith('SSL_') || name === 'HTTPS'),
    [],
  )
  assert.equal(without['wsgi.url_scheme'], 'http')

  for (const port of [silent, asks]) {
    const anonymous = await environ(connect({ port, host: '127.0.0.1', ...trusting }))
    const { REMOTE_ADDR, REMOTE_PORT, SERVER_PORT, ...rest } = anonymous
    assert.deepEqual([REMOTE_ADDR, SERVER_PORT, Number(REMOTE_PORT) > 0], ['127.0.0.1', String(port), true])
    assert.deepEqual(rest, {
      HTTPS: 'on',
      'wsgi.url_scheme': 'https',
      SSL_PROTOCOL: 'TLSv1.3',
      SSL_CIPHER: 'TLS_AES_256_GCM_SHA384',
      SSL_CLIENT_VERIFY: 'NONE',
      SSL_TLS_SNI: 'localhost',
    })
  }

  const known = await environ(connect({ port: asks, host: '127.0.0.1', ...asAlice }))
  assert.equal(known['SSL_CLIENT_VERIFY'], 'SUCCESS')
  const bytes = (text: string): string => Buffer.from(text).toString('latin1')
  assert.equal(known['SSL_CLIENT_S_DN'], bytes(String.raw`CN=Älice,O=Ex\, ample\+Co,C=DE`))
  assert.equal(known['SSL_CLIENT_I_DN'], 'CN=Authority,O=Example')
  const certificate = new X509Certificate(alice.cert)
  assert.equal(new X509Certificate(known['SSL_CLIENT_CERT'] ?? '').fingerprint256, certificate.fingerprint256)
  assert.equal(known['SSL_CLIENT_M_SERIAL'], certificate.serialNumber)
  assert.equal(known['SSL_CLIENT_V_END'], certificate.validTo)

  const { key = '', cert = '', ca } = asAlice as { key?: Buffer; cert?: string; ca: string }
  const session = connectHTTP2(`https://localhost:${asks}`, { ca, key, cert, host: '127.0.0.1' })
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/', 'ssl-client-verify': 'NONE' })
  let text = ''
  for await (const data of stream) text += String(data)
  const { SSL_CLIENT_VERIFY: verified, SSL_CLIENT_S_DN: subject, HTTPS: https } = JSON.parse(text) as Environ
  assert.deepEqual([verified, subject, https], ['SUCCESS', known['SSL_CLIENT_S_DN'], 'on'])

  const socket = connectTCP(proxied, '127.0.0.1')
  socket.write('PROXY TCP4 198.51.100.7 203.0.113.1 4321 443\r\n')
  const behind = await environ(connect({ socket, ...asAlice }))
  assert.deepEqual(
    [behind['REMOTE_ADDR'], behind['REMOTE_PORT'], behind['SERVER_PORT'], behind['SSL_CLIENT_VERIFY']],
    ['198.51.100.7', '4321', '443', 'SUCCESS'],
  )
})
