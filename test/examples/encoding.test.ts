import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStream } from '../resources/encoding/decode.ts'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/encoding compresses a page, and events as they come', async (t) => {
  const server = await startProgram(`${root}/examples/encoding/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const page = await openStream(t, `${server.url}/`, 'gzip')
  assert.deepEqual([page.response.statusCode, page.response.headers['content-encoding']], [200, 'gzip'])
  await page.receives('<td>1000000</td>')
  const clock = await openStream(t, `${server.url}/clock`, 'br')
  assert.equal(clock.response.headers['content-encoding'], 'br')
  await clock.receives('data: 2')
  assert.equal(clock.ended(), false)
  clock.response.destroy()
})
