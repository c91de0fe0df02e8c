import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homedir } from 'node:os'
import path from 'node:path'
import {
  absolutePath,
  parseCount,
  parseEnding,
  parseField,
  parseList,
  parseMediaType,
  parseMode,
  parseProcesses,
  parseSeconds,
  parseSize,
  parseVariable,
} from '#src/cli/values.ts'

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

test('parseSeconds and parseProcesses refuse what is none', () => {
  assert.deepEqual([parseSeconds('0.5'), parseProcesses('3')], [0.5, 3])
  assert.ok(parseProcesses('auto') >= 1)
  assert.throws(() => parseSeconds('soon'), /seconds/)
  assert.throws(() => parseProcesses('0'), /whole number from 1/)
})

test('parseVariable keeps what stands behind the first =', () => {
  assert.deepEqual(parseVariable('B=c=d', { A: '' }), { A: '', B: 'c=d' })
  assert.throws(() => parseVariable('=x'), /NAME=VALUE/)
  assert.throws(() => parseVariable('x'), /NAME=VALUE/)
})

test('parseList collects lines, parseEnding those that are endings', () => {
  assert.deepEqual(parseList('b\n\nc', ['a']), ['a', 'b', 'c'])
  assert.throws(() => parseList(' '), /must not be empty/)
  assert.deepEqual(parseEnding('.html', ['*']), ['*', '.html'])
  for (const text of ['html', '.', './x']) assert.throws(() => parseEnding(text), /written like \.html/, text)
})

test('parseField collects fields by name, in any case', () => {
  const fields = parseField('link:  <b> ', parseField('Link: <a>'))
  assert.deepEqual(fields, { Link: ['<a>', '<b>'] })
  assert.deepEqual(parseField('X: a:b\nY:'), { X: ['a:b'], Y: [''] })
  assert.throws(() => parseField('X'), /written like/)
  assert.throws(() => parseField(': x'), /written like/)
  assert.throws(() => parseField('A b: x'), /no token/)
  assert.throws(() => parseField('X: a\rb'), /no text of latin-1/)
  assert.throws(() => parseField('Transfer-Encoding: chunked'), /each response has its own/)
})

test('parseMode reads octal numbers', () => {
  assert.deepEqual(['027', '0o27', '7', '000'].map(parseMode), [0o27, 0o27, 7, 0])
  for (const text of ['', '8', '0x7', '7777', '-1']) assert.throws(() => parseMode(text), /octal/, text)
})

test('absolutePath knows the home directory', () => {
  assert.equal(absolutePath('~/a'), path.join(homedir(), 'a'))
  assert.equal(absolutePath('~'), homedir())
  assert.equal(absolutePath('~a'), path.resolve('~a'))
})

test('parseMediaType takes types, with or without parameters', () => {
  for (const text of ['text/plain', 'application/x.y-z+json', 'text/html; charset=utf-8'])
    assert.equal(parseMediaType(text), text)
  for (const text of ['text', '/', 'text/', 'a b/c', 'text/plain\nX: y', 'text/plain; a=\r\n', '']) {
    assert.throws(() => parseMediaType(text), /written like text\/plain/, JSON.stringify(text))
  }
})
