import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  batchEnd,
  batchStart,
  isSample,
  jsonEnviron,
  marshalEnviron,
  marshalSample,
  sampleEnviron,
} from '#src/wire/environ-encoding.ts'
import { RequestBatch } from '#src/wire/request-batch.ts'
import { BodyKind, HEADER_SIZE, ToHost } from '#src/wire/frame.ts'

/** What Python's marshal makes of it. */
function loads(bytes: Buffer): unknown {
  const script = 'import json,marshal,sys; print(json.dumps(marshal.loads(sys.stdin.buffer.read())))'
  const { stdout, stderr, status } = spawnSync('python3', ['-c', script], { input: bytes, encoding: 'utf8', maxBuffer: 2 ** 28 })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 400 })

test('marshalEnviron is what Python reads back, for all of latin-1 and every length', () => {
  const environs = fc.sample(fc.dictionary(latin1, latin1, { maxKeys: 12 }), 300)
  const lengths = [0, 1, 127, 128, 255, 256, 257, 65535, 65536, 70000].flatMap((length) =>
    ['a', 'é'].map((c) => ({ [`L${length}${c}`]: c.repeat(length) })),
  )
  const all: Record<string, string>[] = [...environs, ...lengths]
  const entries = all.map((environ, index) => marshalEnviron(index + 1, Object.entries(environ).flat()))
  const decoded = loads(Buffer.from(batchStart + entries.join('') + batchEnd, 'latin1')) as Record<string, unknown>
  all.forEach((environ, index) =>
    assert.deepEqual(Object.entries(decoded[index + 1] as object).toSorted(), Object.entries(environ).toSorted()),
  )
})

test('marshalEnviron takes the largest id', () => {
  const id = 0x7fffffff
  assert.deepEqual(loads(Buffer.from(batchStart + marshalEnviron(id, ['A', 'b']) + batchEnd, 'latin1')), { [id]: { A: 'b' } })
})

test('isSample accepts what Python makes of the sample and nothing else', () => {
  assert.equal(isSample(loads(marshalSample())), true)
  assert.equal(isSample(null), false)
  assert.equal(isSample({ 1: {} }), false)
})

test('jsonEnviron is ASCII and means the same', () => {
  const encoded = `{${jsonEnviron(5, sampleEnviron)}}`
  assert.match(encoded, /^[ -~]*$/)
  assert.deepEqual(Object.entries((JSON.parse(encoded) as Record<string, object>)['5'] as object).flat(), sampleEnviron)
})

test('RequestBatch puts environs and bodies where the host looks for them', () => {
  const batch = new RequestBatch(false)
  batch.add(1, ['A', '1'], undefined)
  batch.add(2, ['A', '2'], { kind: 'bytes', chunks: [Buffer.from('ab'), Buffer.from('c')], size: 3 })
  batch.add(3, ['A', '3'], { kind: 'file', path: '/tmp/é' })
  batch.add(4, ['A', '4'], { kind: 'stream' })
  assert.equal(batch.count, 4)
  const frame = Buffer.concat(batch.take())
  assert.equal(batch.count, 0)
  assert.deepEqual([frame.readUInt32LE(0), frame[8]], [frame.length - HEADER_SIZE, ToHost.REQUESTS])
  const payload = frame.subarray(HEADER_SIZE)
  const [bodies, size] = [payload.readUInt32LE(0), payload.readUInt32LE(4)]
  const numbers = Array.from({ length: bodies * 3 }, (_, index) => payload.readUInt32LE(8 + index * 4))
  assert.deepEqual(numbers, [2, BodyKind.BYTES, 3, 3, BodyKind.FILE, 7, 4, BodyKind.STREAM, 0])
  const start = 8 + bodies * 12
  assert.deepEqual(loads(payload.subarray(start, start + size)), { 1: { A: '1' }, 2: { A: '2' }, 3: { A: '3' }, 4: { A: '4' } })
  assert.equal(payload.subarray(start + size).toString(), 'abc/tmp/é')
})

test('RequestBatch does not copy a large body', () => {
  const batch = new RequestBatch(false)
  const body = Buffer.alloc(100_000, 'x')
  batch.add(1, [], { kind: 'bytes', chunks: [body], size: body.length })
  assert.equal(batch.bodyBytes, 100_000)
  assert.equal(batch.take()[1], body)
})
