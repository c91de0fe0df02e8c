import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { isCompressible } from '#src/resources/encoding/compressible.ts'
import { variedFields } from '#src/resources/encoding/encoded-fields.ts'
import { BrotliEncoderFactory, GzipEncoderFactory, ZstdEncoderFactory } from '#src/resources/encoding/encoder-factories.ts'
import { chooseEncoding } from '#src/resources/encoding/encoding-choice.ts'
import type { EncodingChoice } from '#src/resources/encoding/encoding-choice.ts'

const factories = [new BrotliEncoderFactory(), new GzipEncoderFactory()]
const settings = { factories, minLength: 1024, compressible: isCompressible }

interface Asked {
  accept?: string
  status?: number
  length?: number
  ifNoneMatch?: string
}

function choose(headers: readonly string[], { accept = 'gzip', status = 200, length, ifNoneMatch }: Asked = {}): EncodingChoice {
  const fields: Readonly<Record<string, string | undefined>> = { 'accept-encoding': accept, 'if-none-match': ifNoneMatch }
  const request = { getHeader: (name: string) => fields[name] } as Request
  return chooseEncoding(request, status, headers, settings, length)
}

const html = ['Content-Type', 'text/html; charset=utf-8'] as const
const varied = ['Vary', 'Accept-Encoding'] as const

for (const [accept, coding] of [
  ['gzip', 'gzip'],
  ['gzip, br', 'br'],
  ['br;q=0.1, gzip', 'gzip'],
  ['gzip;q=0', undefined],
  ['gzip;q=0, *', 'br'],
  ['*', 'br'],
  ['identity, gzip;q=0.5', undefined],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['deflate, compress', undefined],
  ['', undefined],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
] as const) {
  test(`chooseEncoding takes ${coding ?? 'none'} of “${accept}” (B74)`, () => {
    const { factory, headers } = choose(html, { accept })
    assert.equal(factory?.coding, coding)
    assert.deepEqual(headers, coding === undefined ? [...html, ...varied] : [...html, 'Content-Encoding', coding, ...varied])
  })
}

test('chooseEncoding drops what was said of the bytes, and makes a strong tag weak', () => {
  const { headers } = choose([...html, 'Content-Length', '5000', 'Accept-Ranges', 'bytes', 'ETag', '"a"'])
  assert.deepEqual(headers, [...html, 'ETag', 'W/"a"', 'Content-Encoding', 'gzip', ...varied])
  assert.deepEqual(choose([...html, 'ETag', 'W/"a"']).headers.slice(2, 4), ['ETag', 'W/"a"'])
})

for (const [why, headers] of [
  ['has a coding', [...html, 'Content-Encoding', 'br']],
  ['may not be changed', [...html, 'Cache-Control', 'public, no-transform']],
  ['has a digest', [...html, 'Content-Digest', 'sha-256=:x:']],
  ['is a picture', ['Content-Type', 'image/png']],
  ['has no type', []],
  ['is short', [...html, 'Content-Length', '1023']],
] as const) {
  test(`chooseEncoding leaves a response alone that ${why}`, () => {
    const choice = choose(headers)
    assert.equal(choice.factory, undefined)
    assert.equal(choice.headers, headers)
  })
}

test('chooseEncoding takes identity as Content-Encoding for none', () => {
  assert.deepEqual(choose([...html, 'Content-Encoding', 'identity']).headers, [...html, 'Content-Encoding', 'gzip', ...varied])
})

for (const status of [204, 205]) {
  test(`chooseEncoding leaves ${status} alone`, () => assert.equal(choose(html, { status }).headers, html))
}

for (const status of [200, 203, 404, 500]) {
  test(`chooseEncoding encodes ${status}`, () => assert.equal(choose(html, { status }).factory?.coding, 'gzip'))
}

test('chooseEncoding sends a part as it is, and says that the whole varies', () => {
  const part = [...html, 'Content-Range', 'bytes 0-1/2']
  assert.deepEqual(choose(part, { status: 206, length: 5000 }), { factory: undefined, headers: [...part, ...varied] })
})

test('chooseEncoding says 304 with the tag that the client has', () => {
  const tag = ['ETag', '"a"']
  assert.deepEqual(choose(tag, { status: 304, ifNoneMatch: '"b", W/"a"' }).headers, ['ETag', 'W/"a"', ...varied])
  assert.deepEqual(choose(tag, { status: 304, ifNoneMatch: '"a"' }).headers, [...tag, ...varied])
  assert.deepEqual(choose(tag, { status: 304 }).headers, [...tag, ...varied])
})

test('variedFields adds to Vary, once', () => {
  assert.deepEqual(variedFields(['vary', 'Cookie']), ['vary', 'Cookie, Accept-Encoding'])
  for (const value of ['accept-encoding', 'Cookie , Accept-Encoding', '*'])
    assert.deepEqual(variedFields(['Vary', value]), ['Vary', value])
  assert.deepEqual(variedFields(['Vary', 'a', 'Vary', 'b']), ['Vary', 'a', 'Vary', 'b, Accept-Encoding'])
  assert.deepEqual(variedFields(['Vary', 'X-Accept-Encoding']), ['Vary', 'X-Accept-Encoding, Accept-Encoding'])
})

test('isCompressible knows what gets smaller', () => {
  for (const type of [
    'text/css',
    'TEXT/HTML;x',
    'application/json',
    'application/problem+json',
    'image/svg+xml',
    'application/wasm',
    'text/event-stream',
  ]) {
    assert.equal(isCompressible(type), true, type)
  }
  for (const type of [
    '',
    'image/png',
    'video/mp4',
    'application/zip',
    'application/octet-stream',
    'font/woff2',
    'multipart/form-data',
    'json',
  ]) {
    assert.equal(isCompressible(type), false, type)
  }
})

test('factories refuse levels that there are not', () => {
  for (const wrong of [-1, 1.5, 20, Number.NaN]) {
    assert.throws(() => new GzipEncoderFactory({ level: wrong }), { code: 'PLAIT_CONFIGURATION' })
    assert.throws(() => new BrotliEncoderFactory({ quality: wrong }), { code: 'PLAIT_CONFIGURATION' })
    assert.throws(() => new ZstdEncoderFactory({ level: wrong }), { code: 'PLAIT_CONFIGURATION' })
  }
})
