import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseElement } from '#src/http/forwarded/forwarded-element.ts'
import { parseNode } from '#src/http/forwarded/forwarded-node.ts'
import { fromRight } from '#src/http/forwarded/from-right.ts'
import { parseHost, parsePort, parsePrefix, parseScheme } from '#src/http/forwarded/values.ts'

test('fromRight gives the items of all lines from the last to the first', () => {
  assert.deepEqual([...fromRight(['a, b,, ', 'c'], false)], ['c', 'b', 'a'])
  assert.deepEqual([...fromRight([], false), ...fromRight([''], false), ...fromRight([','], true)], [])
})

test('fromRight parts nothing inside quotation marks, and an open one in front spoils nothing behind it', () => {
  assert.deepEqual([...fromRight(['for="a,b", for=c'], true)], ['for=c', 'for="a,b"'])
  assert.deepEqual([...fromRight(['for="evil, for=192.0.2.1'], true)][0], 'for=192.0.2.1')
})

test('fromRight gives back what was joined', () => {
  const item = fc.stringMatching(/^[a-z0-9:=;]{1,8}$/)
  fc.assert(
    fc.property(fc.array(fc.array(item, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (lines) => {
      const given = [
        ...fromRight(
          lines.map((items) => items.join(', ')),
          true,
        ),
      ]
      assert.deepEqual(given.toReversed(), lines.flat())
    }),
  )
})

test('parseNode reads addresses with and without ports (RFC 7239 section 6)', () => {
  const node = (host: string, port = '') => ({ host, port })
  assert.deepEqual(parseNode('192.0.2.1'), node('192.0.2.1'))
  assert.deepEqual(parseNode('192.0.2.1:4711'), node('192.0.2.1', '4711'))
  assert.deepEqual(parseNode('192.0.2.1:_x'), node('192.0.2.1'))
  assert.deepEqual(parseNode('2001:db8::1'), node('2001:db8::1'))
  assert.deepEqual(parseNode('[2001:db8::1]'), node('2001:db8::1'))
  assert.deepEqual(parseNode('[2001:db8::1]:80'), node('2001:db8::1', '80'))
  assert.deepEqual(parseNode('::ffff:192.0.2.1'), node('192.0.2.1'))
  assert.deepEqual(parseNode('fe80::1%eth0'), node('fe80::1'))
  for (const hidden of ['unknown', 'UNKNOWN', '_proxy-7', 'unknown:80']) assert.equal(parseNode(hidden), 'unknown', hidden)
  for (const wrong of [
    '',
    'example.org',
    '1.2.3',
    '1.2.3.4:',
    '1.2.3.4:99999',
    '[1.2.3.4]',
    '[::1',
    '::1]:80',
    '1.2.3.4\r\nX: y',
    'unix:',
  ]) {
    assert.equal(parseNode(wrong), undefined, wrong)
  }
})

test('parseElement reads the parameters of a hop (RFC 7239 section 4)', () => {
  const element = (changes: object) => ({ for: undefined, host: undefined, proto: undefined, ...changes })
  assert.deepEqual(parseElement('for=192.0.2.43;proto=http;by=203.0.113.43'), element({ for: '192.0.2.43', proto: 'http' }))
  assert.deepEqual(
    parseElement('For="[2001:db8:cafe::17]:4711"; HOST="a:80";'),
    element({ for: '[2001:db8:cafe::17]:4711', host: 'a:80' }),
  )
  assert.deepEqual(parseElement('for=192.0.2.43:80'), element({ for: '192.0.2.43:80' }))
  for (const wrong of ['for', 'for=', 'for=a;for=b', 'for="a', 'for=a b', 'for = a', 'for="a\\"b"', '=a', 'for="a"b']) {
    assert.equal(parseElement(wrong), undefined, wrong)
  }
})

test('parseScheme, parseHost and parsePort take whole values only', () => {
  assert.deepEqual(['https', 'HTTP', 'wss', 'ws', 'ftp', 'https,http', ''].map(parseScheme), [
    true,
    false,
    true,
    false,
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(parseHost('example.org'), { name: 'example.org', port: '' })
  assert.deepEqual(parseHost('Example.org:8443'), { name: 'Example.org', port: '8443' })
  assert.deepEqual(parseHost('[2001:db8::1]:80'), { name: '[2001:db8::1]', port: '80' })
  for (const wrong of ['', ':80', 'a/b', 'a b', 'a@b', 'a:b', 'a:0', 'a:99999', 'a"b', '[::1', 'a,b', 'é'])
    assert.equal(parseHost(wrong), undefined, wrong)
  assert.deepEqual(['80', '65535', '0', '65536', '', '8 0', '080', '+1'].map(parsePort), [
    '80',
    '65535',
    ...Array.from({ length: 6 }),
  ])
})

test('parsePrefix takes a path that cannot lead away from the host', () => {
  assert.deepEqual(parsePrefix('/'), [])
  assert.deepEqual(parsePrefix('/app'), ['app'])
  assert.deepEqual(parsePrefix('/app/v%31/'), ['app', 'v1'])
  assert.deepEqual(parsePrefix('/caf%C3%A9'), ['caf\xc3\xa9'])
  for (const wrong of [
    '',
    'app',
    '//evil.example',
    '/a//b',
    '/..',
    '/a/%2e%2E/b',
    '/a/./b',
    '/a%2Fb',
    '/a%5Cb',
    '/\\evil',
    '/a%00',
    '/a%0d%0a',
    '/a?b',
    '/a#b',
    '/a b',
    `/${'x'.repeat(3000)}`,
  ]) {
    assert.equal(parsePrefix(wrong), undefined, wrong)
  }
})

test('no text makes the parsers throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const parse of [parseNode, parseElement, parseHost, parsePort, parsePrefix, parseScheme]) parse(text)
      for (const quoted of [true, false]) assert.ok([...fromRight([text], quoted)].every((item) => item !== ''))
    }),
  )
})
