import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCount, parsePort, parseProcesses, parseSeconds, parseSize, parseVariable } from '#src/cli/values.ts'

test('parseSize reads units of 1024', () => {
  assert.deepEqual(
    ['0', '100', '64K', '10M', '1g', '2GiB', '3kb'].map(parseSize),
    [0, 100, 65536, 10485760, 1073741824, 2147483648, 3072],
  )
  for (const text of ['', 'x', '-1', '1.5M', '1T', '1 M']) assert.throws(() => parseSize(text), /size like/, text)
})

test('parseCount reads whole numbers from its least', () => {
  assert.equal(parseCount(1)('20'), 20)
  for (const text of ['0', '-1', 'x', '', '1.5', '1e3']) assert.throws(() => parseCount(1)(text), /whole number from 1/, text)
})

test('parseSeconds, parsePort and parseProcesses refuse what is none', () => {
  assert.deepEqual([parseSeconds('0.5'), parsePort('0'), parseProcesses('3')], [0.5, 0, 3])
  assert.ok(parseProcesses('auto') >= 1)
  assert.throws(() => parseSeconds('soon'), /seconds/)
  assert.throws(() => parsePort('65536'), /0 to 65535/)
  assert.throws(() => parseProcesses('0'), /whole number from 1/)
})

test('parseVariable keeps what stands behind the first =', () => {
  assert.deepEqual(parseVariable('B=c=d', { A: '' }), { A: '', B: 'c=d' })
  assert.throws(() => parseVariable('=x'), /NAME=VALUE/)
  assert.throws(() => parseVariable('x'), /NAME=VALUE/)
})
