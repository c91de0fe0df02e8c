import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CookieOptions } from '#src/http/cookies.ts'
import { serveLeaf } from './leaf.ts'

/** The cookies that a request with these fields has. */
async function received(...fields: string[]): Promise<Record<string, string>> {
  const { port } = serveLeaf((request) => JSON.stringify([...request.receivedCookies]))
  const head = fields.map((field) => `${field}\r\n`).join('')
  const { text } = await port.request(`GET / HTTP/1.1\r\nHost: a\r\n${head}\r\n`)
  return Object.fromEntries(JSON.parse(text) as [string, string][])
}

test('Request.receivedCookies takes pairs apart: trimmed, not decoded, the later of two wins (B87)', async () => {
  assert.deepEqual(await received(), {})
  assert.deepEqual(await received('Cookie: a=1; b=2;c=3 ;  d = 4;a=5'), { a: '5', b: '2', c: '3', d: '4' })
  assert.deepEqual(await received('Cookie: q="x%20y"; e=; z=1=2; none; =nameless'), {
    q: '"x%20y"',
    e: '',
    z: '1=2',
    '': 'nameless',
  })
  assert.deepEqual(await received('Cookie: a=1', 'X: y', 'cookie: a=2; b=3'), { a: '2', b: '3' })
})

test('Request.getCookie gives the value of a cookie, whatever its name (B87)', async () => {
  const { port } = serveLeaf((request) =>
    JSON.stringify(['a', '__proto__', 'constructor', 'toString'].map((name) => request.getCookie(name) ?? null)),
  )
  const { text } = await port.request('GET / HTTP/1.1\r\nHost: a\r\nCookie: __proto__=x; a=b\r\n\r\n')
  assert.deepEqual(JSON.parse(text), ['b', 'x', null, null])
})

/** The Set-Cookie fields of a response. */
async function added(...cookies: [name: string, value: string, options?: CookieOptions][]): Promise<string[]> {
  const { port } = serveLeaf((request) => {
    for (const [name, value, options] of cookies) request.addCookie(name, value, options)
    return 'x'
  })
  const { rawHeaders } = await port.request('GET /')
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === 'Set-Cookie')
}

test('Request.addCookie sends several cookies, each with its attributes (B87)', async () => {
  const all: CookieOptions = {
    expires: new Date(Date.UTC(2030, 0, 2, 3, 4, 5)),
    domain: 'shop.example',
    path: '/basket',
    maxAge: 60,
    httpOnly: true,
    secure: true,
    sameSite: 'none',
    partitioned: true,
  }
  const attributes = 'Max-Age=60; Domain=shop.example; Path=/basket; Expires=Wed, 02 Jan 2030 03:04:05 GMT; HttpOnly; Secure'
  assert.deepEqual(await added(['a', '1'], ['b', 'x%20y', { sameSite: 'lax' }], ['c', '"3"', all], ['a', '']), [
    'a=1',
    'b=x%20y; SameSite=Lax',
    `c="3"; ${attributes}; Partitioned; SameSite=None`,
    'a=',
  ])
})

test('Request.clearCookie makes the browser forget a cookie', async () => {
  const { port } = serveLeaf((request) => {
    request.clearCookie('a', { path: '/', secure: true })
    return 'x'
  })
  const { headers } = await port.request('GET /')
  assert.equal(headers['set-cookie'], 'a=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure')
})

test('Request.addCookie refuses what would be read as something else, or by nobody (B87)', async () => {
  const refused: [name: string, value: string, options: CookieOptions, why: RegExp][] = [
    ['a', 'x; Path=/', {}, /cookie "a": its value .*encodeURIComponent/],
    ['a', 'x\r\nSet-Cookie: b=1', {}, /cookie "a"/],
    ['a', 'two words', {}, /cookie "a"/],
    ['a', 'é', {}, /cookie "a"/],
    ['a=b', 'x', {}, /cookie "a=b"/],
    ['a\nb', 'x', {}, /cookie "a\\nb"/],
    ['', 'x', {}, /cookie ""/],
    ['a', 'x', { path: '/;HttpOnly' }, /path/],
    ['a', 'x', { domain: 'a.example\r\n' }, /domain/],
    ['a', 'x', { maxAge: 1.5 }, /maxAge/],
    ['a', 'x', { expires: new Date(Number.NaN) }, /expires/],
    ['a', 'x', { sameSite: 'lux' as 'lax' }, /sameSite/],
    ['a', 'x', { sameSite: 'none' }, /'none' needs secure/],
    ['a', 'x', { partitioned: true }, /partitioned needs secure/],
    ['__Secure-a', 'x', {}, /needs secure/],
    ['__Host-a', 'x', { secure: true, path: '/', domain: 'a.example' }, /no domain/],
    ['__host-a', 'x', { secure: true }, /path/],
  ]
  for (const [name, value, options, why] of refused) {
    const { port } = serveLeaf((request) => {
      assert.throws(() => request.addCookie(name, value, options), { code: 'PLAIT_RESOURCE', message: why })
      return 'x'
    })
    const { status, headers } = await port.request('GET /')
    assert.deepEqual([status, headers['set-cookie']], [200, undefined], name)
  }
  assert.deepEqual(await added(['__Host-a', 'x', { secure: true, path: '/' }]), ['__Host-a=x; Path=/; Secure'])
})

test('Request.addCookie does not tell the log what a cookie holds', async () => {
  const { port, logger } = serveLeaf((request) => {
    request.addCookie('session', 'very secret')
    return 'x'
  })
  assert.equal((await port.request('GET /')).status, 500)
  assert.doesNotMatch(JSON.stringify(logger.records), /secret/)
})

test('Request.addCookie throws once the head is out', async () => {
  const { port } = serveLeaf((request) => {
    request.write('x')
    assert.throws(() => request.addCookie('a', '1'), { code: 'PLAIT_RESOURCE', message: /has begun/ })
    request.finish()
  })
  assert.equal((await port.request('GET /')).text, 'x')
})
