import assert from 'node:assert/strict'
import { test } from 'node:test'
import { residentMemory } from '../support/processes.ts'
import { pause, until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

const linux = { skip: process.platform !== 'linux', timeout: 120_000 }

test(
  '300 clients that send a megabyte but for its end cost less than 200 MiB, and nobody else a thing (E1, E13)',
  linux,
  async (t) => {
    const server = await serveFlow({ options: ['--threads', '4'] })
    t.after(server.stop)
    assert.equal(await server.page('/hello'), 'hello')
    const before = residentMemory(server.pid)
    const size = 1_000_000
    const clients = await Promise.all(Array.from({ length: 300 }, () => server.client()))
    for (const client of clients) {
      client.socket.write(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
      client.socket.write(Buffer.alloc(size - 10))
    }
    await until('all to be sent', () => clients.every(({ socket }) => socket.writableLength === 0), 60)
    for (let count = 0; count < 20; count++) {
      assert.equal(await server.page('/hello'), 'hello')
      await pause(0.02)
    }
    const grown = residentMemory(server.pid) - before
    assert.ok(grown < 200, `${grown} MiB`)
    // None of them was forgotten.
    for (const client of clients) client.socket.write(Buffer.alloc(10))
    for (const client of clients) await client.receives(new RegExp(`\\r\\n\\r\\n${size}$`), 60)
  },
)
