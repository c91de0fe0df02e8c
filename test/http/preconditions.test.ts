import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHTTPDate } from '#src/http/http-date.ts'
import { evaluatePreconditions, ifRangeHolds } from '#src/http/preconditions.ts'

const at = Date.UTC(1994, 10, 6, 8, 49, 37)
const written = 'Sun, 06 Nov 1994 08:49:37 GMT'
const before = 'Sun, 06 Nov 1994 08:49:36 GMT'

function evaluate(fields: Record<string, string>, validators = { etag: '"a"', lastModified: at + 500 }, method = 'GET') {
  return evaluatePreconditions({ method, getHeader: (name) => fields[name] }, validators)
}

test('parseHTTPDate reads the three forms (RFC 9110 section 5.6.7)', () => {
  for (const text of [written, 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    assert.equal(parseHTTPDate(text), at / 1000, text)
  }
  assert.equal(parseHTTPDate('Thursday, 01-Jan-26 00:00:00 GMT'), Date.UTC(2026, 0, 1) / 1000)
})

test('parseHTTPDate takes nothing else', () => {
  for (const text of [
    '',
    '0',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    `${written} `,
    'tomorrow',
  ]) {
    assert.equal(parseHTTPDate(text), undefined, text)
  }
})

test('parseHTTPDate reads what toUTCString writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
      assert.equal(parseHTTPDate(new Date(seconds * 1000).toUTCString()), seconds)
    }),
  )
})

test('evaluatePreconditions follows the order of RFC 9110 section 13.2.2', () => {
  for (const [fields, answer] of [
    [{}, undefined],
    [{ 'if-match': '"a"' }, undefined],
    [{ 'if-match': '"b", "a"' }, undefined],
    [{ 'if-match': '*' }, undefined],
    [{ 'if-match': '"b"' }, 412],
    [{ 'if-match': 'W/"a"' }, 412],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
    [{ 'if-match': '"a"', 'if-unmodified-since': before }, undefined],
    [{ 'if-unmodified-since': written }, undefined],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-unmodified-since': 'once' }, undefined],
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': 'W/"a"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': 'a' }, undefined],
    [{ 'if-none-match': '"b","c"', 'if-modified-since': written }, undefined],
    [{ 'if-modified-since': written }, 304],
    [{ 'if-modified-since': before }, undefined],
    [{ 'if-modified-since': 'once' }, undefined],
  ] as const) {
    assert.equal(evaluate(fields), answer, JSON.stringify(fields))
  }
})

test('evaluatePreconditions answers 412 where another method would change what must not be there', () => {
  assert.equal(evaluate({ 'if-none-match': '*' }, undefined, 'PUT'), 412)
  assert.equal(evaluate({ 'if-modified-since': written }, undefined, 'PUT'), undefined)
})

test('evaluatePreconditions knows nothing of validators that are not there', () => {
  const none = { etag: undefined, lastModified: undefined } as never
  assert.equal(evaluate({ 'if-none-match': '"a"' }, none), undefined)
  assert.equal(evaluate({ 'if-match': '"a"' }, none), 412)
  assert.equal(evaluate({ 'if-modified-since': written }, none), undefined)
  assert.equal(evaluate({ 'if-unmodified-since': before }, none), undefined)
})

test('ifRangeHolds compares tags strongly and dates exactly', () => {
  const holds = (field: string, etag = '"a"') =>
    ifRangeHolds({ method: 'GET', getHeader: () => field }, { etag, lastModified: at })
  assert.equal(holds('"a"'), true)
  assert.equal(holds(written), true)
  for (const field of ['"b"', 'W/"a"', '"a", "b"', '*', before, 'once', '']) assert.equal(holds(field), false, field)
  assert.equal(holds('W/"a"', 'W/"a"'), false)
  assert.equal(holds(written, 'W/"a"'), false)
})

test('evaluatePreconditions takes no time for fields that were made to take time', () => {
  const begun = process.cpuUsage()
  for (const field of [
    '"'.repeat(60_000),
    'W/"'.repeat(20_000),
    `"${'a'.repeat(60_000)}`,
    ' '.repeat(60_000),
    `${' '.repeat(60_000)}*x`,
  ]) {
    evaluate({ 'if-none-match': field, 'if-match': field, 'if-range': field, 'if-modified-since': field })
    evaluate({ 'if-modified-since': field })
  }
  assert.ok(process.cpuUsage(begun).user < 500_000)
})
