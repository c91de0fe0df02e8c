import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlaitError } from '#src/errors.ts'
import { formLimits } from '#src/http/form/form-options.ts'
import { MultipartReader } from '#src/http/form/multipart.ts'
import { Spool } from '#src/http/spool.ts'

const spool = new Spool()

const runs = Number(process.env['FUZZ'] ?? 300)

/** Bytes that are cut at random. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = Math.max(1, lengths[turn % lengths.length] as number)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** Pieces as a connection gives them: several in one turn of the event loop, or each in its own. */
async function* arriving(pieces: readonly Buffer[], together: number): AsyncGenerator<Buffer> {
  for (const [index, piece] of pieces.entries()) {
    if (index % (together + 1) === together) await new Promise((resolve) => setImmediate(resolve))
    yield piece
  }
}

const lengths = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 5 })
const together = fc.constantFrom(0, 1, 5, Infinity)

const scrap = fc.oneof(
  fc.constantFrom(
    '--b\r\n',
    '--b--\r\n',
    '--b',
    '--',
    '\r\n',
    '\r\n\r\n',
    '-',
    'Content-Disposition: form-data; name="a"\r\n\r\n',
    'Content-Disposition: form-data; name="f"; filename="x"\r\n\r\n',
    'Content-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: text/plain\r\n\r\n',
    'Content-Disposition: form-data\r\n\r\n',
    'Content-Disposition: attachment\r\n\r\n',
    'Content-Type: a/b\r\n\r\n',
    'value\r\n',
    'x'.repeat(70_000),
  ),
  fc.string(),
)

test('MultipartReader fails as soon as the disk does, also between two pieces', { timeout: 20_000 }, async () => {
  const full = new Spool({ maxSize: 1 })
  const reader = new MultipartReader('multipart/form-data; boundary=b', formLimits({}), full)
  const large = Buffer.alloc(100_000, 'x')
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n')
    yield large
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (let count = 0; count < 20; count++) yield large
  }
  await assert.rejects(reader.read(pieces()), { code: 'PLAIT_STORAGE', status: 507 })
  assert.equal(full.size, 0)
  full.close()
})

/** 200, or the status of the refusal. */
async function statusOf(pieces: AsyncIterable<Buffer>): Promise<number> {
  const limits = formLimits({ maxFields: 5, maxFiles: 3, maxFileSize: 100_000 })
  const reader = new MultipartReader('multipart/form-data; boundary=b', limits, spool)
  try {
    await reader.read(pieces)
    reader.remove()
    return 200
  } catch (error) {
    assert.ok(error instanceof PlaitError, String(error))
    return error.status ?? 0
  }
}

test('MultipartReader comes to an end with whatever it is given, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(scrap, { maxLength: 14 }), lengths, together, async (parts, sizes, most) => {
      const bytes = Buffer.from(parts.join(''), 'latin1')
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<number>((resolve) => (timer = setTimeout(() => resolve(-1), 20_000)))
      const status = await Promise.race([statusOf(arriving(cut(bytes, sizes), most)), late])
      clearTimeout(timer)
      assert.ok([200, 400, 413].includes(status), `${status} for ${bytes.toString('latin1').slice(0, 500)}`)
    }),
    { numRuns: runs },
  )
})

const name = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replaceAll(/[\r\n"\\/\0]/g, '_'))
const field = fc.record({ name, value: fc.string({ unit: 'grapheme', maxLength: 30 }) })
const file = fc.record({
  name,
  file: name.map((text) => `n${text}`),
  content: fc.uint8Array({ maxLength: 2000 }),
  times: fc.constantFrom(1, 1, 1, 60),
})

test('MultipartReader reads what a browser would send, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(field, file), { maxLength: 6 }), lengths, together, async (entries, sizes, most) => {
      const sent = new FormData()
      for (const entry of entries) {
        if ('value' in entry) sent.append(entry.name, entry.value)
        else sent.append(entry.name, new Blob(Array.from({ length: entry.times }, () => entry.content)), entry.file)
      }
      const encoded = new Response(sent)
      const bytes = Buffer.from(await encoded.arrayBuffer())
      const reader = new MultipartReader(encoded.headers.get('content-type') ?? '', formLimits({}), spool)
      const form = await reader.read(
        arriving(
          cut(
            bytes,
            sizes.map((size) => size * 10),
          ),
          most,
        ),
      )
      for (const key of new Set(sent.keys())) {
        const given = sent.getAll(key)
        const values = given.filter((one) => typeof one === 'string').map((one) => one.replaceAll(/\r\n|\r|\n/g, '\r\n'))
        assert.deepEqual(form.fields.get(key) ?? [], values)
        const blobs = given.filter((one) => typeof one !== 'string')
        const files = form.files.get(key) ?? []
        assert.deepEqual(
          files.map((one) => one.name),
          blobs.map((one) => one.name),
        )
        for (const [index, one] of files.entries()) {
          assert.deepEqual(await one.bytes(), Buffer.from(await (blobs[index] as Blob).arrayBuffer()))
        }
      }
      reader.remove()
    }),
    { numRuns: Math.ceil(runs / 3) },
  )
})
