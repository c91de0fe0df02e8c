import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawClient } from '../support/raw-client.ts'
import { serveFlow } from './serve-flow.ts'

test('clients that upload slowly hold no thread', async (t) => {
  const server = await serveFlow({ options: ['--threads', '1'] })
  t.after(server.stop)
  const size = 3_000_000
  const uploads: RawClient[] = []
  for (let i = 0; i < 5; i++) {
    const client = await server.client()
    client.socket.write(`POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${size}\r\n\r\n`)
    client.socket.write(Buffer.alloc(size / 2))
    uploads.push(client)
  }
  // The only thread answers others meanwhile.
  for (let i = 0; i < 20; i++) assert.equal(await server.page('/hello'), 'hello')
  for (const client of uploads) {
    assert.equal(client.received, '')
    client.socket.write(Buffer.alloc(size / 2))
    await client.receives(/\r\n\r\n3000000$/)
  }
})
