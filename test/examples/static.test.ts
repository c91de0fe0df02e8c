import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/static serves its folder', async (t) => {
  const server = await startProgram(`${root}/examples/static/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const index = await fetch(server.url)
  assert.equal(index.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(index.headers.get('cache-control'), 'public, max-age=60')
  assert.match(await index.text(), /<h1>Files<\/h1>/)
  assert.match(await (await fetch(`${server.url}/about`)).text(), /<h1>About<\/h1>/)
  assert.match(await (await fetch(`${server.url}/docs`)).text(), /Directory listing for \/docs\/[^]*today\.log/)
  const log = await fetch(`${server.url}/docs/today.log`)
  assert.equal(log.headers.get('content-type'), 'text/plain; charset=utf-8')
  const again = await fetch(`${server.url}/style.css`, { headers: { Range: 'bytes=0-4' } })
  assert.deepEqual([again.status, await again.text()], [206, ':root'])
})
