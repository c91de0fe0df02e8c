import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hopByHop } from '#src/resources/reverse-proxy/hop-by-hop.ts'
import { responseFields } from '#src/resources/reverse-proxy/response-fields.ts'
import { parseUpstream } from '#src/resources/reverse-proxy/upstream.ts'

test('parseUpstream reads http, https and unix', () => {
  assert.deepEqual(parseUpstream('http://127.0.0.1:3000'), {
    secure: false,
    host: '127.0.0.1',
    port: 3000,
    socketPath: undefined,
    base: '',
    authority: '127.0.0.1:3000',
  })
  assert.deepEqual(parseUpstream('https://[::1]/a/b%20c/'), {
    secure: true,
    host: '::1',
    port: 443,
    socketPath: undefined,
    base: '/a/b%20c',
    authority: '[::1]',
  })
  assert.deepEqual(parseUpstream('unix:/run/app.sock:/base/'), {
    secure: false,
    host: '',
    port: 0,
    socketPath: '/run/app.sock',
    base: '/base',
    authority: 'localhost',
  })
  assert.equal(parseUpstream('unix:/run/app.sock').base, '')
})

for (const text of [
  '',
  'localhost:3000',
  'ftp://a',
  'http://',
  'http://u:p@a',
  'http://a/?q',
  'http://a/#f',
  'unix:relative',
  'unix:/s:/a?b',
  'unix:/s:/a b',
]) {
  test(`parseUpstream refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseUpstream(text), { code: 'PLAIT_RESOURCE', message: /^Cannot use the upstream / })
  })
}

test('fields named in Connection end here, but for those that protect somebody else', () => {
  const ends = hopByHop(['Connection', 'close, X-Own ,', 'connection', 'Host, X-Forwarded-For, Authorization, Cookie, X-Two'])
  for (const name of ['connection', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'keep-alive', 'x-own', 'x-two']) {
    assert.ok(ends.has(name), name)
  }
  for (const name of ['host', 'x-forwarded-for', 'authorization', 'cookie', 'close-not']) assert.ok(!ends.has(name), name)
})

const map = { authority: 'up:3000', base: '/base', mount: '/app', rewritePaths: true }
const field = (name: string, value: string, more = {}): string | undefined =>
  responseFields([name, value], { ...map, ...more })[1]

test('Location: the upstream’s own URLs become paths here', () => {
  for (const rewritePaths of [true, false]) {
    assert.equal(field('Location', 'http://up:3000/base/x?y#z', { rewritePaths }), '/app/x?y#z')
    assert.equal(field('Location', 'https://other/base/x', { rewritePaths }), 'https://other/base/x')
    assert.equal(field('Location', '//up:3000/base', { rewritePaths }), '//up:3000/base')
    assert.equal(field('Location', 'x/y', { rewritePaths }), 'x/y')
  }
  assert.equal(field('Location', 'http://up:3000/elsewhere'), '/elsewhere')
  assert.equal(field('Location', 'http://up:3000', { base: '', mount: '' }), '/')
  assert.equal(field('Content-Location', '/base'), '/app')
  assert.equal(field('Location', '/basement'), '/basement')
  assert.equal(field('Location', '/app/x'), '/app/x')
  assert.equal(field('Location', '/base/x', { rewritePaths: false }), '/base/x')
})

test('Set-Cookie: the path becomes the one here, where that was asked for', () => {
  assert.equal(field('Set-Cookie', 'a=b; path=/base/x; HttpOnly'), 'a=b; path=/app/x; HttpOnly')
  assert.equal(field('Set-Cookie', 'a=b; Path=/', { base: '' }), 'a=b; Path=/app')
  assert.equal(field('Set-Cookie', 'a=b; Path=/', { rewritePaths: false }), 'a=b; Path=/')
})

test('the framing of the upstream is never copied (CVE-2026-63718)', () => {
  const raw = [
    'Transfer-Encoding',
    'chunked',
    'Content-Length',
    '5',
    'Trailer',
    'X',
    'Set-Cookie',
    'a',
    'set-cookie',
    'b',
    'Keep-Alive',
    'timeout=5',
  ]
  assert.deepEqual(responseFields(raw, { ...map, rewritePaths: false }), ['Set-Cookie', 'a', 'set-cookie', 'b'])
  assert.deepEqual(responseFields(['content-length', '5'], map), ['content-length', '5'])
})
