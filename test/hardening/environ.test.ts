/** What of a request reaches an application: the same by HTTP/1.1 and HTTP/2, as Python sees it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServedPython } from './serve-python.ts'

const served = new ServedPython()
type Environ = Readonly<Record<string, string>>

/** Asks by one protocol. Values are latin-1. */
async function environBy(protocol: 1 | 2, target: string, fields: readonly (readonly [string, string])[]): Promise<Environ> {
  if (protocol === 1) {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const { text } = await served.exchange(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`)
    assert.match(text, /^HTTP\/1\.1 200 /, text)
    return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Environ
  }
  const client = await served.http2()
  const all = Object.create(null) as Record<string, string[]>
  for (const [name, value] of fields) (all[name.toLowerCase()] ??= []).push(value)
  const { status, text } = await client.ask({ ':path': target, ':authority': 'a', ...all })
  assert.equal(status, 200, text)
  return JSON.parse(text) as Environ
}

interface Case {
  readonly row: string
  readonly fields?: readonly (readonly [string, string])[]
  readonly target?: string
  /** Variables as they must be; undefined: there is none. */
  readonly expected: Readonly<Record<string, string | undefined>>
}

const cases: readonly Case[] = [
  {
    row: 'A14',
    fields: [
      ['Content_Length', '40'],
      ['Transfer_Encoding', 'chunked'],
    ],
    expected: { CONTENT_LENGTH: '', HTTP_TRANSFER_ENCODING: undefined, HTTP_CONTENT_LENGTH: undefined },
  },
  { row: 'C11', fields: [['X-Name', 'caf\xe9 \xff']], expected: { HTTP_X_NAME: 'caf\xe9 \xff' } },
  { row: 'C21', target: '/%zz%?%zz%00%', expected: { PATH_INFO: '/%zz%', QUERY_STRING: '%zz%00%' } },
  {
    row: 'C21',
    target: '/a%0d%0ab',
    expected: { PATH_INFO: '/a\r\nb', RAW_URI: '/a%0d%0ab', SCRIPT_NAME: '' },
  },
  {
    row: 'C22',
    target: '/a%2Fb/%2e%2e/c/../d\\e',
    expected: { PATH_INFO: '/a/b/../c/../d\\e', RAW_URI: '/a%2Fb/%2e%2e/c/../d\\e' },
  },
  // An encoded slash does not lead below a mount.
  { row: 'C22', target: '/stream%2Fx', expected: { SCRIPT_NAME: '', PATH_INFO: '/stream/x' } },
  { row: 'C23', target: '//evil.example/x', expected: { PATH_INFO: '//evil.example/x', HTTP_HOST: 'a', SERVER_NAME: 'a' } },
  {
    row: 'D1',
    fields: [
      ['X-Forwarded-For', '1.1.1.1'],
      ['X_Forwarded_For', '6.6.6.6'],
      ['Remote_User', 'root'],
      ['Content_Type', 'a/b'],
      ['X_Y', 'evil'],
      ['X-Y', 'good'],
    ],
    expected: {
      HTTP_X_FORWARDED_FOR: undefined,
      REMOTE_USER: undefined,
      HTTP_REMOTE_USER: undefined,
      CONTENT_TYPE: '',
      HTTP_CONTENT_TYPE: undefined,
      HTTP_X_Y: 'good',
    },
  },
  { row: 'D2', fields: [['Proxy', 'http://evil.example']], expected: { HTTP_PROXY: undefined } },
  {
    row: 'D3',
    fields: [
      ['Script-Name', '/evil'],
      ['Path-Info', '/evil'],
      ['Wsgi.Url-Scheme', 'https'],
    ],
    expected: { SCRIPT_NAME: '', PATH_INFO: '/', HTTP_SCRIPT_NAME: '/evil', 'wsgi.url_scheme': 'http', HTTPS: undefined },
  },
  {
    row: 'D4',
    fields: [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'https'],
      ['Forwarded', 'for=6.6.6.6;proto=https;host=evil'],
      ['X-Real-IP', '6.6.6.6'],
      ['X-Client-IP', '6.6.6.6'],
      ['X-Forwarded-Host', 'evil'],
    ],
    expected: {
      REMOTE_ADDR: '127.0.0.1',
      'wsgi.url_scheme': 'http',
      HTTP_HOST: 'a',
      HTTP_FORWARDED: undefined,
      HTTP_X_FORWARDED_FOR: undefined,
      HTTP_X_FORWARDED_PROTO: undefined,
      HTTP_X_FORWARDED_HOST: undefined,
      HTTP_X_REAL_IP: undefined,
      HTTP_X_CLIENT_IP: undefined,
    },
  },
  {
    row: 'D5',
    fields: [
      ['Constructor', 'x'],
      ['toString', 'y'],
      ['hasOwnProperty', 'z'],
    ],
    expected: { HTTP_CONSTRUCTOR: 'x', HTTP_TOSTRING: 'y', HTTP_HASOWNPROPERTY: 'z' },
  },
  {
    row: 'D6',
    fields: [
      ['Cookie', 'a=1'],
      ['Cookie', 'b=2'],
    ],
    expected: { HTTP_COOKIE: 'a=1; b=2' },
  },
  {
    row: 'D7',
    fields: [
      ['Content-Type', 'a/b'],
      ['Content-Length', '0'],
    ],
    expected: { CONTENT_TYPE: 'a/b', CONTENT_LENGTH: '0', HTTP_CONTENT_TYPE: undefined, HTTP_CONTENT_LENGTH: undefined },
  },
  {
    row: 'D12',
    fields: [
      ['Remote-User', 'root'],
      ['Auth-Type', 'Basic'],
      ['Authorization', 'Basic cm9vdDp4'],
    ],
    expected: { REMOTE_USER: undefined, AUTH_TYPE: undefined, HTTP_REMOTE_USER: 'root' },
  },
  { row: 'D13', expected: { PLAIT_TEST_SECRET: undefined, PATH: undefined, HOME: undefined } },
  // A field that is repeated is joined in one pass.
  {
    row: 'E10',
    fields: Array.from({ length: 150 }, () => ['X-A', 'a'] as const),
    expected: { HTTP_X_A: Array.from({ length: 150 }, () => 'a').join(',') },
  },
]

for (const { row, fields = [], target = '/', expected } of cases) {
  for (const protocol of [1, 2] as const) {
    test(`${row}: the environ by HTTP/${protocol === 1 ? '1.1' : '2'} of ${JSON.stringify(fields.slice(0, 6))} ${target}`, async () => {
      const environ = await environBy(protocol, target, fields)
      const found = Object.fromEntries(Object.keys(expected).map((name) => [name, environ[name]]))
      assert.deepEqual(found, expected)
    })
  }
}

test('D5: __proto__ is a field whose name has underscores, and nothing else', async () => {
  const environ = await environBy(1, '/', [['__proto__', 'x']])
  assert.deepEqual(
    Object.keys(environ).filter((name) => /proto_/i.test(name)),
    [],
  )
})

test('C16: the host of an absolute target counts, Host does not', async () => {
  const { text } = await served.exchange('GET http://other:8/q?r HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const environ = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Environ
  const { HTTP_HOST, SERVER_NAME, PATH_INFO, QUERY_STRING } = environ
  assert.deepEqual([HTTP_HOST, SERVER_NAME, PATH_INFO, QUERY_STRING], ['other:8', 'other', '/q', 'r'])
})

test('E9: thousands of different names cost the same as one, and are not kept', async () => {
  for (let round = 0; round < 40; round++) {
    const fields = Array.from({ length: 150 }, (_, index) => [`X-${round}-${index}`, 'a'] as const)
    const environ = await environBy(2, '/', fields)
    assert.equal(environ[`HTTP_X_${round}_149`], 'a')
  }
})

/** A value as a field may have it: latin-1 without control characters, no white space at its ends. */
const value = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code === 0x7f ? 0x20 : code)),
    maxLength: 200,
  })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
/** A path: bytes that stand for themselves, escapes of every byte but NUL, and what only looks like an escape. */
const pathUnit = fc.oneof(
  fc.constantFrom(...'abcXYZ019-._~!$&()*+,;=:@/', '%', '%z', '%2'),
  fc.integer({ min: 1, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
)
const path = fc.string({ unit: pathUnit, maxLength: 40 }).filter((text) => !/%00/.test(text) && !/^\/?stream(?:$|\/)/.test(text))
const query = fc.string({ unit: pathUnit, maxLength: 40 })

for (const protocol of [1, 2] as const) {
  test(`C11, C21, C22: Python reads back what was sent, for all of latin-1 and every escape, by HTTP/${protocol === 1 ? '1.1' : '2'}`, async () => {
    await fc.assert(
      fc.asyncProperty(value, path, query, async (text, behind, asked) => {
        const target = `/${behind}?${asked}`
        const environ = await environBy(protocol, target, [['X-Text', text]])
        const decoded = `/${behind}`.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
        assert.equal(environ['HTTP_X_TEXT'], text)
        assert.deepEqual(
          [environ['SCRIPT_NAME'], environ['PATH_INFO'], environ['QUERY_STRING'], environ['RAW_URI']],
          ['', decoded, asked, target],
        )
      }),
      { numRuns: 150 },
    )
  })
}
