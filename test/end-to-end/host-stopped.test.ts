import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

const linux = { skip: process.platform !== 'linux' }

test('a host that is stopped (SIGSTOP) does not keep the server from ending within --graceful-timeout', linux, async (t) => {
  const server = await serveFlow({ options: ['--graceful-timeout', '1'] })
  t.after(server.stop)
  const pid = await server.hostPid()
  const client = await server.client()
  client.get('/sleep?seconds=60')
  await until('the request runs', () => server.notes().includes('sleeping'))
  process.kill(pid, 'SIGSTOP')
  const begun = performance.now()
  process.kill(server.pid, 'SIGTERM')
  assert.equal(await server.exited, 0)
  assert.ok(performance.now() - begun < 10_000)
  await until('the host to be gone', () => !isAlive(pid))
})

test(
  'a host that is stopped (SIGSTOP) costs the requests in it no more than --timeout, and others nothing behind that',
  linux,
  async (t) => {
    const server = await serveFlow({ options: ['--timeout', '1', '--graceful-timeout', '1'] })
    t.after(server.stop)
    const pid = await server.hostPid()
    const client = await server.client()
    client.get('/sleep?seconds=60')
    await until('the request runs', () => server.notes().includes('sleeping'))
    process.kill(pid, 'SIGSTOP')
    await client.receives(/^HTTP\/1\.1 504 /)
    assert.notEqual(await server.hostPid(), pid)
    assert.match(server.log(), /takes no more requests, because one ran longer than 1 s; another one starts now/)
    await until('the host to be gone', () => !isAlive(pid))
  },
)
