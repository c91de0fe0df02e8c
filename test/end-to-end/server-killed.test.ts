import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

for (const [what, page] of [
  ['idle', undefined],
  ['in C code that holds the GIL', '/regex'],
] as const) {
  test(`SIGKILL of the server ends a host that is ${what} within a second`, { skip: process.platform !== 'linux' }, async (t) => {
    const server = await serveFlow()
    t.after(server.stop)
    const host = await server.hostPid()
    t.after(() => isAlive(host) && process.kill(host, 'SIGKILL'))
    assert.ok(isAlive(host))
    if (page !== undefined) {
      const client = await server.client()
      client.get(page)
      await until('the application is in the C code', () => server.notes().includes('matching'))
    }
    process.kill(server.pid, 'SIGKILL')
    assert.equal(await server.exited, 'SIGKILL')
    await until('the host is gone', () => !isAlive(host), 1)
  })
}
