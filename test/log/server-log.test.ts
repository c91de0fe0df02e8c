import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { compose, openServerLog } from '#src/log/server-log.ts'

test('compose puts the host before and the fields behind the message', () => {
  assert.equal(compose('hello', { host: 'foo#1', stream: 'stdout' }), '[foo#1] hello')
  assert.equal(
    compose('failed', { id: 'ab12', request: 'GET / HTTP/1.1', none: undefined }),
    'failed id=ab12 request="GET / HTTP/1.1"',
  )
})

test('compose shows longer texts as they are, indented below', () => {
  assert.equal(compose('failed', { detail: 'Traceback:\n  File "x"' }), 'failed\n    Traceback:\n      File "x"')
})

test('compose lets no control character through', () => {
  assert.equal(compose('a\x1b[31mb\rc'), String.raw`a\x1b[31mb\x0dc`)
})

test('openServerLog writes lines with time and level to a file', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const destination = path.join(folder, 'server.log')
  const log = openServerLog({ destination })
  log.info('started')
  log.error('failed', { detail: 'line 1\nline 2' })
  log.close()
  const text = readFileSync(destination, 'utf8')
  assert.match(text, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\] INFO: started$/m)
  assert.match(text, /ERROR: failed\n\s+line 1\n\s+line 2/)
})

test('openServerLog with quiet keeps warnings and errors', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const destination = path.join(folder, 'server.log')
  const log = openServerLog({ destination, quiet: true })
  log.info('started')
  log.warn('careful')
  log.close()
  const text = readFileSync(destination, 'utf8')
  assert.doesNotMatch(text, /started/)
  assert.match(text, /WARN: careful/)
})
