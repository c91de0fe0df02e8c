import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startPlait } from '../support/server.ts'
import { until } from '../support/until.ts'

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
  // Not a word of where the server keeps what.
  assert.equal(await large.text(), '507 Insufficient Storage: The server cannot keep the request body\n')
  assert.match(
    server.log(),
    /WARN[^\n]*: Cannot keep temporary files in \/dev\/null\/none: it is no directory\. Requests with more than 1 MiB will get 507/,
  )
  await until('the log says what to do', () =>
    /ERROR[^\n]*: Cannot keep request bodies in \/dev\/null\/none: ENOTDIR[^\n]*--temp-dir/.test(server.log()),
  )
  const small = await fetch(server.url, { method: 'POST', body: Buffer.alloc(100_000) })
  assert.equal(await small.text(), 'Hello, world!')
})
