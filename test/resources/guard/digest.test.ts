import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InMemoryChecker } from '#src/resources/guard/checkers/in-memory-checker.ts'
import { DigestCredentialFactory } from '#src/resources/guard/digest/digest-credential-factory.ts'
import type { DigestOptions } from '#src/resources/guard/digest/digest-credential-factory.ts'
import { DigestCredentials, passwordDigest } from '#src/resources/guard/digest/digest-credentials.ts'
import type { DigestAlgorithm } from '#src/resources/guard/digest/digest-credentials.ts'
import { DigestNonces } from '#src/resources/guard/digest/digest-nonces.ts'
import { parseParameters } from '#src/resources/guard/auth-fields.ts'
import { serve } from '../../resource/serve.ts'
import type { Served } from '../../resource/serve.ts'
import { askFor, challenges, digest, partsFor, responseOf, send } from './digest-client.ts'
import type { DigestParts } from './digest-client.ts'
import { guard, withAuthorization } from './guarded.ts'

function serveDigest(options: Partial<DigestOptions> = {}, users: Record<string, string> = { alice: 'open sesame' }): Served {
  const factories = [new DigestCredentialFactory({ realm: 'R', ...options })]
  return serve(guard({ factories, checkers: [new InMemoryChecker(users)] }))
}

const example = { username: 'Mufasa', realm: 'http-auth@example.org', method: 'GET', uri: '/dir/index.html', spend: () => true }
const middle = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ:auth'
const vectors: readonly (readonly [DigestAlgorithm, string])[] = [
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
]

for (const [algorithm, response] of vectors) {
  test(`DigestCredentials agrees with the example of RFC 7616 section 3.9.1 for ${algorithm}`, () => {
    const credentials = new DigestCredentials({ ...example, algorithm, response, middle })
    assert.equal(credentials.checkPassword('Circle of life'), false)
    assert.equal(credentials.checkPassword('Circle of Life'), true)
    const hash = passwordDigest(algorithm, { ...example, password: 'Circle of Life' })
    assert.equal(new DigestCredentials({ ...example, algorithm, response, middle }).checkHash(hash.toUpperCase()), true)
  })
}

test('DigestCredentialFactory offers each algorithm, the best first, with another nonce each time (H150)', async () => {
  const { port } = serveDigest()
  const [first, second] = [challenges(await port.request('GET /')), challenges(await port.request('GET /'))]
  assert.deepEqual(
    first.map((challenge) => challenge.get('algorithm')),
    ['SHA-256', 'MD5'],
  )
  assert.deepEqual(
    first.map((challenge) => [...challenge.keys()].join()),
    Array(2).fill('realm,qop,algorithm,nonce,charset'),
  )
  assert.notEqual(first[0]?.get('nonce'), second[0]?.get('nonce'))
})

for (const at of [0, 1]) {
  test(`DigestCredentialFactory lets in who knows the password, by its algorithm ${at} (H150)`, async () => {
    const { port } = serveDigest()
    const parts = partsFor(challenges(await port.request('GET /a?b=c'))[at] ?? new Map(), '/a?b=c')
    const response = await send(port, parts)
    assert.deepEqual([response.status, response.text], [200, 'branch/a [["a"],[]] Digest alice'])
  })
}

const wrong: readonly (readonly [title: string, change: Partial<DigestParts>])[] = [
  ['a wrong password', { password: 'x' }],
  ['an unknown user', { username: 'bob' }],
  ['an unknown user with an empty password', { username: 'bob', password: '' }],
  ['another realm', { realm: 'S' }],
  ['a count of zero', { nc: '00000000' }],
  ['a count that is too short', { nc: '1' }],
  ['a count that is no number', { nc: '0000000g' }],
  ['no cnonce', { cnonce: '' }],
  ['another quality of protection', { qop: 'auth-int' }],
  ['an algorithm that was not offered', { algorithm: 'SHA-512' }],
]

for (const [title, change] of wrong) {
  test(`DigestCredentialFactory refuses ${title}, and does not call it stale (H150)`, async () => {
    const { port } = serveDigest()
    const response = await send(port, { ...(await askFor(port)), ...change })
    assert.equal(response.status, 401)
    assert.equal(challenges(response)[0]?.has('stale'), false)
  })
}

const unreadable: readonly (readonly [title: string, change: (text: string) => string])[] = [
  ['a name that comes twice', (text) => `${text}, nc=00000002`],
  ['two names of users', (text) => `${text}, username*=UTF-8''alice`],
  ['a quotation that does not end', (text) => `${text}, x="`],
  ['a parameter without a value', (text) => `${text}, x`],
  ['no response', (text) => text.replace(/, response="\w+"/, '')],
  ['no nonce', (text) => text.replace(/, nonce="[^"]+"/, '')],
  ['a hash in place of the name', (text) => `${text}, userhash=true`],
  ['another method', (text) => text.replace(/response="\w/, 'response="')],
]

for (const [title, change] of unreadable) {
  test(`DigestCredentialFactory refuses ${title}`, async () => {
    const { port } = serveDigest()
    const text = digest(await askFor(port))
    assert.equal((await port.request(withAuthorization('/', change(text)))).status, 401)
    assert.equal((await port.request(withAuthorization('/', text))).status, 200)
  })
}

test('DigestCredentialFactory answers 400 to what was made for another target (RFC 7616 section 3.4.6)', async () => {
  const { port } = serveDigest()
  const parts = await askFor(port, '/a')
  for (const target of ['/b', '/a?', '/a?x', '/%61']) assert.equal((await send(port, parts, target)).status, 400)
  assert.equal((await send(port, parts, 'http://h/a')).status, 200)
  assert.equal((await send(port, { ...parts, uri: 'http://h/a', nc: '00000002' }, '/a')).status, 200)
})

test('DigestCredentialFactory binds a response to its method', async () => {
  const { port } = serveDigest()
  const parts = await askFor(port)
  assert.equal((await port.request(withAuthorization('/', digest(parts), 'DELETE'))).status, 401)
  assert.equal((await send(port, { ...parts, method: 'HEAD' })).status, 200)
})

test('DigestCredentialFactory takes each count of a nonce once: what was listened to cannot be sent again', async () => {
  const { port } = serveDigest()
  const parts = await askFor(port)
  assert.equal((await send(port, parts)).status, 200)
  const again = await send(port, parts)
  assert.equal(again.status, 401)
  const [challenge] = challenges(again)
  assert.equal(challenge?.get('stale'), 'true')
  assert.equal((await send(port, { ...parts, nc: '00000003' })).status, 200)
  // Requests on several connections overtake each other.
  assert.equal((await send(port, { ...parts, nc: '00000002' })).status, 200)
  assert.equal((await send(port, { ...parts, nc: '00000002' })).status, 401)
  assert.equal((await send(port, partsFor(challenge ?? new Map(), '/'))).status, 200)
})

test('DigestCredentialFactory does not take a count from who does not know the password', async () => {
  const { port } = serveDigest()
  const parts = await askFor(port)
  assert.equal((await send(port, { ...parts, password: 'x' })).status, 401)
  assert.equal((await send(port, parts)).status, 200)
})

test('DigestCredentialFactory: who has no account has no password either, and uses up nothing', async () => {
  const { port } = serveDigest({ maxNonces: 1, algorithms: ['MD5'] })
  const alice = await askFor(port)
  assert.equal((await send(port, alice)).status, 200)
  const bob = { ...(await askFor(port)), username: 'bob', password: '' }
  const response = await send(port, bob)
  assert.deepEqual([response.status, challenges(response)[0]?.has('stale')], [401, false])
  // The one place for a nonce is still alice's.
  assert.equal((await send(port, { ...alice, nc: '00000002' })).status, 200)
})

test('DigestCredentialFactory takes one of two equal requests that come at the same time', async () => {
  const { port } = serveDigest()
  const parts = await askFor(port)
  const responses = await Promise.all([1, 2, 3].map(() => send(port, parts)))
  assert.deepEqual(responses.map(({ status }) => status).toSorted(), [200, 401, 401])
})

test('DigestCredentialFactory calls an old nonce stale, and gives another (H151)', async () => {
  const { port, reactor } = serveDigest({ nonceLifetime: 100 })
  const parts = await askFor(port)
  reactor.advance(99)
  assert.equal((await send(port, parts)).status, 200)
  reactor.advance(2)
  const late = await send(port, { ...parts, nc: '00000002' })
  assert.deepEqual([late.status, challenges(late)[0]?.get('stale')], [401, 'true'])
  const wrongPassword = await send(port, { ...parts, nc: '00000003', password: 'x' })
  assert.deepEqual([wrongPassword.status, challenges(wrongPassword)[0]?.has('stale')], [401, false])
  assert.equal((await send(port, partsFor(challenges(late)[0] ?? new Map(), '/'))).status, 200)
})

test('DigestCredentialFactory calls a nonce of another server stale: after a restart nobody is asked again', async () => {
  const parts = await askFor(serveDigest().port)
  const { port } = serveDigest()
  const response = await send(port, parts)
  assert.deepEqual([response.status, challenges(response)[0]?.get('stale')], [401, 'true'])
  assert.equal((await send(port, { ...parts, nonce: 'mine' })).status, 401)
})

test('DigestCredentialFactory reads names outside ASCII, by username and by username*', async () => {
  const { port } = serveDigest({}, { 'zoë "q"': 'ü' })
  const parts = { ...(await askFor(port)), username: 'zoë "q"', password: 'ü' }
  const text = (username: string): string => digest(parts).replace(/username=.*?, realm/, `${username}, realm`)
  const plain = Buffer.from('username="zoë \\"q\\""').toString('latin1')
  assert.match((await port.request(withAuthorization('/', text(plain)))).text, /Digest zoë "q"$/)
  parts.nc = '00000002'
  assert.equal((await port.request(withAuthorization('/', text(`username*=UTF-8''zo%C3%AB%20%22q%22`)))).status, 200)
  parts.nc = '00000003'
  assert.equal((await port.request(withAuthorization('/', text(`username*=UTF-8''zo%EB`)))).status, 401)
})

test('DigestCredentialFactory takes MD5 for granted where no algorithm is said', async () => {
  const { port } = serveDigest({ algorithms: ['MD5'] })
  const text = digest(await askFor(port))
  assert.equal((await port.request(withAuthorization('/', text.replace(', algorithm=MD5', '')))).status, 200)
})

test('DigestNonces: what it forgets is refused, not taken for new', () => {
  const nonces = new DigestNonces(1000, 2)
  const made = [1, 2, 3, 4].map((now) => nonces.make(now))
  for (const nonce of made.slice(0, 3)) assert.equal(nonces.spend(nonce, 1, 5), true)
  // The first was forgotten: neither the count that was used is taken, nor another.
  assert.equal(nonces.spend(made[0] as string, 1, 5), false)
  assert.equal(nonces.spend(made[0] as string, 2, 5), false)
  assert.equal(nonces.spend(made[1] as string, 1, 5), false)
  assert.equal(nonces.spend(made[2] as string, 2, 5), true)
  assert.equal(nonces.spend(made[3] as string, 1, 5), true)
})

test('DigestNonces remembers the last 64 counts', () => {
  const nonces = new DigestNonces(1000, 2)
  const nonce = nonces.make(0)
  assert.equal(nonces.spend(nonce, 100, 0), true)
  assert.equal(nonces.spend(nonce, 37, 0), true)
  assert.equal(nonces.spend(nonce, 36, 0), false)
  assert.equal(nonces.spend(nonce, 37, 0), false)
  assert.equal(nonces.spend(nonce, 0xffffffff, 0), true)
  assert.equal(nonces.spend(nonce, 100, 0), false)
  assert.equal(nonces.spend(nonce, 0xfffffffe, 0), true)
})

test('DigestNonces refuses a nonce with another time, seal or spelling', () => {
  const nonces = new DigestNonces(10, 2)
  const nonce = nonces.make(0)
  const bytes = Buffer.from(nonce, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] as number) ^ 1
    assert.equal(nonces.spend(changed.toString('base64url'), 1, 0), false)
  }
  for (const spelled of [`${nonce}=`, `${nonce} `, '', 'x', bytes.toString('hex')])
    assert.equal(nonces.spend(spelled, 1, 0), false)
  assert.equal(nonces.spend(nonce, 1, 0), true)
})

test('parseParameters unquotes, and gives nothing for what is no list', () => {
  assert.deepEqual(
    [...(parseParameters('A="x\\"y\\\\", b=c ,d = "",, e=1') ?? [])],
    [
      ['a', 'x"y\\'],
      ['b', 'c'],
      ['d', ''],
      ['e', '1'],
    ],
  )
  for (const text of ['a', 'a="', 'a=b c', 'a=b, a=c', '="x"', 'a=b;c=d', 'a="x"y'])
    assert.equal(parseParameters(text), undefined)
  // A hostile field takes no longer than its length.
  assert.equal(parseParameters(`a="${'\\'.repeat(60_000)}`), undefined)
  assert.equal(parseParameters(','.repeat(60_000) + '='), undefined)
})

test('responseOf, the client of these tests, agrees with the RFC', () => {
  const [nonce = '', nc = '', cnonce = '', qop = ''] = middle.split(':')
  assert.equal(responseOf({ ...example, password: 'Circle of Life', algorithm: 'MD5', nonce, nc, cnonce, qop }), vectors[0]?.[1])
})
