import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants, mkdtempSync, openSync, closeSync, readSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openLogFile } from '#src/log/log-file.ts'
import { until } from '../support/until.ts'

const LINE = `${'x'.repeat(199)}\n`

test('openLogFile on a full disk says so once, keeps 1 MiB and counts what is lost', (t) => {
  const said: string[] = []
  // Every write to it fails with ENOSPC.
  const file = openLogFile('/dev/full', { buffered: true, name: 'access log', failed: (message) => said.push(message) })
  t.after(() => file.close())
  for (let count = 0; count < 300_000; count++) file.write(LINE)
  assert.ok(file.lost >= 294_000, `${file.lost} lost`)
  assert.equal(said.length, 1)
  assert.match(said[0] as string, /^Cannot write the access log \/dev\/full: ENOSPC: .*Make room there/)
})

test('openLogFile goes on when there is room again: what it kept is written, and the number of lines that are lost is told', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const destination = path.join(folder, 'a.log')
  symlinkSync('/dev/full', destination)
  const said: string[] = []
  const worked = (message: string): void => void said.push(message)
  const file = openLogFile(destination, { buffered: false, name: 'server log', worked })
  file.write('kept\n')
  for (let count = 0; count < 6000; count++) file.write(LINE)
  const { lost } = file
  assert.ok(lost > 0)
  unlinkSync(destination)
  file.reopen()
  file.write('after\n')
  await until('it is told', () => said.length === 1)
  file.close()
  const lines = readFileSync(destination, 'utf8').split('\n')
  assert.deepEqual([lines[0], lines.at(-2), lines.length], ['kept', 'after', 6000 - lost + 3])
  assert.equal(said[0], `The server log ${destination} is written again, and ${lost} lines of it are lost`)
})

test('openLogFile waits for nobody who does not read a pipe: it keeps 1 MiB, and goes on when somebody reads', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const pipe = path.join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  // As a shell gives it to its programs: writes to it wait.
  const writer = openSync(pipe, constants.O_WRONLY)
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  const file = openLogFile(writer, { buffered: false, name: 'access log', failed: say, worked: say })
  let written = 0
  const line = (): void => file.write(`${String(written++).padStart(199)}\n`)
  while (written < 20_000) line()
  assert.match(
    said.join('\n'),
    /^Cannot write the access log: whoever is to read it takes nothing\. Let it go on: lines are kept up to 1 MiB/,
  )
  assert.ok(file.lost > 0)
  const room = Buffer.alloc(64 * 1024)
  let read = ''
  const readOn = (): boolean => {
    try {
      read += room.toString('latin1', 0, readSync(reader, room))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    }
    return said.length > 1 && read.length === (written - file.lost) * 200
  }
  await until('it goes on by itself', readOn)
  assert.equal(said[1], `The access log is written again, and ${file.lost} lines of it are lost`)
  file.close()
  closeSync(writer)
  const numbers = read.trim().split('\n').map(Number)
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
    'the oldest are kept, in order',
  )
  assert.ok(numbers.length > 5000, 'at least 1 MiB')
  closeSync(reader)
})
