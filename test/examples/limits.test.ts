import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { RawClient } from '../support/raw-client.ts'
import { startProgram } from '../support/server.ts'

test('examples/limits: two reports at a time, what is beyond ten that wait gets 503, and logins go on', async (t) => {
  const server = await startProgram(`${root}/examples/limits/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const events = await RawClient.connect(server.url)
  t.after(() => events.destroy())
  events.get('/events')
  await events.receives(/order 0/)
  const reports = await Promise.all(
    Array.from({ length: 24 }, async () => {
      const { status } = await fetch(`${server.url}/reports/today`)
      // Somebody logs in meanwhile.
      if (status === 503) assert.equal(await (await fetch(`${server.url}/login`)).text(), 'login')
      return status
    }),
  )
  assert.ok(reports.filter((status) => status === 200).length >= 12)
  assert.ok(reports.includes(503))
  events.destroy()
})
