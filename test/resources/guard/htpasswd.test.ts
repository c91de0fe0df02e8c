import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { apr1 } from '#src/resources/guard/checkers/apr1.ts'
import { HtdigestChecker } from '#src/resources/guard/checkers/htdigest-checker.ts'
import { HtpasswdChecker } from '#src/resources/guard/checkers/htpasswd-checker.ts'
import type { HtpasswdOptions } from '#src/resources/guard/checkers/htpasswd-checker.ts'
import { SlowHashes } from '#src/resources/guard/checkers/slow-hashes.ts'
import { VerifiedPasswords } from '#src/resources/guard/checkers/verified-passwords.ts'
import { AnonymousCredentials, PasswordCredentials } from '#src/resources/guard/credentials.ts'
import { DigestCredentialFactory } from '#src/resources/guard/digest/digest-credential-factory.ts'
import { serve } from '../../resource/serve.ts'
import { askFor, partsFor, challenges, send } from './digest-client.ts'
import { asUser, guard } from './guarded.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'plait-guard-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function fileOf(...lines: string[]): string {
  const file = path.join(folder, `users-${files++}`)
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return file
}

/** bcrypt as cheap as it may be, as `htpasswd -B` writes it. */
function bcrypt(password: string): string {
  return hashSync(password, 4).replace(/^\$2b/, '$2y')
}

function sha(password: string): string {
  return `{SHA}${createHash('sha1').update(password).digest('base64')}`
}

function openssl(algorithm: string, password: string, salt: string): string {
  return execFileSync('openssl', ['passwd', algorithm, '-salt', salt, password], { encoding: 'utf8' }).trim()
}

/** Who that is. */
function login(checker: HtpasswdChecker, user: string, password: string): Promise<string | undefined> {
  return checker.requestAvatarId(new PasswordCredentials(user, password))
}

const hashes: readonly (readonly [title: string, password: string, hash: string])[] = [
  ['bcrypt $2y$', 'geheim', bcrypt('geheim')],
  ['bcrypt $2b$', 'ü – €', hashSync('ü – €', 4)],
  ['bcrypt $2a$', '', hashSync('', 4).replace(/^\$2b/, '$2a')],
  ['$apr1$', 'geheim', openssl('-apr1', 'geheim', 'a.b/c')],
  ['$apr1$ of a long password', 'x'.repeat(100), openssl('-apr1', 'x'.repeat(100), '12345678')],
  ['$1$', 'ü', openssl('-1', 'ü', 'salz')],
  ['{SHA}', 'geheim', sha('geheim')],
]

for (const [title, password, hash] of hashes) {
  test(`HtpasswdChecker takes ${title}, and no other password (H151)`, async () => {
    const checker = new HtpasswdChecker(fileOf('# users', '', `other:${bcrypt('other')}`, `alice:${hash}:a comment\r`))
    assert.equal(await login(checker, 'alice', password), 'alice')
    assert.equal(await login(checker, 'alice', `${password}x`), undefined)
    assert.equal(await login(checker, 'alice', 'other'), undefined)
    assert.equal(await login(checker, 'bob', password), undefined)
    assert.equal(await login(checker, '', password), undefined)
  })
}

test('apr1 agrees with openssl for passwords of all lengths', () => {
  for (let length = 1; length <= 40; length += 3) {
    const password = 'ab9'.repeat(20).slice(0, length)
    const expected = openssl('-apr1', password, 'saltsalt')
    assert.equal(apr1(password, expected), expected)
  }
})

test('HtpasswdChecker knows nothing of other credentials', async () => {
  assert.equal(await new HtpasswdChecker(fileOf(`alice:${sha('')}`)).requestAvatarId(new AnonymousCredentials()), undefined)
})

for (const hash of ['plain', '', '$5$salt$hash', 'rqXexS6ZhobKA', '{SSHA}abc', '$2y$99$' + 'a'.repeat(53)]) {
  test(`HtpasswdChecker does not start with the password ${JSON.stringify(hash)}, and says why`, () => {
    const file = fileOf(`alice:${sha('a')}`, `bob:${hash}`)
    assert.throws(
      () => new HtpasswdChecker(file),
      (error: { code: string; message: string }) =>
        error.code === 'PLAIT_CONFIGURATION' && /"bob" \(line 2 of .*htpasswd -B/.test(error.message),
    )
  })
}

test('HtpasswdChecker: of two lines for one user the first counts', async () => {
  const checker = new HtpasswdChecker(fileOf(`alice:${sha('first')}`, `alice:${sha('second')}`))
  assert.equal(await login(checker, 'alice', 'first'), 'alice')
  assert.equal(await login(checker, 'alice', 'second'), undefined)
})

test('HtpasswdChecker refuses passwords that are too long to be any', async () => {
  const long = 'x'.repeat(1025)
  const checker = new HtpasswdChecker(fileOf(`alice:${sha(long)}`))
  assert.equal(await login(checker, 'alice', long), undefined)
})

test('HtpasswdChecker does not start without its file', () => {
  assert.throws(() => new HtpasswdChecker(path.join(folder, 'nowhere')), { code: 'PLAIT_CONFIGURATION' })
  assert.throws(() => new HtdigestChecker(path.join(folder, 'nowhere')), { code: 'PLAIT_CONFIGURATION' })
})

test('HtpasswdChecker reads its file again when it changes, and forgets passwords that were right', async () => {
  const file = fileOf(`alice:${bcrypt('old')}`, `bob:${sha('bob')}`)
  const checker = new HtpasswdChecker(file)
  assert.equal(await login(checker, 'alice', 'old'), 'alice')
  // In place, with the same size.
  writeFileSync(file, `alice:${bcrypt('new')}\nbob:${sha('bob')}\n`)
  assert.equal(await login(checker, 'alice', 'old'), undefined)
  assert.equal(await login(checker, 'alice', 'new'), 'alice')
  // Another file in its place.
  writeFileSync(`${file}.new`, `carol:${sha('carol')}\n`)
  utimesSync(`${file}.new`, 1, 1)
  renameSync(`${file}.new`, file)
  assert.equal(await login(checker, 'alice', 'new'), undefined)
  assert.equal(await login(checker, 'carol', 'carol'), 'carol')
})

test('HtpasswdChecker: a line that becomes unreadable fails for its user alone; a file that goes fails for all', async () => {
  const file = fileOf(`alice:${sha('a')}`)
  const { port, logger } = serve(guard({ checkers: [new HtpasswdChecker(file)] }))
  writeFileSync(file, `alice:plain\nbob:${sha('b')}\n`)
  assert.equal((await port.request(asUser('/', 'alice', 'plain'))).status, 500)
  assert.equal((await port.request(asUser('/', 'bob', 'b'))).status, 200)
  rmSync(file)
  assert.equal((await port.request(asUser('/', 'bob', 'b'))).status, 500)
  const errors = logger.of('error').map(({ fields }) => String(fields['error']))
  assert.match(errors[0] ?? '', /line 1 of .*users-\d+/)
  assert.match(errors[1] ?? '', /Cannot read .*ENOENT/)
})

test('HtpasswdChecker hashes beside the event loop', async () => {
  const checker = new HtpasswdChecker(fileOf(`alice:${hashSync('a', 11)}`))
  let turns = 0
  const count = (): void => {
    turns++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  assert.equal(await login(checker, 'alice', 'wrong'), undefined)
  clearImmediate(timer)
  assert.ok(turns > 100, `the loop turned ${turns} times`)
})

test('HtpasswdChecker hashes a right password once; a wrong one, and that of nobody, each time', async () => {
  const checker = new HtpasswdChecker(fileOf(`alice:${hashSync('a', 10)}`), { maxWaiting: 1 })
  assert.equal(await login(checker, 'alice', 'a'), 'alice')
  // While this one is hashed, who needs a hash is refused.
  const wrong = login(checker, 'alice', 'wrong')
  const others = [login(checker, 'alice', 'a'), login(checker, 'nobody', 'a'), login(checker, 'alice', 'b')]
  const [again, nobody, other] = await Promise.allSettled(others)
  assert.deepEqual(again, { status: 'fulfilled', value: 'alice' })
  for (const refused of [nobody, other]) assert.match(String((refused as PromiseRejectedResult).reason), /1 others wait/)
  assert.equal(await wrong, undefined)
  const secondWrong = login(checker, 'alice', 'wrong')
  await assert.rejects(login(checker, 'nobody', 'a'), { code: 'PLAIT_OVERLOADED', status: 503 })
  assert.equal(await secondWrong, undefined)
})

test('HtpasswdChecker answers 503 when too many passwords wait to be checked, and goes on', async () => {
  const options: HtpasswdOptions = { maxWaiting: 2 }
  const { port, logger } = serve(guard({ checkers: [new HtpasswdChecker(fileOf(`alice:${hashSync('a', 8)}`), options)] }))
  const responses = await Promise.all([1, 2, 3, 4].map((number) => port.request(asUser('/', 'alice', `wrong ${number}`))))
  assert.deepEqual(responses.map(({ status }) => status).toSorted(), [401, 401, 503, 503])
  assert.match(String(logger.of('error')[0]?.fields['error']), /PLAIT_OVERLOADED|2 others wait/)
  assert.equal((await port.request(asUser('/', 'alice', 'a'))).status, 200)
})

test('HtpasswdChecker: equal requests at the same time cost one hash', async () => {
  const checker = new HtpasswdChecker(fileOf(`alice:${hashSync('a', 8)}`), { maxWaiting: 1 })
  const ids = await Promise.all(Array.from({ length: 20 }, () => login(checker, 'alice', 'a')))
  assert.deepEqual(new Set(ids), new Set(['alice']))
})

test('VerifiedPasswords forgets what was not used for longest, what was wrong, and what failed', async () => {
  const verified = new VerifiedPasswords(2)
  const asked: string[] = []
  const ask = async (password: string): Promise<boolean> =>
    verified.check(password, 'hash', async () => {
      asked.push(password)
      if (password === 'fails') throw new Error('cannot hash')
      return password !== 'wrong'
    })
  for (const password of ['a', 'b', 'a', 'c', 'a', 'b']) assert.equal(await ask(password), true)
  assert.deepEqual(asked.splice(0), ['a', 'b', 'c', 'b'])
  // Wrong ones take no place from right ones.
  for (let time = 0; time < 2; time++) {
    assert.equal(await ask('wrong'), false)
    await assert.rejects(ask('fails'), /cannot hash/)
  }
  for (const password of ['a', 'b']) assert.equal(await ask(password), true)
  assert.deepEqual(asked, ['wrong', 'fails', 'wrong', 'fails'])
})

test('SlowHashes: a thread that fails takes its questions along, and the next one starts another', async () => {
  const hashes = new SlowHashes(10)
  const bad = hashes.verify('x', '$2y$04$tooshort')
  const other = hashes.verify('x', { startsWith: 1 } as unknown as string)
  const results = await Promise.allSettled([bad, other])
  assert.deepEqual(results.map(({ status }) => status).includes('rejected'), true)
  assert.equal(await hashes.verify('x', hashSync('x', 4)), true)
})

const md5 = (user: string, realm: string, password: string): string =>
  createHash('md5').update(`${user}:${realm}:${password}`).digest('hex')

test('HtdigestChecker lets in by the hashes of a file, for its realm, and reads it again (H151)', async () => {
  const file = fileOf('# users', `bob:R:${md5('bob', 'R', 'b')}`, `alice:S:x:${md5('alice', 'S:x', 'open sesame')}`)
  const checkers = [new HtdigestChecker(file)]
  const other = serve(guard({ checkers, factories: [new DigestCredentialFactory({ realm: 'R', algorithms: ['MD5'] })] }))
  assert.equal((await send(other.port, await askFor(other.port))).status, 401)
  assert.equal((await send(other.port, { ...(await askFor(other.port)), username: 'bob', password: 'b' })).status, 200)
  const { port } = serve(guard({ checkers, factories: [new DigestCredentialFactory({ realm: 'S:x', algorithms: ['MD5'] })] }))
  assert.equal((await send(port, await askFor(port))).status, 200)
  assert.equal((await send(port, { ...(await askFor(port)), username: 'bob', password: 'b' })).status, 401)
  writeFileSync(file, '')
  assert.equal((await send(port, await askFor(port))).status, 401)
})

test('HtdigestChecker: 64 digits are SHA-256, and a user may have both', async () => {
  const sha256 = createHash('sha256').update('alice:R:open sesame').digest('hex')
  const file = fileOf(`alice:R:${sha256}`, `alice:R:${md5('alice', 'R', 'open sesame')}`)
  const { port } = serve(
    guard({ checkers: [new HtdigestChecker(file)], factories: [new DigestCredentialFactory({ realm: 'R' })] }),
  )
  for (const challenge of challenges(await port.request('GET /'))) {
    assert.equal((await send(port, partsFor(challenge, '/'))).status, 200)
  }
})

test('HtdigestChecker does not start with a line that is none, and says which', () => {
  for (const line of ['alice', 'alice:R:plain', 'alice:R:abcd', `alice:${'a'.repeat(32)}`]) {
    assert.throws(() => new HtdigestChecker(fileOf('', line)), { code: 'PLAIT_CONFIGURATION', message: /line 2 of / })
  }
})
