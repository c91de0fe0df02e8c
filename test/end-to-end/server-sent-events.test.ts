import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveFlow } from './serve-flow.ts'

test('each event arrives before the application makes the next', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  const client = await server.client()
  client.get('/events')
  for (let number = 0; number < 5; number++) {
    await client.receives(new RegExp(`data: ${number}\n\n`))
    assert.doesNotMatch(client.received, new RegExp(`data: ${number + 1}`))
    assert.equal(await server.page('/release'), 'released')
  }
  await client.receives(/\r\n0\r\n\r\n$/)
})
