import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'

/** A certificate for localhost that signs itself; undefined where there is no openssl to make it. */
function makeCertificate(t: TestContext): { key: Buffer; cert: Buffer } | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [key, cert] = ['key.pem', 'certificate.pem'].map((name) => path.join(folder, name)) as [string, string]
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
  try {
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  } catch {
    t.skip('there is no openssl to make a certificate with')
    return undefined
  }
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

test('NodeReactor.listenTLS serves over TLS, and outlives what is no handshake', async (t) => {
  const certificate = makeCertificate(t)
  if (certificate === undefined) return
  const reactor = new NodeReactor()
  const factory = new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from(`secure: ${request.isSecure()}`)))
  const port = reactor.listenTLS(0, factory, certificate, { interface: '127.0.0.1' })
  await port.ready
  const run = reactor.run({ installSignalHandlers: false })
  const { port: number } = port.getHost() as { port: number }

  const plain = connect(number, '127.0.0.1')
  plain.on('error', () => undefined)
  plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(plain, 'close')

  const text = await new Promise<string>((resolve, reject) => {
    get({ host: '127.0.0.1', port: number, ca: certificate.cert, servername: 'localhost', agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (data: string) => (body += data))
      response.on('end', () => resolve(body))
    }).on('error', reject)
  })
  assert.equal(text, 'secure: true')
  await reactor.stop()
  await run
})
