import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test, type TestContext } from 'node:test'
import { PidFile } from '#src/reactor/process/pid-file.ts'
import { RecordingLogger } from '#src/testing.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(`${tmpdir()}/plait-test-`)
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('PidFile has the process id, is readable by all, and leaves nothing else behind', (t) => {
  const cwd = folder(t)
  const file = PidFile.create(`${cwd}/a.pid`, new RecordingLogger())
  assert.equal(readFileSync(file.path, 'utf8'), `${process.pid}\n`)
  assert.equal(statSync(file.path).mode & 0o444, 0o444 & ~process.umask())
  assert.deepEqual(readdirSync(cwd), ['a.pid'])
  file.remove()
  assert.deepEqual(readdirSync(cwd), [])
  // A second time nothing happens.
  file.remove()
})

test('PidFile takes over an empty file, and one with its own id, as containers leave them', (t) => {
  const cwd = folder(t)
  for (const text of ['', '\n', `${process.pid}`]) {
    writeFileSync(`${cwd}/a.pid`, text)
    const logger = new RecordingLogger()
    PidFile.create(`${cwd}/a.pid`, logger).remove()
    assert.match(JSON.stringify(logger.records), /Removed the pidfile/)
    assert.deepEqual(readdirSync(cwd), [])
  }
})

test('PidFile leaves what another has put in its place', (t) => {
  const cwd = folder(t)
  const file = PidFile.create(`${cwd}/a.pid`, new RecordingLogger())
  rmSync(file.path)
  writeFileSync(file.path, '1\n')
  file.remove()
  assert.equal(readFileSync(`${cwd}/a.pid`, 'utf8'), '1\n')
})

test('PidFile refuses the file of a living process, of another user too', (t) => {
  const cwd = folder(t)
  for (const pid of [process.ppid, 1]) {
    writeFileSync(`${cwd}/a.pid`, `${pid}\n`)
    assert.throws(() => PidFile.create(`${cwd}/a.pid`, new RecordingLogger()), {
      code: 'PLAIT_CONFIGURATION',
      message: new RegExp(`process ${pid}, which wrote it, is running`),
    })
    assert.deepEqual(readdirSync(cwd), ['a.pid'])
  }
})

test('PidFile says why it cannot be made', (t) => {
  const cwd = folder(t)
  const create = (file: string) => () => PidFile.create(file, new RecordingLogger())
  assert.throws(create(`${cwd}/none/a.pid`), /there is no such directory/)
  assert.throws(create(cwd), /it is a directory/)
  writeFileSync(`${cwd}/text`, 'text')
  assert.throws(create(`${cwd}/text`), /"text" is no process id/)
  chmodSync(`${cwd}/text`, 0o644)
  assert.ok(existsSync(`${cwd}/text`))
})
