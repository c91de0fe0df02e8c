import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MemoryResponse } from '#src/testing.ts'
import { serveTree } from './tree.ts'

const text = '0123456789'
const large = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))

function ranged(target: string, range: string, method = 'GET', more = ''): string {
  return `${method} ${target} HTTP/1.1\r\nHost: x\r\nRange: ${range}\r\n${more}\r\n`
}

/** The parts of a multipart/byteranges body, read by the grammar of RFC 2046. */
function partsOf(response: MemoryResponse): { type: string; range: string; body: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(String(response.headers['content-type']))?.[1] as string
  assert.ok(boundary)
  const pieces = response.body.toString('latin1').split(`\r\n--${boundary}`)
  assert.equal(pieces.shift(), '')
  assert.equal(pieces.pop(), '--\r\n')
  return pieces.map((piece) => {
    const [, type = '', range = '', body = ''] = /^\r\nContent-Type: (.*)\r\nContent-Range: (.*)\r\n\r\n([^]*)$/.exec(piece) ?? []
    return { type, range, body: Buffer.from(body, 'latin1') }
  })
}

test('File sends one range as 206 (E125)', async () => {
  const { port } = serveTree({ 'f.txt': text })
  for (const [range, field, body] of [
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=5-500', 'bytes 5-9/10', '56789'],
    ['bytes=-500', 'bytes 0-9/10', text],
    ['bytes=1-2,3-4', 'bytes 1-4/10', '1234'],
  ] as const) {
    const response = await port.request(ranged('/f.txt', range))
    assert.equal(response.status, 206, range)
    assert.equal(response.headers['content-range'], field)
    assert.equal(response.headers['content-length'], String(body.length))
    assert.equal(response.headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(response.text, body)
  }
})

test('File answers 416 when no range can be satisfied (E125)', async () => {
  const { port } = serveTree({ 'f.txt': text, 'empty.txt': '' })
  const connection = port.connect()
  for (const range of ['bytes=10-', 'bytes=20-30', 'bytes=-0', 'bytes=10-,11-']) {
    const response = await connection.request(ranged('/f.txt', range))
    assert.equal(response.status, 416, range)
    assert.equal(response.headers['content-range'], 'bytes */10')
    assert.equal(response.body.length, 0)
  }
  assert.equal((await connection.request(ranged('/empty.txt', 'bytes=0-'))).headers['content-range'], 'bytes */0')
})

test('File sends the whole file for a Range that it must ignore (E125)', async () => {
  const { port } = serveTree({ 'f.txt': text })
  for (const range of ['bytes=', 'bytes=x', 'bytes=4-2', 'lines=1-2', 'bytes=1-2,-']) {
    const response = await port.request(ranged('/f.txt', range))
    assert.equal(response.status, 200, range)
    assert.equal(response.text, text)
    assert.equal(response.headers['accept-ranges'], 'bytes')
  }
})

test('File ignores Range on HEAD (E125)', async () => {
  const response = await serveTree({ 'f.txt': text }).port.request(ranged('/f.txt', 'bytes=2-4', 'HEAD'))
  assert.equal(response.status, 200)
  assert.equal(response.headers['content-length'], '10')
  assert.equal(response.headers['content-range'], undefined)
})

test('File sends several ranges as multipart/byteranges, with their exact length (E126)', async () => {
  const { port } = serveTree({ 'f.txt': text })
  const connection = port.connect()
  const response = await connection.request(ranged('/f.txt', 'bytes=0-1,-2,99-,4-5'))
  assert.equal(response.status, 206)
  assert.equal(response.headers['content-range'], undefined)
  assert.equal(response.headers['content-length'], String(response.body.length))
  const parts = partsOf(response)
  assert.deepEqual(
    parts.map(({ range, body }) => [range, body.toString()]),
    [
      ['bytes 0-1/10', '01'],
      ['bytes 8-9/10', '89'],
      ['bytes 4-5/10', '45'],
    ],
  )
  assert.ok(parts.every(({ type }) => type === 'text/plain; charset=utf-8'))
  // The connection is in order behind it.
  assert.equal((await connection.request('GET /f.txt')).text, text)
})

test('File sends large parts, and reads each byte once for ranges that overlap (E126)', async () => {
  const { port } = serveTree({ 'f.bin': large })
  const response = await port.request(ranged('/f.bin', 'bytes=0-199999,100000-250000,260000-260009'))
  const [first, second, ...others] = partsOf(response)
  assert.equal(others.length, 0)
  assert.equal(first?.range, 'bytes 0-250000/300000')
  assert.ok(first?.body.equals(large.subarray(0, 250_001)))
  assert.ok(second?.body.equals(large.subarray(260_000, 260_010)))
})

test('File sends a flood of ranges as the whole file, once (E126)', async () => {
  const { port } = serveTree({ 'f.bin': large })
  const flood = Array.from({ length: 1000 }, (_, at) => `${at * 3}-`).join(',')
  const response = await port.request(ranged('/f.bin', `bytes=${flood}`))
  assert.equal(response.status, 200)
  assert.equal(response.body.length, large.length)
})

test('File sends what slicing gives, for any range of any file', async () => {
  const sizes = [0, 1, 10, 1000, 70_000]
  const { port } = serveTree(Object.fromEntries(sizes.map((size) => [`${size}.bin`, large.subarray(0, size)])))
  const connection = port.connect()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sizes), fc.nat(80_000), fc.nat(80_000), async (size, first, length) => {
      const response = await connection.request(ranged(`/${size}.bin`, `bytes=${first}-${first + length}`))
      const expected = large.subarray(0, size).subarray(first, first + length + 1)
      assert.equal(response.status, expected.length === 0 ? 416 : 206)
      assert.ok(response.body.equals(expected))
    }),
    { numRuns: 60 },
  )
})
