import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { PlaitError } from '#src/errors.ts'
import type { SpoolFile } from '#src/http/spool-file.ts'
import { Spool } from '#src/http/spool.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { asOrdinaryUser } from '../support/ordinary-user.ts'
import { until } from '../support/until.ts'

const KIB = 1024

function base(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function write(file: SpoolFile, bytes: number): Promise<PlaitError | undefined> {
  return new Promise((resolve) => file.write(Buffer.alloc(bytes), resolve))
}

function close(file: SpoolFile): Promise<PlaitError | undefined> {
  return new Promise((resolve) => file.close(resolve))
}

test('Spool counts the bytes of a file until it is removed, closed and held by nobody', async (t) => {
  const spool = new Spool({ directory: base(t) })
  const file = spool.create()
  await write(file, 1000)
  await write(file, 24)
  assert.equal(spool.size, 1024)
  const release = file.hold()
  await close(file)
  // As a host does it.
  unlinkSync(file.path)
  file.remove()
  file.remove()
  assert.equal(spool.size, 1024)
  release()
  release()
  assert.equal(spool.size, 0)
})

test('Spool gives bytes back when a file is removed in the middle of a write, or of its closing', async (t) => {
  const spool = new Spool({ directory: base(t) })
  const [writing, closing] = [spool.create(), spool.create()]
  const written = write(writing, 100 * KIB)
  writing.remove()
  assert.equal(spool.size, 100 * KIB)
  await written
  await until('the first is closed', () => spool.size === 0)
  await write(closing, KIB)
  const closed = close(closing)
  closing.remove()
  await closed
  assert.equal(spool.size, 0)
})

test('Spool has no room above maxSize: 503 for what would fit alone, 507 for what never will, one line of the log', async (t) => {
  const logger = new RecordingLogger()
  const spool = new Spool({ directory: base(t), maxSize: 10 * KIB, logger })
  const [first, second] = [spool.create(), spool.create()]
  assert.equal(await write(first, 8 * KIB), undefined)
  const refused = await write(second, 3 * KIB)
  assert.deepEqual([refused?.code, refused?.status], ['PLAIT_STORAGE', 503])
  assert.equal(spool.size, 8 * KIB)
  assert.equal(await write(second, 2 * KIB), undefined)
  // It alone would have more than there is room for.
  const never = await write(first, 3 * KIB)
  assert.equal(never?.status, 507)
  assert.throws(() => spool.admit(1), { code: 'PLAIT_STORAGE', status: 503 })
  assert.throws(() => spool.admit(11 * KIB), { status: 507 })
  for (const file of [first, second]) file.remove()
  await until('there is room again', () => spool.size === 0)
  spool.admit(10 * KIB)
  assert.equal(logger.records.length, 1)
  assert.match(
    logger.of('warn')[0]?.message ?? '',
    /^Request bodies have 8192 bytes on disk, of at most 10240 bytes: .*--max-temp/,
  )
})

test('Spool keeps room for what still comes of a file, but for no more than has come', async (t) => {
  const spool = new Spool({ directory: base(t), maxSize: 10 * KIB })
  const announced = spool.create(9 * KIB)
  await write(announced, KIB)
  // 1 KiB has come, and 1 KiB is kept; what was announced beside that is not.
  const other = spool.create()
  assert.equal((await write(other, 9 * KIB))?.status, 503)
  assert.equal(await write(other, 8 * KIB), undefined)
  other.remove()
  await until('it is closed', () => spool.size === KIB)
  assert.equal(await write(announced, 4 * KIB), undefined)
  assert.throws(() => spool.admit(2 * KIB), { status: 503 })
  spool.admit(KIB)
  assert.equal(await write(announced, 4 * KIB), undefined)
  announced.remove()
  await until('it is closed', () => spool.size === 0)
  spool.admit(10 * KIB)
})

test('Spool without a maxSize takes half of what is free at most; 0 is any number', (t) => {
  const spool = new Spool({ directory: base(t) })
  spool.admit(1)
  assert.throws(() => spool.admit(Number.MAX_SAFE_INTEGER), { status: 507 })
  new Spool({ directory: base(t), maxSize: 0 }).admit(Number.MAX_SAFE_INTEGER)
  assert.throws(() => new Spool({ maxSize: Number.NaN }), { code: 'PLAIT_CONFIGURATION' })
})

test('Spool says once that its disk fails, and once that it works again', async (t) => {
  const logger = new RecordingLogger()
  const directory = path.join(base(t), 'spool')
  const spool = new Spool({ directory, logger })
  // Nothing can be made below a file.
  const failing = new Spool({ directory: `${process.execPath}/none`, logger })
  for (let count = 0; count < 3; count++) assert.throws(() => failing.create(), { code: 'PLAIT_STORAGE', status: 507 })
  assert.equal(logger.records.length, 1)
  assert.match(
    logger.of('error')[0]?.message ?? '',
    /^Cannot keep request bodies in \S+\/none: ENOTDIR.*Make room there, or choose another/,
  )
  const file = spool.create()
  assert.equal(await write(file, 1), undefined)
  file.remove()
  await until('it is closed', () => spool.size === 0)
  spool.close()
  assert.deepEqual(readdirSync(directory), [])
  assert.equal(logger.records.length, 1)
})

test('Spool says 507 while its directory is closed to it, and goes on when it is open again', async (t) => {
  const directory = base(t)
  const logger = new RecordingLogger()
  const spool = new Spool({ directory, logger })
  await asOrdinaryUser([directory], async () => {
    const before = spool.create()
    chmodSync(directory, 0)
    assert.throws(() => spool.create(), { code: 'PLAIT_STORAGE', status: 507 })
    // What is open stays so.
    assert.equal(await write(before, KIB), undefined)
    chmodSync(directory, 0o700)
    const after = spool.create()
    assert.equal(await write(after, KIB), undefined)
    assert.equal(path.dirname(after.path), path.dirname(before.path))
    for (const file of [before, after]) file.remove()
    await until('both are closed', () => spool.size === 0)
    spool.close()
  })
  assert.deepEqual(readdirSync(directory), [])
  assert.match(logger.of('error')[0]?.message ?? '', /EACCES/)
})

test('Spool.close leaves its folder to the files that are in it', async (t) => {
  const spool = new Spool({ directory: base(t) })
  const file = spool.create()
  spool.close()
  assert.ok(existsSync(file.path))
  file.remove()
  spool.close()
  assert.equal(existsSync(path.dirname(file.path)), false)
})

const step = fc.record({
  what: fc.constantFrom('create', 'announce', 'write', 'write', 'writeAndRemove', 'hold', 'release', 'close', 'remove'),
  which: fc.nat({ max: 5 }),
  bytes: fc.nat({ max: 5000 }),
})

test('Spool: whatever is done in whatever order, it never has more than maxSize, and 0 at the end', async (t) => {
  const directory = base(t)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const maxSize = 12_000
      const spool = new Spool({ directory, maxSize })
      const files: { file: SpoolFile; usable: boolean }[] = []
      const releases: (() => void)[] = []
      for (const { what, which, bytes } of steps) {
        const one = files[which % Math.max(files.length, 1)]
        if (what === 'create') files.push({ file: spool.create(), usable: true })
        else if (what === 'announce') files.push({ file: spool.create(bytes * 2), usable: true })
        else if (what === 'release') releases[which % Math.max(releases.length, 1)]?.()
        else if (one === undefined) continue
        else if (what === 'write' && one.usable) await write(one.file, bytes)
        else if (what === 'writeAndRemove' && one.usable) {
          one.usable = false
          void write(one.file, bytes)
          one.file.remove()
        } else if (what === 'hold' && one.usable) releases.push(one.file.hold())
        else if (what === 'close') {
          one.usable = false
          void close(one.file)
        } else if (what === 'remove') {
          one.usable = false
          one.file.remove()
        }
        assert.ok(spool.size >= 0 && spool.size <= maxSize)
      }
      for (const release of releases) release()
      for (const { file } of files) file.remove()
      await until('all is given back', () => spool.size === 0)
      // And no room is kept for anybody.
      spool.admit(maxSize)
      spool.close()
      assert.deepEqual(readdirSync(directory), [])
    }),
    { numRuns: 60 },
  )
})
