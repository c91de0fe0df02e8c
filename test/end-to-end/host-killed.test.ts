import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

test('SIGKILL of a host: its request gets 502, the next one works', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  await killDuring(server, '/sleep?seconds=60')
})

test('SIGKILL of a host whose child lives on: its request gets 502, the next one works', async (t) => {
  const server = await serveFlow()
  let child = 0
  // The child lives on while the server stops, which must not wait for it.
  t.after(() => server.stop().finally(() => isAlive(child) && process.kill(child, 'SIGKILL')))
  await killDuring(server, '/fork')
  child = Number(server.notes()[0])
  assert.ok(isAlive(child), 'the child has outlived its parent')
})

test('SIGKILL of a host in the middle of a response: the client sees that it is not whole', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  const client = await server.client()
  client.get('/endless')
  await client.receives(/more[^]*more/)
  process.kill(await server.hostPid(), 'SIGKILL')
  await until('the connection is cut', () => client.ended, 1)
  assert.doesNotMatch(client.received, /\r\n0\r\n/)
  assert.equal(await server.page('/hello'), 'hello')
})

/** With POST, because a request of a safe method may be run again in another host. */
async function killDuring(server: FlowServer, path: string): Promise<void> {
  const host = await server.hostPid()
  const client = await server.client()
  client.socket.write(`POST ${path} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n`)
  await until('the request runs', () => server.notes().length > 0)
  process.kill(host, 'SIGKILL')
  await client.receives(/^HTTP\/1\.1 502 /, 1)
  assert.equal(await server.page('/hello'), 'hello')
  assert.notEqual(await server.hostPid(), host)
}
