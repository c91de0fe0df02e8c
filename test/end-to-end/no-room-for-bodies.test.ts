import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startPlait } from '../support/server.ts'

test('without room for a large body the client gets 507, and everything else goes on', async (t) => {
  // No file can be made below a device, by nobody.
  const server = await startPlait({
    application: 'foo.application',
    folder: `${root}/examples/hello`,
    env: { TMPDIR: '/dev/null/none' },
  })
  t.after(() => server.stop())
  const large = await fetch(server.url, { method: 'POST', body: Buffer.alloc(3 * 1024 * 1024) })
  assert.equal(large.status, 507)
  assert.match(await large.text(), /Cannot keep the request body: ENOTDIR/)
  const small = await fetch(server.url, { method: 'POST', body: Buffer.alloc(100_000) })
  assert.equal(await small.text(), 'Hello, world!')
})
