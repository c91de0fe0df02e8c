import assert from 'node:assert/strict'
import { test } from 'node:test'
import { residentMemory } from '../support/processes.ts'
import { pause } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('a generator of 1 GiB for a slow reader takes no memory', { skip: process.platform !== 'linux' }, async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  const pids = [server.pid, await server.hostPid()]
  const idle = pids.map(residentMemory)
  const client = await server.client({ paused: true })
  client.get('/gigabyte')
  let read = 0
  for (let i = 0; i < 60; i++) {
    await pause(0.05)
    read += (client.socket.read() as Buffer | null)?.length ?? 0
  }
  assert.ok(read > 500_000, `${read} bytes read`)
  for (const [index, pid] of pids.entries()) {
    const grown = residentMemory(pid) - (idle[index] ?? 0)
    assert.ok(grown < 40, `process ${index} has grown by ${grown} MiB`)
  }
  assert.equal(await server.page('/hello'), 'hello')
})
