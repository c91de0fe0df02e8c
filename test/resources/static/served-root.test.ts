import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, realpathSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { statusOfError } from '#src/resources/static/open-file.ts'
import { placeByPath, ServedRoot } from '#src/resources/static/served-root.ts'
import { makeTree, writeInto } from './tree.ts'

test('placeByPath says where an open file is, unless its path leads elsewhere by now', () => {
  const folder = realpathSync(makeTree({ 'a.txt': 'a', 'b.txt': 'b' }))
  const link = path.join(folder, 'link')
  symlinkSync('a.txt', link)
  const descriptor = openSync(link, 'r')
  const stats = fstatSync(descriptor)
  assert.equal(placeByPath(stats, link), path.join(folder, 'a.txt'))
  unlinkSync(link)
  assert.equal(placeByPath(stats, link), undefined)
  symlinkSync('b.txt', link)
  assert.equal(placeByPath(stats, link), undefined)
  closeSync(descriptor)
})

test('ServedRoot admits a file that was replaced since it was opened', async () => {
  for (const symlinks of ['inside', 'deny'] as const) {
    const folder = makeTree({ 'ü.txt': 'old' })
    const file = path.join(folder, 'ü.txt')
    const root = new ServedRoot(folder, symlinks)
    const descriptor = openSync(file, 'r')
    writeInto(folder, 'new', 'new')
    renameSync(path.join(folder, 'new'), file)
    assert.equal(await root.admits(descriptor, fstatSync(descriptor), file), process.platform === 'linux')
    closeSync(descriptor)
  }
})

test('ServedRoot of the whole file system admits everything', async () => {
  const folder = makeTree({ 'a.txt': 'a' })
  const file = path.join(realpathSync(folder), 'a.txt')
  const descriptor = openSync(file, 'r')
  for (const symlinks of ['inside', 'deny', 'follow'] as const) {
    assert.equal(await new ServedRoot('/', symlinks).admits(descriptor, fstatSync(descriptor), file), true)
  }
  closeSync(descriptor)
})

test('statusOfError tells what is missing, forbidden or too much from what is broken (E118)', () => {
  for (const [code, status] of [
    ['ENOENT', 404],
    ['ENOTDIR', 404],
    ['ENAMETOOLONG', 404],
    ['ELOOP', 404],
    ['ENXIO', 404],
    ['EACCES', 403],
    ['EPERM', 403],
    ['EMFILE', 503],
    ['ENFILE', 503],
    ['EIO', undefined],
    ['constructor', undefined],
    [undefined, undefined],
  ] as const) {
    assert.equal(statusOfError(Object.assign(new Error('x'), { code })), status, code)
  }
})
