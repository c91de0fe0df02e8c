import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { combinedLine, logTime, openAccessLog, type AccessRecord } from '#src/log/access-log.ts'

function record(changes: Partial<AccessRecord> = {}, headers: Record<string, string> = {}): AccessRecord {
  return {
    method: 'GET',
    uri: '/x?y',
    clientproto: 'HTTP/1.1',
    code: 200,
    bytesSent: 37,
    aborted: false,
    id: 'an-id',
    startedAt: 10,
    clientHost: '127.0.0.1',
    reactor: { seconds: () => 10.0125 },
    getHeader: (name) => headers[name],
    ...changes,
  }
}

const time = '24/Nov/2026:08:05:12 +0000'

test('logTime is the time of the common log format', () => {
  assert.equal(logTime(new Date(Date.UTC(2026, 10, 24, 8, 5, 12))), time)
})

test('combinedLine is the combined format with the duration', () => {
  const line = combinedLine(record({}, { referer: 'http://a/', 'user-agent': 'curl/8' }), time)
  assert.equal(line, `127.0.0.1 - - [${time}] "GET /x?y HTTP/1.1" 200 37 "http://a/" "curl/8" 12.5ms`)
})

test('combinedLine marks what was cut, and shows nothing as -', () => {
  const line = combinedLine(record({ code: 0, bytesSent: 0, aborted: true, clientHost: '' }), time)
  assert.equal(line, `- - - [${time}] "GET /x?y HTTP/1.1" - - "-" "-" 12.5ms aborted`)
})

test('combinedLine escapes what could end the quotation or the line', () => {
  const line = combinedLine(record({}, { 'user-agent': 'a"b\\c\nd\x1b[31m\xe9' }), time)
  assert.ok(line.includes(String.raw`"a\"b\\c\x0ad\x1b[31m\xe9"`), line)
})

test('combinedLine is one line of as many fields, whatever a client, a proxy and a guard say', () => {
  const quoted = String.raw`"(?:[^"\\]|\\.)*"`
  const shape = new RegExp(String.raw`^[^ ]+ - [^ ]+ \[[^\]]+\] ${quoted} 200 37 ${quoted} ${quoted} 12\.5ms$`)
  const any = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(any, any, any, any, any, (uri, referer, agent, name, clientHost) => {
      const line = combinedLine(record({ uri, clientHost, user: { name } }, { referer, 'user-agent': agent }), time)
      assert.match(line, shape)
      // oxlint-disable-next-line no-control-regex -- the range is the point
      assert.match(line, /^[\x20-\x7e]+$/)
    }),
  )
})

test('combinedLine names the user that a guard has found out, in one word', () => {
  const fieldOf = (name: string): string =>
    combinedLine(record({ user: { name } }), time)
      .slice('127.0.0.1 - '.length)
      .split(' [')[0] as string
  assert.equal(fieldOf('alice'), 'alice')
  assert.equal(fieldOf('zoë "q" \\ \n'), String.raw`zo\xc3\xab\x20\"q\"\x20\\\x20\x0a`)
  assert.equal(fieldOf(''), '-')
})

test('openAccessLog writes to a file and opens it anew after it was moved', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'logs', 'access.log')
  const log = openAccessLog(file)
  log.log(record())
  log.close()
  renameSync(file, `${file}.1`)
  log.reopen()
  log.log(record({ code: 404 }))
  log.close()
  assert.match(readFileSync(`${file}.1`, 'utf8'), / 200 37 /)
  assert.ok(existsSync(file))
  assert.match(readFileSync(file, 'utf8'), / 404 37 /)
})

test('openAccessLog says which file it cannot write', () => {
  assert.throws(() => openAccessLog('/dev/null/access.log'), {
    code: 'PLAIT_CONFIGURATION',
    message: /\/dev\/null\/access\.log/,
  })
})
