import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startPlait } from '../support/server.ts'

test('examples/hello says hello', async (t) => {
  const server = await startPlait({ application: 'foo.application', folder: `${root}/examples/hello` })
  t.after(() => server.stop())
  const response = await fetch(server.url)
  assert.equal(response.headers.get('content-type'), 'text/plain')
  assert.equal(await response.text(), 'Hello, world!')
  for (const said of [
    /listening on http:/,
    /Application foo\.application/,
    /Interpreter \S+ \(CPython 3\.\d+\.\d+; /,
    /1 process × 20 threads/,
  ]) {
    assert.match(server.log(), said)
  }
})
