import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, HEADER_SIZE, LARGEST_FRAME, ToServer, writeHeader } from '#src/wire/frame.ts'
import { FrameReader } from '#src/wire/frame-reader.ts'

interface Seen {
  type: number
  flags: number
  id: number
  payload: string
}

/** Reads `chunks` and gives the frames; the pieces of one DATA frame are put together. */
function read(chunks: Buffer[]): { frames: Seen[]; idle: boolean } {
  const frames: Seen[] = []
  const reader = new FrameReader({
    frame(type, flags, id, buffer, start, end) {
      frames.push({ type, flags, id, payload: buffer.toString('hex', start, end) })
    },
    data(id, piece) {
      const last = frames.at(-1)
      if (last?.type === ToServer.DATA && last.id === id) last.payload += piece.toString('hex')
      else frames.push({ type: ToServer.DATA, flags: 0, id, payload: piece.toString('hex') })
    },
  })
  for (const chunk of chunks) reader.push(chunk)
  return { frames, idle: reader.idle }
}

const frame = fc.record({
  type: fc.constantFrom(...Object.values(ToServer)),
  flags: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 1, max: 0xffffffff }),
  payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
})

test('FrameReader reads the same frames however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat({ max: 2500 }), { maxLength: 20 }), (frames, cuts) => {
      // Two DATA frames of one id in a row cannot be told apart here, and need not be.
      const distinct = frames.map((one, index) => ({
        ...one,
        id: (one.id & 0xffffff00) + index,
        flags: one.type === ToServer.DATA ? 0 : one.flags,
      }))
      const bytes = Buffer.concat(distinct.map(({ type, flags, id, payload }) => encodeFrame(type, id >>> 0, payload, flags)))
      const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
      const chunks = [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length))
      const expected = distinct.map(({ type, flags, id, payload }) => ({
        type,
        flags,
        id: id >>> 0,
        payload: Buffer.from(payload).toString('hex'),
      }))
      const { frames: seen, idle } = read(chunks)
      assert.deepEqual(seen, expected)
      assert.equal(idle, true)
    }),
  )
})

test('FrameReader is not idle inside a frame', () => {
  const bytes = encodeFrame(ToServer.END, 1, 'abc')
  for (let size = 1; size < bytes.length; size++) assert.equal(read([bytes.subarray(0, size)]).idle, false, `${size} bytes`)
})

test('FrameReader hands a large DATA frame on piece by piece without keeping it', () => {
  const header = Buffer.alloc(HEADER_SIZE)
  writeHeader(header, 0, LARGEST_FRAME, 7, ToServer.DATA, 0)
  let bytes = 0
  let pieces = 0
  const reader = new FrameReader({
    frame: () => assert.fail('no frame expected'),
    data(id, piece) {
      assert.equal(id, 7)
      bytes += piece.length
      pieces++
    },
  })
  reader.push(header)
  const chunk = Buffer.alloc(LARGEST_FRAME / 16)
  for (let index = 0; index < 16; index++) reader.push(chunk)
  assert.deepEqual([bytes, pieces, reader.idle, reader.frames, reader.chunks], [LARGEST_FRAME, 16, true, 1, 17])
})

test('FrameReader refuses a frame that is larger than any host sends (D14)', () => {
  const header = Buffer.alloc(HEADER_SIZE)
  for (const type of [ToServer.RESPONSE, ToServer.DATA]) {
    writeHeader(header, 0, LARGEST_FRAME + 1, 1, type, 0)
    assert.throws(() => read([header]), { code: 'PLAIT_PROTOCOL' })
  }
})
