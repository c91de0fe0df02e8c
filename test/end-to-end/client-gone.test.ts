import { test } from 'node:test'
import type { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('the generator is closed within a second after its client has gone', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  for (const [count, leave] of [
    (client: RawClient) => client.socket.resetAndDestroy(),
    (client: RawClient) => client.socket.end(),
  ].entries()) {
    const client = await server.client()
    client.get('/endless')
    await client.receives(/more[^]*more/)
    leave(client)
    await until('the generator is closed', () => server.notes().length === count + 1, 1)
  }
})
