import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

const sayings = [
  'said with print',
  'said on standard error',
  'said with logging',
  'said with wsgi.errors: größer',
  'said by a child',
  'said with bytes: ',
]

test("what the application says is in the server's log, whichever way it says it", async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  assert.equal(await server.page('/talk'), 'said')
  for (const saying of sayings) await until(`'${saying}' in the log`, () => server.log().includes(saying), 5)
})
