import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('a response that is finished does not wait for another request that computes in the same host', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  const busy = [server.page('/busy'), server.page('/busy')]
  await until('both compute', () => server.notes().length === 2)
  for (let i = 0; i < 20; i++) assert.equal(await server.page('/hello'), 'hello')
  await server.page('/release')
  await server.page('/release')
  assert.deepEqual(await Promise.all(busy), ['done', 'done'])
})
