import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { CertificateFiles } from '#src/reactor/tls/certificate-files.ts'
import { makeCertificate, openssl, testFolder, type MadeCertificate } from '../../support/certificates.ts'
import { asOrdinaryUser } from '../../support/ordinary-user.ts'
import { until } from '../../support/until.ts'
import { ask, connectTLS, serveTLS, type ClockedReactor } from './serve-tls.ts'

const commonName = (socket: { getPeerCertificate(): { subject: { CN?: string | string[] } } }): unknown =>
  socket.getPeerCertificate().subject.CN

/** Lets the time for a look at the files come, and waits until it is over: then the next lies ahead. */
async function lookOnce({ clock }: ClockedReactor): Promise<void> {
  clock.advance(5)
  await until('the look is over', () => clock.getDelayedCalls().some((call) => call.getTime() === clock.seconds() + 5))
}

test('CertificateFiles serves a key and a certificate, in two files or in one', async (t) => {
  const folder = testFolder(t)
  const made = makeCertificate(folder, 'one', { names: ['localhost'] })
  const both = path.join(folder, 'server.pem')
  writeFileSync(both, readFileSync(made.privateKey, 'utf8') + made.cert)
  for (const pair of [{ privateKey: made.privateKey, certKey: made.certKey }, { privateKey: both }]) {
    const { port } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [pair] }) })
    const client = await connectTLS(t, port, { ca: made.cert, servername: 'localhost' })
    assert.equal(client.authorized, true)
    assert.match(await ask(client), /200 OK[^]*true localhost NONE$/)
  }
})

test('CertificateFiles sends the chain, from the file of the certificate or from extraCertChain', async (t) => {
  const folder = testFolder(t)
  const root = makeCertificate(folder, 'root', { authority: true })
  const between = makeCertificate(folder, 'between', { authority: true, by: root })
  const leaf = makeCertificate(folder, 'leaf', { names: ['localhost'], by: between })
  const full = path.join(folder, 'fullchain.pem')
  writeFileSync(full, leaf.cert + between.cert)
  const { privateKey } = leaf
  for (const pair of [
    { privateKey, certKey: full },
    { privateKey, certKey: leaf.certKey, extraCertChain: between.certKey },
  ]) {
    const { port } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [pair] }) })
    const client = await connectTLS(t, port, { ca: root.cert, servername: 'localhost' })
    assert.equal(client.authorized, true)
  }
})

test('CertificateFiles picks the certificate by the name that the client asks for: exact, by wildcard, else the first (E8)', async (t) => {
  const folder = testFolder(t)
  const first = makeCertificate(folder, 'first', { names: ['shop.example', 'www.shop.example'] })
  const second = makeCertificate(folder, 'second', { names: ['*.blog.example', 'Blog.example'], subject: '/CN=blog' })
  const old = makeCertificate(folder, 'old', { subject: '/O=Example/CN=old.example' })
  const { port } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [first, second, old] }) })
  const shown = async (servername: string): Promise<unknown> => {
    const client = await connectTLS(t, port, { rejectUnauthorized: false, servername })
    return commonName(client)
  }
  assert.equal(await shown('shop.example'), 'shop.example')
  assert.equal(await shown('www.shop.example'), 'shop.example')
  assert.equal(await shown('blog.example'), 'blog')
  assert.equal(await shown('a.BLOG.example'), 'blog')
  assert.equal(await shown('a.b.blog.example'), 'shop.example')
  assert.equal(await shown('old.example'), 'old.example')
  assert.equal(await shown('unknown.example'), 'shop.example')
  assert.equal(await shown(''), 'shop.example')
})

test('CertificateFiles takes new files for new connections, and lets open ones live', async (t) => {
  const folder = testFolder(t)
  const [before, after] = ['before', 'after'].map((name) =>
    makeCertificate(folder, name, { names: ['localhost'], subject: `/CN=${name}` }),
  ) as [ReturnType<typeof makeCertificate>, ReturnType<typeof makeCertificate>]
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name)) as [string, string]
  copyFileSync(before.privateKey, key)
  copyFileSync(before.certKey, cert)
  const { port, reactor, log } = await serveTLS(t, {
    tls: new CertificateFiles({ certificates: [{ privateKey: key, certKey: cert }] }),
  })
  const shown = async (servername: string): Promise<unknown> =>
    commonName(await connectTLS(t, port, { rejectUnauthorized: false, servername }))
  const open = await connectTLS(t, port, { rejectUnauthorized: false, servername: 'localhost' })
  assert.equal(commonName(open), 'before')

  // Half of it: what was there before stays, and the log has one line.
  copyFileSync(after.certKey, cert)
  const complaints = (): unknown[] => log.records.filter(({ level }) => level === 'error')
  await until('the change is seen', () => {
    reactor.clock.advance(5)
    return complaints().length > 0
  })
  assert.match(
    JSON.stringify(complaints()[0]),
    /those from before stay: Cannot use .*key.pem: the key does not belong to the certificate/,
  )
  assert.equal(await shown('localhost'), 'before')

  copyFileSync(after.privateKey, key)
  await until('the new ones are in use', () => {
    reactor.clock.advance(5)
    return JSON.stringify(log.records).includes('New certificates are in use: CN=after')
  })
  assert.deepEqual([await shown('localhost'), await shown('')], ['after', 'after'])
  assert.equal(complaints().length, 1)
  assert.match(await ask(open), /200 OK/)
})

test('CertificateFiles follows links that are led elsewhere, as Kubernetes and certbot do', async (t) => {
  const folder = testFolder(t)
  for (const name of ['one', 'two']) {
    mkdirSync(path.join(folder, `..${name}`))
    const made = makeCertificate(folder, name, { names: ['localhost'], subject: `/CN=${name}` })
    renameSync(made.certKey, path.join(folder, `..${name}`, 'tls.crt'))
    renameSync(made.privateKey, path.join(folder, `..${name}`, 'tls.key'))
  }
  // Files of the same size and age: only the inode tells.
  for (const name of ['tls.crt', 'tls.key'])
    for (const one of ['..one', '..two']) utimesSync(path.join(folder, one, name), 1e9, 1e9)
  const data = path.join(folder, '..data')
  symlinkSync('..one', data)
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(path.join('..data', name), path.join(folder, name))
  const { port, reactor, log } = await serveTLS(t, { tls: new CertificateFiles({ directory: folder }) })
  const shown = async (): Promise<unknown> =>
    commonName(await connectTLS(t, port, { rejectUnauthorized: false, servername: 'localhost' }))
  assert.equal(await shown(), 'one')
  symlinkSync('..two', `${data}_tmp`)
  renameSync(`${data}_tmp`, data)
  await until('the change is seen', () => {
    reactor.clock.advance(5)
    return JSON.stringify(log.records).includes('CN=two')
  })
  assert.equal(await shown(), 'two')
})

test('CertificateFiles finds what belongs together in a directory, and what comes into it later', async (t) => {
  const folder = testFolder(t)
  const elsewhere = testFolder(t)
  const authority = makeCertificate(folder, 'authority', { authority: true })
  rmSync(authority.privateKey)
  const between = makeCertificate(elsewhere, 'between', { authority: true })
  copyFileSync(between.certKey, path.join(folder, 'between.pem'))
  makeCertificate(folder, 'shop', { names: ['shop.example'], by: between })
  mkdirSync(path.join(folder, 'blog.example'))
  makeCertificate(path.join(folder, 'blog.example'), 'privkey', { names: ['blog.example'] })
  makeCertificate(folder, 'default', { names: ['first.example'] })
  const { port, reactor, log } = await serveTLS(t, { tls: new CertificateFiles({ directory: folder }) })
  const shown = async (servername: string): Promise<unknown> =>
    commonName(await connectTLS(t, port, { rejectUnauthorized: false, servername }))
  assert.equal(await shown('shop.example'), 'shop.example')
  assert.equal(await shown('blog.example'), 'blog.example')
  assert.equal(await shown('new.example'), 'first.example')
  const trusting = await connectTLS(t, port, { ca: between.cert, servername: 'shop.example' })
  assert.equal(trusting.authorized, true)

  makeCertificate(path.join(folder, 'blog.example'), 'new', { names: ['new.example'] })
  await until('the new one is in use', () => {
    reactor.clock.advance(5)
    return log.records.some(({ message }) => message.startsWith('New certificates'))
  })
  assert.equal(await shown('new.example'), 'new.example')
})

test('CertificateFiles leaves out what is broken in a directory, and says so once', async (t) => {
  const folder = testFolder(t)
  makeCertificate(folder, 'shop', { names: ['shop.example'] })
  const broken = path.join(folder, 'broken.pem')
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const { port, log, reactor } = await serveTLS(t, { tls: new CertificateFiles({ directory: folder }) })
  assert.equal(commonName(await connectTLS(t, port, { rejectUnauthorized: false, servername: 'shop.example' })), 'shop.example')
  const lines = (): string[] => log.of('error').map(({ message }) => message)
  assert.equal(lines().length, 1)
  assert.match(
    lines()[0] as string,
    /^Cannot use .*broken\.pem: certificate 1 in it is broken\. The other certificates in .* are used$/,
  )
  for (let looks = 0; looks < 5; looks++) await lookOnce(reactor)
  assert.deepEqual(
    log.records.map(({ message }) => message),
    lines(),
  )
})

test('CertificateFiles tells of new certificates once for each change', async (t) => {
  const folder = testFolder(t)
  makeCertificate(folder, 'shop', { names: ['shop.example'] })
  const elsewhere = makeCertificate(testFolder(t), 'blog', { names: ['blog.example'] })
  const { log, reactor } = await serveTLS(t, { tls: new CertificateFiles({ directory: folder }) })
  copyFileSync(elsewhere.privateKey, path.join(folder, 'blog.key.pem'))
  copyFileSync(elsewhere.certKey, path.join(folder, 'blog.pem'))
  for (let looks = 0; looks < 5; looks++) await lookOnce(reactor)
  assert.equal(log.of('info').length, 1)
})

test('CertificateFiles loads anew when a port listens again', async (t) => {
  const folder = testFolder(t)
  const [one, two] = ['one', 'two'].map((name) => makeCertificate(folder, name, { subject: `/CN=${name}` })) as [
    MadeCertificate,
    MadeCertificate,
  ]
  const both = path.join(folder, 'server.pem')
  const write = ({ privateKey, cert }: MadeCertificate): void => writeFileSync(both, readFileSync(privateKey, 'utf8') + cert)
  const tls = new CertificateFiles({ certificates: [{ privateKey: both }] })
  for (const made of [one, two]) {
    write(made)
    const { port, listening } = await serveTLS(t, { tls })
    assert.equal(commonName(await connectTLS(t, port, { rejectUnauthorized: false })), made === one ? 'one' : 'two')
    await listening.stopListening()
  }
})

test('CertificateFiles prefers, of two certificates for one name, the one that is valid longer', async (t) => {
  const folder = testFolder(t)
  makeCertificate(folder, 'a-old', { names: ['shop.example'], subject: '/CN=old', days: 1 })
  makeCertificate(folder, 'b-new', { names: ['shop.example'], subject: '/CN=new', days: 9 })
  const { port } = await serveTLS(t, { tls: new CertificateFiles({ directory: folder }) })
  assert.equal(commonName(await connectTLS(t, port, { rejectUnauthorized: false, servername: 'shop.example' })), 'new')
})

test('CertificateFiles opens an encrypted key by its passphrase', async (t) => {
  const folder = testFolder(t)
  const { privateKey, certKey } = makeCertificate(folder, 'one', { names: ['localhost'] })
  const encrypted = path.join(folder, 'encrypted.pem')
  openssl('pkcs8', '-topk8', '-in', privateKey, '-out', encrypted, '-passout', 'pass:sesame')
  const passphraseFile = path.join(folder, 'passphrase')
  writeFileSync(passphraseFile, 'sesame\n')
  const load = (more: object): unknown =>
    new CertificateFiles({ certificates: [{ privateKey: encrypted, certKey, ...more }] }).context()
  assert.ok(load({ passphrase: 'sesame' }))
  assert.ok(load({ passphraseFile }))
  assert.throws(() => load({}), { code: 'PLAIT_CERTIFICATE', message: /encrypted\.pem: the key is encrypted/ })
  assert.throws(() => load({ passphrase: 'wrong' }), {
    code: 'PLAIT_CERTIFICATE',
    message: /the passphrase is not that of the key/,
  })
})

test('CertificateFiles says in one line what is wrong with a file', (t) => {
  const folder = testFolder(t)
  const one = makeCertificate(folder, 'one', { names: ['one.example'] })
  const two = makeCertificate(folder, 'two', { names: ['two.example'] })
  const empty = path.join(folder, 'empty.pem')
  writeFileSync(empty, 'no PEM\n')
  const broken = path.join(folder, 'broken.pem')
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const wrongOrder = path.join(folder, 'order.pem')
  writeFileSync(wrongOrder, two.cert + one.cert)
  const { privateKey } = one
  const wrong: readonly [ConstructorParameters<typeof CertificateFiles>[0], RegExp][] = [
    [{ certificates: [{ privateKey: '/none/key.pem' }] }, /\/none\/key\.pem: there is no such file/],
    [{ certificates: [{ privateKey: folder }] }, /it is a directory/],
    [{ certificates: [{ privateKey: empty, certKey: one.certKey }] }, /there is no private key in it/],
    [{ certificates: [{ privateKey, certKey: empty }] }, /there is no certificate in it/],
    [{ certificates: [{ privateKey, certKey: broken }] }, /certificate 1 in it is broken/],
    [
      { certificates: [{ privateKey, certKey: two.certKey }] },
      /does not belong to the certificate in .*two\.pem \(CN=two\.example\)$/,
    ],
    [{ certificates: [{ privateKey, certKey: wrongOrder }] }, /the server’s own must be the first/],
    [{ certificates: [one], clientCA: empty }, /there is no certificate in it/],
    [{ directory: '/none' }, /\/none: there is no such directory/],
    [{ directory: testFolder(t) }, /there is no certificate with its key in it/],
  ]
  for (const [options, message] of wrong) {
    assert.throws(
      () => new CertificateFiles(options).context(),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'PLAIT_CERTIFICATE')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /\n/)
        return true
      },
    )
  }
})

test('CertificateFiles checks its options at once', () => {
  const wrong: readonly [object, RegExp][] = [
    [{}, /say certificates or directory, and not both/],
    [{ certificates: [] }, /say certificates or directory/],
    [{ certificates: [{ privateKey: 'a' }], directory: 'b' }, /and not both/],
    [{ directory: 'b', requestClientCert: 'optional' }, /requestClientCert needs clientCA/],
    [{ directory: 'b', minVersion: 'TLSv1' }, /must be TLSv1\.2 or TLSv1\.3/],
    [{ directory: 'b', clientCA: 'c', requestClientCert: 'no' }, /requestClientCert is "no", and must be require or optional/],
    [{ directory: 'b', reloadInterval: -1 }, /reloadInterval is -1/],
  ]
  for (const [options, message] of wrong)
    assert.throws(() => new CertificateFiles(options), { code: 'PLAIT_CONFIGURATION', message })
})

test('CertificateFiles says that a key may not be read by the user of the server', async (t) => {
  const folder = testFolder(t)
  chmodSync(folder, 0o755)
  const { privateKey, certKey } = makeCertificate(folder, 'one')
  chmodSync(privateKey, 0o600)
  const { spawnSync } = await import('node:child_process')
  const { root } = await import('../../support/paths.ts')
  const code = `const { CertificateFiles } = await import(${JSON.stringify(`file://${root}/dist/reactor/tls/certificate-files.js`)})
    if (process.getuid() === 0) process.setuid(65534)
    try { new CertificateFiles({ certificates: [${JSON.stringify({ privateKey, certKey })}] }).context() } catch (error) { console.log(error.code, error.message) }`
  if (process.getuid?.() !== 0) chmodSync(privateKey, 0)
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  assert.match(stdout, /^PLAIT_CERTIFICATE Cannot use .*one\.key\.pem: the user that the server runs as may not read it$/m)
})

test('CertificateFiles that only root can read says once that renewed ones will not be seen, and keeps what it has (G --uid)', async (t) => {
  const folder = testFolder(t)
  const closed = path.join(folder, 'closed')
  mkdirSync(closed)
  const { privateKey, certKey } = makeCertificate(closed, 'one', { subject: '/CN=one' })
  // A key that this very user has read cannot be closed to it without a change.
  for (const hidden of process.getuid?.() === 0 ? ['the key', 'the folder'] : ['the folder']) {
    chmodSync(privateKey, 0o600)
    const { port, reactor, log } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [{ privateKey, certKey }] }) })
    chmodSync(folder, 0o755)
    chmodSync(closed, hidden === 'the key' ? 0o755 : 0)
    await asOrdinaryUser([], async () => {
      for (let looks = 0; looks < 3; looks++) await lookOnce(reactor)
    })
    assert.deepEqual(
      log.records.map(({ level }) => level),
      ['warn'],
    )
    assert.match(
      log.records[0]?.message ?? '',
      /^The user .+ may not read \S+\/one\.key\.pem: the certificates that are loaded stay, also when they are renewed, until the server is restarted$/,
    )
    assert.equal(commonName(await connectTLS(t, port, { rejectUnauthorized: false })), 'one')
    // Mended: from now on they are looked at.
    chmodSync(closed, 0o755)
    chmodSync(privateKey, 0o644)
    makeCertificate(closed, 'one', { subject: '/CN=two' })
    await lookOnce(reactor)
    assert.equal(commonName(await connectTLS(t, port, { rejectUnauthorized: false })), 'two')
    makeCertificate(closed, 'one', { subject: '/CN=one' })
  }
})

test('CertificateFiles warns of certificates that have expired, or soon will', async (t) => {
  const folder = testFolder(t)
  const [over, soon, fine] = [
    makeCertificate(folder, 'over', { days: -1 }),
    makeCertificate(folder, 'soon', { days: 2 }),
    makeCertificate(folder, 'fine', { days: 90 }),
  ]
  const { log, reactor } = await serveTLS(t, { tls: new CertificateFiles({ certificates: [over, soon, fine] }) })
  const warnings = (): string[] => log.records.filter(({ level }) => level === 'warn').map(({ message }) => message)
  assert.equal(warnings().length, 2)
  assert.match(warnings()[0] as string, /over\.pem \(CN=over\) expired on \d{4}-\d\d-\d\d$/)
  assert.match(warnings()[1] as string, /soon\.pem \(CN=soon\) expires on \d{4}-\d\d-\d\d$/)
  for (const count of [4, 6]) {
    reactor.clock.advance(24 * 60 * 60)
    assert.equal(warnings().length, count)
  }
})
