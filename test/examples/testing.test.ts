import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { root } from '../support/paths.ts'

test('examples/testing passes its own tests', () => {
  const environment: NodeJS.ProcessEnv = { ...process.env }
  // Set by the runner of this test; the one of the example would report to it.
  delete environment['NODE_TEST_CONTEXT']
  const words = ['--test', '--test-reporter=tap', `${root}/examples/testing/shop.test.mjs`]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { env: environment, encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /# pass 5\n/)
})
