import assert from 'node:assert/strict'
import { writeFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { CertificateFiles } from '#src/reactor/tls/certificate-files.ts'
import type { CertificateFilesOptions } from '#src/reactor/tls/certificate-options.ts'
import { makeCertificate, testFolder, type MadeCertificate } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'
import { ask, connectTLS, serveTLS, type TLSServer } from './serve-tls.ts'

interface Parties {
  readonly server: TLSServer
  readonly alice: ConnectionOptions
  readonly mallory: ConnectionOptions
  readonly nobody: ConnectionOptions
}

/** A server that asks for certificates, and clients with a good one, with one that anybody could make, and with none. */
async function parties(t: TestContext, more: Partial<CertificateFilesOptions>): Promise<Parties> {
  const folder = testFolder(t)
  const own = makeCertificate(folder, 'server', { names: ['localhost'] })
  const other = makeCertificate(folder, 'other', { names: ['other.example'] })
  const authority = makeCertificate(folder, 'authority', { authority: true })
  const [good, bad] = [makeCertificate(folder, 'alice', { by: authority }), makeCertificate(folder, 'mallory')]
  const certificates = new CertificateFiles({ certificates: [own, other], clientCA: authority.certKey, ...more })
  const server = await serveTLS(t, { tls: certificates })
  const nobody = { rejectUnauthorized: false, servername: 'localhost' }
  const as = ({ privateKey, cert }: MadeCertificate): ConnectionOptions => ({ ...nobody, key: readFileSync(privateKey), cert })
  return { server, alice: as(good), mallory: as(bad), nobody }
}

/** The answer, or that there was none: a client of TLS 1.3 hears of a refusal only when it reads. */
async function answerTo(t: TestContext, port: number, options: ConnectionOptions): Promise<string> {
  try {
    return (await ask(await connectTLS(t, port, options))).split('\r\n\r\n')[1] ?? ''
  } catch {
    return 'refused'
  }
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`CertificateFiles with clientCA lets nobody in without a certificate of that authority (${maxVersion})`, async (t) => {
    const { server, alice, mallory, nobody } = await parties(t, {})
    for (const servername of ['localhost', 'other.example', 'unknown.example']) {
      assert.equal(await answerTo(t, server.port, { ...alice, servername, maxVersion }), `true ${servername} SUCCESS`)
      assert.equal(await answerTo(t, server.port, { ...mallory, servername, maxVersion }), 'refused')
      assert.equal(await answerTo(t, server.port, { ...nobody, servername, maxVersion }), 'refused')
    }
  })

  test(`CertificateFiles with requestClientCert: 'optional' takes none, and no wrong one (${maxVersion})`, async (t) => {
    const { server, alice, mallory, nobody } = await parties(t, { requestClientCert: 'optional' })
    assert.equal(await answerTo(t, server.port, { ...alice, maxVersion }), 'true localhost SUCCESS')
    assert.equal(await answerTo(t, server.port, { ...nobody, maxVersion }), 'true localhost NONE')
    assert.equal(await answerTo(t, server.port, { ...mallory, maxVersion }), 'refused')
    await until('the log says why', () =>
      server.log.records.find(({ message }) => /its client certificate is not trusted \(FAILED:\w+\)/.test(message)),
    )
  })

  test(`a session that is resumed proves no more than it did the first time (${maxVersion})`, async (t) => {
    const { server, alice, nobody } = await parties(t, { requestClientCert: 'optional' })
    for (const [client, verified] of [
      [nobody, 'NONE'],
      [alice, 'SUCCESS'],
    ] as const) {
      const first = await connectTLS(t, server.port, { ...client, maxVersion })
      // TLS 1.2 has it in the handshake, 1.3 sends it afterwards.
      const sessions = maxVersion === 'TLSv1.2' ? [first.getSession()] : []
      first.on('session', (one) => sessions.push(one))
      assert.match(await ask(first), new RegExp(`${verified}$`))
      const session = await until('the session is there', () => sessions.at(-1))
      const again = await connectTLS(t, server.port, { ...nobody, maxVersion, session })
      assert.equal(again.isSessionReused(), true)
      assert.match(await ask(again), new RegExp(`${verified}$`))
    }
  })

  test(`a session that a refused client was given lets nobody in (${maxVersion})`, async (t) => {
    const { server, mallory, nobody } = await parties(t, {})
    const sessions: Buffer[] = []
    const first = connect({ host: '127.0.0.1', port: server.port, ...mallory, maxVersion })
    t.after(() => first.destroy())
    first.on('session', (session) => sessions.push(session)).on('error', () => undefined)
    await new Promise((resolve) => first.resume().on('close', resolve))
    for (const session of [...sessions, undefined]) {
      for (const client of [mallory, nobody]) {
        const options = { ...client, maxVersion, ...(session === undefined ? {} : { session }) }
        assert.equal(await answerTo(t, server.port, options), 'refused')
      }
    }
  })
}

test('the client certificate is there for resources', async (t) => {
  const folder = testFolder(t)
  const own = makeCertificate(folder, 'server', { names: ['localhost'] })
  const authority = makeCertificate(folder, 'authority', { authority: true })
  const alice = makeCertificate(folder, 'alice', { by: authority, subject: '/O=Example/CN=Alice' })
  let seen: unknown
  const tls = new CertificateFiles({ certificates: [own], clientCA: authority.certKey, minVersion: 'TLSv1.3' })
  const { port } = await serveTLS(t, { tls }, (request) => {
    const { tls: info } = request.channel
    seen = [info?.protocol, info?.cipher.startsWith('TLS_'), info?.clientVerify, info?.clientCertificate?.subject]
    request.sendWhole(204, 'No Content', [], undefined)
  })
  const client = { rejectUnauthorized: false, servername: 'localhost', key: readFileSync(alice.privateKey), cert: alice.cert }
  await ask(await connectTLS(t, port, client))
  assert.deepEqual(seen, ['TLSv1.3', true, 'SUCCESS', 'O=Example\nCN=Alice'])
  await assert.rejects(connectTLS(t, port, { ...client, maxVersion: 'TLSv1.2' }))
})

test('CertificateFiles takes another clientCA when the file changes', async (t) => {
  const folder = testFolder(t)
  const own = makeCertificate(folder, 'server', { names: ['localhost'] })
  const [before, after] = ['before', 'after'].map((name) => makeCertificate(folder, name, { authority: true })) as [
    MadeCertificate,
    MadeCertificate,
  ]
  const clientCA = path.join(folder, 'ca.pem')
  writeFileSync(clientCA, before.cert)
  const { port, reactor, log } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [own], clientCA }) })
  const clients = [before, after].map((by, index) => {
    const { privateKey, cert } = makeCertificate(folder, `client${index}`, { by })
    return { rejectUnauthorized: false, servername: 'localhost', key: readFileSync(privateKey), cert }
  })
  const answers = (): Promise<string[]> => Promise.all(clients.map((client) => answerTo(t, port, client)))
  assert.deepEqual(await answers(), ['true localhost SUCCESS', 'refused'])
  writeFileSync(clientCA, after.cert)
  await until('the new one is in use', () => {
    reactor.clock.advance(5)
    return log.records.some(({ message }) => message.startsWith('New certificates'))
  })
  assert.deepEqual(await answers(), ['refused', 'true localhost SUCCESS'])
})
