import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEndpoint } from '#src/cli/endpoint.ts'

const tcp = (port: number, on?: string, backlog?: number): object => ({ kind: 'tcp', port, interface: on, backlog })

test('parseEndpoint reads plain forms', () => {
  assert.deepEqual(parseEndpoint('8080'), tcp(8080))
  assert.deepEqual(parseEndpoint('127.0.0.1:8080'), tcp(8080, '127.0.0.1'))
  assert.deepEqual(parseEndpoint('localhost:0'), tcp(0, 'localhost'))
  assert.deepEqual(parseEndpoint('[::1]:8080'), tcp(8080, '::1'))
})

test("parseEndpoint reads Twisted's strings, positional and named", () => {
  assert.deepEqual(parseEndpoint('tcp:8080'), tcp(8080))
  assert.deepEqual(parseEndpoint('tcp:8080:interface=127.0.0.1'), tcp(8080, '127.0.0.1'))
  assert.deepEqual(parseEndpoint('tcp:port=8080:backlog=5'), tcp(8080, undefined, 5))
  assert.deepEqual(parseEndpoint('tcp:8080:127.0.0.1:9'), tcp(8080, '127.0.0.1', 9))
  assert.deepEqual(parseEndpoint(String.raw`tcp:8080:interface=\:\:1`), tcp(8080, '::1'))
  assert.deepEqual(parseEndpoint('unix:/run/app.sock:mode=660'), {
    kind: 'unix',
    path: '/run/app.sock',
    mode: 0o660,
    backlog: undefined,
  })
  assert.deepEqual(parseEndpoint(String.raw`unix:/a\:b\\c`), {
    kind: 'unix',
    path: String.raw`/a:b\c`,
    mode: undefined,
    backlog: undefined,
  })
})

test('parseEndpoint says what is wrong', () => {
  const wrong: readonly [string, RegExp][] = [
    ['', /there is no type/],
    ['foo', /there is no type "foo"/],
    ['99999', /99999 is no port/],
    ['tcp:x', /"x" is no number/],
    ['tcp', /the port is missing/],
    ['tcp:8080:colour=red', /"colour" is not one of port, interface, backlog/],
    ['tcp:8080:1:2:3', /one value too many/],
    ['tcp:8080:port=1', /port is given twice/],
    ['unix', /the path is missing/],
    ['unix:/a:mode=9', /no mode like 660/],
    ['ssl:443', /not supported yet/],
    ['systemd:domain=INET:index=0', /not supported yet/],
  ]
  for (const [text, message] of wrong) assert.throws(() => parseEndpoint(text), { code: 'PLAIT_CONFIGURATION', message }, text)
})
