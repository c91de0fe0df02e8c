import assert from 'node:assert/strict'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { X509Certificate } from 'node:crypto'
import { developmentCertificate } from '#src/reactor/tls/development-certificate.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { ask, connectTLS, serveTLS } from './serve-tls.ts'

test('developmentCertificate is for localhost, 127.0.0.1 and ::1, and clients that trust it take it', async (t) => {
  const directory = path.join(testFolder(t), 'deep', 'cache')
  const { key, cert, file, created, expires } = await developmentCertificate({ directory })
  assert.equal(created, true)
  const parsed = new X509Certificate(cert)
  assert.equal(parsed.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  const days = (expires.getTime() - Date.now()) / 86_400_000
  assert.ok(days > 360 && days < 398, `${days} days`)
  assert.deepEqual([lstatSync(file).mode & 0o777, lstatSync(directory).mode & 0o777], [0o600, 0o700])
  const { port } = await serveTLS(t, { tls: { key, cert } })
  for (const name of [{ servername: 'localhost' }, {}]) {
    const client = await connectTLS(t, port, { ca: cert, ...name })
    assert.equal(client.authorized, true)
    assert.match(await ask(client), /200 OK/)
  }
})

test('developmentCertificate is kept, and made anew before it ends', async (t) => {
  const directory = testFolder(t)
  const first = await developmentCertificate({ directory })
  const second = await developmentCertificate({ directory })
  assert.deepEqual([second.created, second.cert.trim()], [false, first.cert.trim()])
  assert.equal(second.expires.getTime(), first.expires.getTime())
  const later = await developmentCertificate({ directory, now: first.expires.getTime() - 29 * 86_400_000 })
  assert.equal(later.created, true)
  assert.ok(later.expires > first.expires)
})

test('developmentCertificate believes no file that others could have written or read', async (t) => {
  const directory = testFolder(t)
  const { file } = await developmentCertificate({ directory })
  const changes: (() => void)[] = [
    () => chmodSync(file, 0o640),
    () => writeFileSync(file, 'nonsense', { mode: 0o600 }),
    () => {
      const other = makeCertificate(directory, 'other', { names: ['evil.example'] })
      writeFileSync(file, readFileSync(other.privateKey, 'utf8') + other.cert)
    },
  ]
  if (process.getuid?.() === 0) changes.push(() => chownSync(file, 65534, 65534))
  for (const change of changes) {
    change()
    assert.equal((await developmentCertificate({ directory })).created, true)
    assert.deepEqual([lstatSync(file).mode & 0o777, lstatSync(file).uid], [0o600, process.getuid?.()])
  }
  // A link is replaced, and what it leads to stays as it is.
  const precious = path.join(directory, 'precious')
  writeFileSync(precious, 'precious')
  const linked = path.join(directory, 'linked')
  mkdirSync(linked)
  symlinkSync(precious, path.join(linked, 'localhost.pem'))
  assert.equal((await developmentCertificate({ directory: linked })).created, true)
  assert.equal(readFileSync(precious, 'utf8'), 'precious')
})

test('developmentCertificate says where it could not be kept', async (t) => {
  const file = path.join(testFolder(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(developmentCertificate({ directory: path.join(file, 'plait') }), {
    code: 'PLAIT_CERTIFICATE',
    message: /Cannot keep the development certificate in .*ENOTDIR.*XDG_CACHE_HOME/,
  })
})

test('developmentCertificate is kept in the folder for caches of the user', async (t) => {
  const before = process.env['XDG_CACHE_HOME']
  t.after(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME']
    else process.env['XDG_CACHE_HOME'] = before
  })
  const folder = testFolder(t)
  process.env['XDG_CACHE_HOME'] = folder
  assert.equal((await developmentCertificate()).file, path.join(folder, 'plait', 'localhost.pem'))
})
