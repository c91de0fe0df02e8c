import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRanges } from '#src/http/ranges.ts'

test('parseRanges takes the three forms and clips them to the size (E125)', () => {
  for (const [field, ranges] of [
    ['bytes=0-4', [[0, 4]]],
    ['bytes=3-', [[3, 9]]],
    ['bytes=-4', [[6, 9]]],
    ['bytes=-40', [[0, 9]]],
    ['bytes=8-100', [[8, 9]]],
    ['BYTES=0-0', [[0, 0]]],
    [
      'bytes= 1-2 ,\t4-5 ',
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ['bytes=,1-2,,', [[1, 2]]],
    [`bytes=0-${'9'.repeat(400)}`, [[0, 9]]],
  ] as const) {
    const expected = ranges.map(([first, last]) => ({ first, last }))
    assert.deepEqual(parseRanges(field, 10), expected, field)
  }
})

test('parseRanges ignores what is malformed, reversed or of another unit (E125)', () => {
  for (const field of [
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-4',
    'bytes=1-2,x',
    'bytes=1-2;3-4',
    'items=0-1',
  ]) {
    assert.equal(parseRanges(field, 10), undefined, field)
  }
  for (const field of [
    'bytes=1--2',
    'bytes=+1-2',
    'bytes=0x1-2',
    'bytes=1.0-2',
    'bytes=1 - 2',
    'bytes=١-٢',
    'bytes 0-1',
    'bytes=0-1\n',
  ]) {
    assert.equal(parseRanges(field, 10), undefined, field)
  }
})

test('parseRanges leaves out what cannot be satisfied, and gives none when that is all (E126)', () => {
  assert.deepEqual(parseRanges('bytes=10-,2-3', 10), [{ first: 2, last: 3 }])
  for (const field of ['bytes=10-', 'bytes=10-11,99-', 'bytes=-0', `bytes=${'9'.repeat(400)}-`]) {
    assert.deepEqual(parseRanges(field, 10), [], field)
  }
  assert.deepEqual(parseRanges('bytes=0-', 0), [])
  assert.deepEqual(parseRanges('bytes=-5', 0), [])
})

test('parseRanges makes one of ranges that overlap or touch, in the place of the first (E126)', () => {
  assert.deepEqual(parseRanges('bytes=6-7,0-1,2-3,8-', 10), [
    { first: 6, last: 9 },
    { first: 0, last: 3 },
  ])
  assert.deepEqual(parseRanges(`bytes=${Array.from({ length: 50 }, () => '0-').join(',')}`, 10), [{ first: 0, last: 9 }])
})

test('parseRanges ignores a flood (E126)', () => {
  for (const count of [51, 5000]) {
    assert.equal(
      parseRanges(`bytes=${Array.from({ length: count }, (_, at) => `${2 * at}-${2 * at}`).join(',')}`, 1e6),
      undefined,
    )
  }
})

const anyRange = fc.oneof(
  fc.tuple(fc.nat(40), fc.nat(40)).map(([first, more]) => `${first}-${first + more}`),
  fc.nat(40).map((first) => `${first}-`),
  fc.nat(40).map((length) => `-${length}`),
)

test('parseRanges gives exactly the bytes that slicing gives, each once', () => {
  fc.assert(
    fc.property(fc.array(anyRange, { minLength: 1, maxLength: 12 }), fc.nat(40), (asked, size) => {
      const wanted = new Set<number>()
      const all = Array.from({ length: size }, (_, at) => at)
      for (const text of asked) {
        const [from = '', to = ''] = text.split('-')
        const slice =
          from === ''
            ? to === '0'
              ? []
              : all.slice(-Number(to))
            : all.slice(Number(from), to === '' ? undefined : Number(to) + 1)
        for (const at of slice) wanted.add(at)
      }
      const got = (parseRanges(`bytes=${asked.join(',')}`, size) ?? []).flatMap(({ first, last }) => all.slice(first, last + 1))
      assert.equal(new Set(got).size, got.length)
      assert.deepEqual(
        got.toSorted((a, b) => a - b),
        [...wanted].toSorted((a, b) => a - b),
      )
    }),
  )
})

test('parseRanges gives only ranges within the size, whatever the field', () => {
  fc.assert(
    fc.property(
      fc.string().map((text) => `bytes=${text}`),
      fc.nat(1000),
      (field, size) => {
        for (const { first, last } of parseRanges(field, size) ?? []) assert.ok(first >= 0 && first <= last && last < size)
      },
    ),
  )
})
