import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('the application may fork children that compute', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  for (let i = 0; i < 3; i++) assert.equal(await server.page('/work'), '5050')
  assert.doesNotMatch(server.log(), /Traceback|ERROR/)
})

test('a fork of the application is ended by SIGTERM, as every process', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  const reply = server.page('/fork')
  const child = await until('the child is there', () => Number(server.notes()[0]))
  process.kill(child, 'SIGTERM')
  assert.equal(await reply, '15')
})
