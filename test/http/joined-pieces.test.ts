import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { JoinedPieces, joinSmallPieces } from '#src/http/joined-pieces.ts'

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 400 })

/** Pieces of these sizes, of which no two bytes in a row are alike. */
function piecesOf(all: readonly number[]): Buffer[] {
  let next = 0
  return all.map((size) => Buffer.from(Uint8Array.from({ length: size }, () => next++ % 251)))
}

test('JoinedPieces gives what was added, in order, in few pieces, whenever it is taken', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 50 }), (all, every) => {
      const pieces = piecesOf(all)
      const joined = new JoinedPieces()
      const taken: Buffer[] = []
      for (const [index, piece] of pieces.entries()) {
        assert.equal(joined.isEmpty, index % every === 0)
        joined.add(piece)
        if (index % every === every - 1) taken.push(...joined.take())
      }
      taken.push(...joined.take())
      assert.equal(joined.isEmpty, true)
      assert.ok(Buffer.concat(taken).equals(Buffer.concat(pieces)))
    }),
  )
})

test('JoinedPieces takes a single piece as it is, and keeps small ones in few buffers', () => {
  const joined = new JoinedPieces()
  const [lone] = piecesOf([10]) as [Buffer]
  joined.add(lone)
  assert.equal(joined.take()[0], lone)
  for (let count = 0; count < 100_000; count++) joined.add(Buffer.from('x'))
  const taken = joined.take()
  assert.ok(taken.length < 30, String(taken.length))
  // One that was taken stays as it is when others come into its slab.
  joined.add(Buffer.from('y'))
  const [before] = joined.take()
  joined.add(Buffer.from('z'))
  assert.equal(String(before), 'y')
  assert.equal(String(joined.take()[0]), 'z')
})

test('joinSmallPieces changes nothing of a stream but the number of its pieces, read in any way', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), fc.nat({ max: 20 }), async (all, flowing, every) => {
      const pieces = piecesOf(all)
      const source = new Readable({ read: () => undefined })
      joinSmallPieces(source)
      const got: Buffer[] = []
      if (flowing) source.on('data', (piece: Buffer) => got.push(piece))
      else {
        source.on('readable', () => {
          for (let piece = source.read() as Buffer | null; piece !== null; piece = source.read() as Buffer | null) got.push(piece)
        })
      }
      const ended = new Promise((resolve) => source.on('end', resolve))
      for (const [index, piece] of pieces.entries()) {
        source.push(piece)
        if (every > 0 && index % every === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      source.push(null)
      await ended
      assert.ok(Buffer.concat(got).equals(Buffer.concat(pieces)))
    }),
    { numRuns: 50 },
  )
})

test('joinSmallPieces asks for a pause when many pieces come at once, and by bytes as ever', async () => {
  const source = new Readable({ read: () => undefined, highWaterMark: 3000 })
  joinSmallPieces(source)
  let count = 0
  do count++
  while (source.push(Buffer.from('x')))
  assert.equal(count, 1024)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(source.readableLength, 1024)
  assert.equal(source.push(Buffer.alloc(1000)), true)
  assert.equal(source.push(Buffer.alloc(990)), false)
  assert.equal(source.push(Buffer.alloc(1)), false)
})
