import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { accessFields } from '#src/log/access-fields.ts'
import { jsonLine, readFormat } from '#src/log/access-format.ts'
import { openAccessLog, type AccessRecord } from '#src/log/access-log.ts'
import { root } from '../support/paths.ts'

const time = { clf: '24/Nov/2026:08:05:12 +0000', iso: '2026-11-24T08:05:12.000Z' }

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
    times: { queuedAt: 10.001, begunAt: 10.0035, respondedAt: 10.0115, host: 'app-1', thread: 3 },
    clientHost: '127.0.0.1',
    reactor: { seconds: () => 10.0125 },
    getHeader: (name) => headers[name],
    ...changes,
  }
}

test('jsonLine tells how long a request waited, ran and was sent, and where', () => {
  assert.deepEqual(JSON.parse(jsonLine(record({ user: { name: 'zoë' } }, { referer: 'http://a/' }), time)), {
    time: '2026-11-24T08:05:12.000Z',
    id: 'an-id',
    client: '127.0.0.1',
    user: 'zoë',
    method: 'GET',
    target: '/x?y',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 37,
    duration: 12.5,
    queue: 2.5,
    app: 8,
    write: 1,
    host: 'app-1',
    thread: 3,
    referer: 'http://a/',
  })
})

test('jsonLine leaves out what there is not: no pool, no response', () => {
  const none = { queuedAt: undefined, begunAt: undefined, respondedAt: undefined, host: undefined, thread: undefined }
  const line = JSON.parse(jsonLine(record({ code: 0, clientHost: '', times: none, aborted: true, disconnected: true }), time))
  assert.deepEqual(Object.keys(line as object), ['time', 'id', 'method', 'target', 'protocol', 'bytes', 'duration', 'aborted'])
  assert.equal((line as { aborted: string }).aborted, 'client')
})

test('jsonLine says of a request that no thread took how long it waited, and nothing of an application', () => {
  const times = { queuedAt: 10.001, begunAt: undefined, respondedAt: 10.011, host: undefined, thread: undefined }
  const { queue, app } = JSON.parse(jsonLine(record({ code: 503, times }), time)) as { queue: number; app?: number }
  assert.deepEqual([queue, app], [10, undefined])
})

test('readFormat puts the fields where the braces are', () => {
  const format = readFormat('{client} {{x} {method} {status} {queue}/{app}/{write} "{agent}" {field:accept-language} {aborted}')
  const line = format(record({ aborted: true }, { 'accept-language': 'de', 'user-agent': 'a "b"' }), time)
  assert.equal(line, String.raw`127.0.0.1 {x} GET 200 2.5/8/1 "a \"b\"" de server`)
  assert.equal(readFormat('{user} {referer} {field:x} {aborted}')(record(), time), '- - - -')
})

test('readFormat gives one line of printable text, whatever a client, a proxy and a guard say; jsonLine one of JSON', () => {
  const all = Object.keys(accessFields).map((name) => `{${name}}`)
  const format = readFormat(`${all.join('\t')}\t{field:referer}`)
  const any = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(any, any, any, any, any, (uri, referer, agent, name, clientHost) => {
      const given = record({ uri, clientHost, user: { name }, id: name }, { referer, 'user-agent': agent })
      assert.equal(format(given, time).split('\t').length, all.length + 1)
      assert.match(format(given, time), /^[\x20-\x7e\t]+$/)
      const line = jsonLine(given, time)
      // oxlint-disable-next-line no-control-regex -- the range is the point
      assert.doesNotMatch(line, /[\x00-\x1f]/)
      assert.equal((JSON.parse(line) as { target: string }).target, uri)
    }),
  )
})

test('openAccessLog says which fields there are when a format asks for others', () => {
  for (const format of ['{nothing}', '{}', '{toString}', '{field:}', '{field:a b}', 'a\nb']) {
    assert.throws(() => openAccessLog('-', { format }), { code: 'PLAIT_CONFIGURATION', message: /Cannot use the format/ }, format)
  }
  assert.throws(() => openAccessLog('-', { format: '{nothing}' }), { message: /There are time, id, client, .*field:NAME/ })
})

test('openAccessLog writes in each format', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const written = (format: string): string => {
    const file = path.join(folder, `${format.length}.log`)
    const log = openAccessLog(file, { format })
    log.log(record())
    log.close()
    return readFileSync(file, 'utf8')
  }
  assert.match(written('combined'), /^127\.0\.0\.1 - - \[.*\] "GET \/x\?y HTTP\/1\.1" 200 37 "-" "-" 12\.5ms\n$/)
  assert.match(written('json'), /^\{"time":"\d{4}-.*"host":"app-1","thread":3\}\n$/)
  assert.equal(written('{id}: {status}'), 'an-id: 200\n')
})

test('the reference has every field', () => {
  const page = readFileSync(path.join(root, 'docs/reference/access-log.md'), 'utf8')
  assert.deepEqual(
    [...page.matchAll(/^\| `(\w+)` /gm)].map((match) => match[1]),
    Object.keys(accessFields),
  )
})
