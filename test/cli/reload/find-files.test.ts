import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { findFiles } from '#src/cli/reload/find-files.ts'
import { folderWith } from '../run-plait.ts'

test('findFiles knows files, directories and patterns', async (t) => {
  const folder = folderWith(t, {})
  const { mkdirSync, writeFileSync } = await import('node:fs')
  for (const name of ['a.html', 'b.txt', 't/c.html', 't/u/d.html', 't/u/e.HTML', 'node_modules/f.html', 't/g(1).html']) {
    mkdirSync(path.dirname(`${folder}/${name}`), { recursive: true })
    writeFileSync(`${folder}/${name}`, '')
  }
  const found = async (named: string): Promise<string[]> =>
    (await findFiles(`${folder}/${named}`)).map((file) => path.relative(folder, file)).toSorted()
  assert.deepEqual(await found('b.txt'), ['b.txt'])
  assert.deepEqual(await found('missing.txt'), ['missing.txt'])
  assert.deepEqual(await found('t'), ['t/c.html', 't/g(1).html', 't/u/d.html', 't/u/e.HTML'])
  assert.deepEqual(await found('*.html'), ['a.html'])
  assert.deepEqual(await found('**/*.html'), ['a.html', 't/c.html', 't/g(1).html', 't/u/d.html'])
  assert.deepEqual(await found('t/*/?.html'), ['t/u/d.html'])
  assert.deepEqual(await found('t/g(1)*'), ['t/g(1).html'])
  assert.deepEqual(await found('nowhere/*.html'), [])
})
