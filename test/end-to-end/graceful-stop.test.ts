import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

describe('a signal to the whole process group during a request of 3 s', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal}: the request completes, and the server ends with 0`, async (t) => {
      const server = await serveFlow({ ownGroup: true })
      t.after(server.stop)
      const reply = server.page('/sleep?seconds=3')
      await until('the request runs', () => server.notes().includes('sleeping'))
      process.kill(-server.pid, signal)
      assert.equal(await reply, 'slept')
      assert.equal(await server.exited, 0)
      assert.doesNotMatch(server.log(), /Traceback|KeyboardInterrupt|UnhandledPromise/)
    })
  }
})
