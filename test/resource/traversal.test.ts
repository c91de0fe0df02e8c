import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePercent, segmentsOf } from '#src/resource/traversal.ts'

test('segmentsOf splits at slashes, a final slash giving an empty segment (B54)', () => {
  assert.deepEqual(segmentsOf('/a/b/'), ['a', 'b', ''])
  assert.deepEqual(segmentsOf('/'), [''])
  assert.deepEqual(segmentsOf('//x//'), ['', 'x', '', ''])
})

test('segmentsOf decodes after splitting: an encoded slash stays in its segment (B59)', () => {
  assert.deepEqual(segmentsOf('/a%2Fb/%67et'), ['a/b', 'get'])
  assert.deepEqual(segmentsOf('/%2e%2e/x'), ['..', 'x'])
})

test('decodePercent gives bytes as latin-1, once (A11)', () => {
  assert.equal(decodePercent('%ff%C3%a9'), '\u00ff\u00c3\u00a9')
  assert.equal(decodePercent('%2541'), '%41')
  assert.equal(decodePercent('a+b'), 'a+b')
  assert.equal(decodePercent('%00'), '\0')
})

test('decodePercent leaves invalid escapes as they are (A12)', () => {
  for (const text of ['%zz', '%', 'a%', '%4', '%%34']) {
    assert.equal(decodePercent(text), text === '%%34' ? '%4' : text)
  }
})
