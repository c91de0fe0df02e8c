import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { root } from '../support/paths.ts'

test('docs/reference/cli.md is what the option table says', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/cli-reference.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})
