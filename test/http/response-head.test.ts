import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { serveLeaf } from './leaf.ts'

const TAG = '"v1"'
const DATE = 'Tue, 24 Nov 2026 08:05:12 GMT'
const TIME = Date.parse(DATE)
const BEFORE = 'Tue, 24 Nov 2026 08:05:11 GMT'
const AFTER = 'Tue, 24 Nov 2026 08:05:13 GMT'

/** Answers with the page unless `check` says that the client has got it, or may not change it. */
async function answer(check: (request: Request) => boolean, method: string, ...fields: string[]) {
  const { port } = serveLeaf((request) => {
    request.setHeader('Content-Type', 'text/plain')
    return check(request) ? '' : 'page'
  })
  const head = fields.map((field) => `${field}\r\n`).join('')
  return port.request(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n${head}\r\n`)
}

const tagged = (request: Request): boolean => request.setETag(TAG)
const dated = (request: Request): boolean => request.setLastModified(TIME)
const both = (request: Request): boolean => request.setETag(TAG) || request.setLastModified(new Date(TIME))
const otherWay = (request: Request): boolean => request.setLastModified(TIME) || request.setETag(TAG)

async function assertStatuses(
  check: (request: Request) => boolean,
  cases: [status: number, method: string, ...fields: string[]][],
): Promise<void> {
  for (const [status, method, ...fields] of cases) {
    const response = await answer(check, method, ...fields)
    assert.deepEqual(
      [response.status, response.text],
      [status, status === 200 && method !== 'HEAD' ? 'page' : ''],
      `${method} ${fields.join(', ')}`,
    )
  }
}

test('Request.setETag compares with If-None-Match: weakly, in lists (B84)', async () => {
  await assertStatuses(tagged, [
    [200, 'GET'],
    [304, 'GET', `If-None-Match: ${TAG}`],
    [304, 'HEAD', `If-None-Match: ${TAG}`],
    [304, 'GET', `If-None-Match: "a",${TAG}, "b"`],
    [304, 'GET', `If-None-Match: W/${TAG}`],
    [304, 'GET', 'If-None-Match: *'],
    [200, 'GET', 'If-None-Match: "v2"'],
    [200, 'GET', 'If-None-Match: v1'],
    [412, 'POST', `If-None-Match: ${TAG}`],
    [412, 'PUT', 'If-None-Match: *'],
    [200, 'OPTIONS', `If-None-Match: ${TAG}`],
  ])
})

test('Request.setETag compares with If-Match: strongly', async () => {
  await assertStatuses(tagged, [
    [200, 'PUT', `If-Match: ${TAG}`],
    [200, 'PUT', 'If-Match: *'],
    [412, 'PUT', 'If-Match: "v2"'],
    [412, 'PUT', `If-Match: W/${TAG}`],
    [412, 'GET', 'If-Match: "v2"'],
  ])
  await assertStatuses((request) => request.setETag(`W/${TAG}`), [[412, 'PUT', `If-Match: W/${TAG}`]])
})

test('Request.setLastModified compares with If-Modified-Since and If-Unmodified-Since (B85)', async () => {
  await assertStatuses(dated, [
    [200, 'GET'],
    [304, 'GET', `If-Modified-Since: ${DATE}`],
    [304, 'HEAD', `If-Modified-Since: ${AFTER}`],
    [304, 'GET', 'If-Modified-Since: Tuesday, 24-Nov-26 08:05:12 GMT'],
    [304, 'GET', 'If-Modified-Since: Tue Nov 24 08:05:12 2026'],
    [200, 'GET', `If-Modified-Since: ${BEFORE}`],
    [200, 'GET', 'If-Modified-Since: nonsense'],
    [200, 'POST', `If-Modified-Since: ${DATE}`],
    [200, 'PUT', `If-Unmodified-Since: ${DATE}`],
    [412, 'PUT', `If-Unmodified-Since: ${BEFORE}`],
  ])
})

test('Request.setETag and setLastModified keep the order of RFC 9110 section 13.2.2, in either order of calls (B85)', async () => {
  for (const check of [both, otherWay]) {
    await assertStatuses(check, [
      [304, 'GET', `If-None-Match: ${TAG}`, `If-Modified-Since: ${BEFORE}`],
      // Twisted would give 304 here.
      [200, 'GET', 'If-None-Match: "v2"', `If-Modified-Since: ${DATE}`],
      [200, 'PUT', `If-Match: ${TAG}`, `If-Unmodified-Since: ${BEFORE}`],
      [412, 'PUT', 'If-Match: "v2"', `If-Unmodified-Since: ${DATE}`],
      [412, 'PUT', `If-Match: ${TAG}`, 'If-None-Match: *'],
    ])
  }
})

test('Request.setLastModified drops fractions, keeps the latest time and none that lies ahead (B85)', async () => {
  const sent = async (...times: (number | Date)[]): Promise<string | undefined> =>
    (await answer((request) => times.some((time) => request.setLastModified(time)), 'GET')).headers['last-modified']
  assert.equal(await sent(TIME + 999), DATE)
  assert.equal(await sent(TIME, TIME - 5000), DATE)
  assert.equal(await sent(TIME - 5000, new Date(TIME)), DATE)
  assert.equal(await sent(0), 'Thu, 01 Jan 1970 00:00:00 GMT')
  assert.ok(Date.parse((await sent(Date.now() + 1e9)) ?? '') <= Date.now())
})

test('Request: a 304 keeps validators and cookies, and says nothing of a body (B86)', async () => {
  const check = (request: Request): boolean => {
    request.setLastModified(TIME)
    request.setHeader('Cache-Control', 'max-age=5')
    request.setHeader('Content-Encoding', 'gzip')
    request.addCookie('a', '1')
    return both(request)
  }
  const response = await answer(check, 'GET', `If-None-Match: ${TAG}`)
  const names = Object.keys(response.headers).filter((name) => name !== 'connection')
  assert.deepEqual(names.toSorted(), ['cache-control', 'date', 'etag', 'last-modified', 'server', 'set-cookie'])
  assert.equal(response.status, 304)
  assert.equal(response.reason, 'Not Modified')
})

test('Request.setETag leaves a response alone that is no success', async () => {
  const response = await answer(
    (request) => {
      request.setResponseCode(404)
      return request.setETag(TAG)
    },
    'GET',
    `If-None-Match: ${TAG}`,
  )
  assert.deepEqual([response.status, response.text], [404, 'page'])
})

test('Request.setETag and setLastModified refuse what is no tag and no time', async () => {
  await answer((request) => {
    for (const tag of ['v1', '"v1', 'W/v1', 'w/"v1"', '"a"b"', '"a b"', '"a\n"', '']) {
      assert.throws(() => request.setETag(tag), { code: 'PLAIT_RESOURCE', message: /must have quotes/ }, tag)
    }
    for (const time of [Number.NaN, new Date(Number.NaN), -Infinity, -1e15]) {
      assert.throws(() => request.setLastModified(time), { code: 'PLAIT_RESOURCE', message: /no time/ })
    }
    return false
  }, 'GET')
})

test('Request.redirect sets status and Location, encoded as far as a URL needs it', async () => {
  const cases: [url: string, code: number | undefined, location: string][] = [
    ['/a?b=%20&c', undefined, '/a?b=%20&c'],
    ['https://other.example/', 301, 'https://other.example/'],
    ['/a b"<>é€', 303, '/a%20b%22%3C%3E%C3%A9%E2%82%AC'],
    ['/\\evil.example', 307, '/%5Cevil.example'],
    ['/\ud83d\ude00\ud800', 308, '/%F0%9F%98%80%EF%BF%BD'],
  ]
  for (const [url, code, location] of cases) {
    const { port } = serveLeaf((request) => {
      request.redirect(url, code)
      return ''
    })
    const { status, headers } = await port.request('GET /')
    assert.deepEqual([status, headers['location']], [code ?? 302, location])
  }
})

test('Request.redirect refuses other statuses, and what would end the field', async () => {
  await answer((request) => {
    for (const code of [200, 300, 304, 305, 400, Number.NaN]) {
      assert.throws(() => request.redirect('/', code), { code: 'PLAIT_RESOURCE', message: /no redirect/ })
    }
    for (const url of ['/\r\nX: y', '/\0', '/\t']) {
      assert.throws(() => request.redirect(url), { code: 'PLAIT_RESOURCE', message: /control characters/ })
    }
    assert.deepEqual([request.responseCode, request.getResponseHeader('Location')], [200, undefined])
    return false
  }, 'GET')
})

test('Request.getResponseHeader tells what was set; setHeader replaces, addHeader adds, neither takes what is no field (B79)', async () => {
  const response = await answer((request) => {
    request.setHeader('X-A', '1')
    request.addHeader('x-a', '2')
    assert.equal(request.getResponseHeader('X-a'), '2')
    request.setHeader('X-A', '3')
    assert.deepEqual([request.getResponseHeader('x-a'), request.getResponseHeader('x-b')], ['3', undefined])
    request.addHeader('X-A', '4')
    for (const [name, value] of [
      ['a b', 'x'],
      ['', 'x'],
      ['a', 'x\r\nb: c'],
      ['a', '\0'],
      ['a', '€'],
    ] as const) {
      assert.throws(() => request.setHeader(name, value), { code: 'PLAIT_RESOURCE' })
      assert.throws(() => request.addHeader(name, value), { code: 'PLAIT_RESOURCE' })
    }
    return false
  }, 'GET')
  assert.deepEqual(
    response.rawHeaders.filter((_, index) => response.rawHeaders[index - 1] === 'X-A'),
    ['3', '4'],
  )
})

test('setResponseCode has a reason phrase for each status, and takes another (B69)', async () => {
  const reasonOf = async (code: number, message?: string): Promise<string> => {
    const { port } = serveLeaf((request) => {
      request.setResponseCode(code, message)
      return 'page'
    })
    return (await port.request('GET /')).reason
  }
  assert.deepEqual(await Promise.all([200, 404, 416, 503].map((code) => reasonOf(code))), [
    'OK',
    'Not Found',
    'Range Not Satisfiable',
    'Service Unavailable',
  ])
  assert.equal(await reasonOf(299), 'Unknown Status')
  assert.equal(await reasonOf(404, 'Gone fishing'), 'Gone fishing')
})
