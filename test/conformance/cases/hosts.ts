/** Several hosts of one application, and what runs in one beside its requests. */
import assert from 'node:assert/strict'
import { until } from '../../support/until.ts'
import type { Cases } from '../case.ts'

export const hostCases: Cases = {
  'hosts: two of one pool share the requests, each to the one with fewer': async (server) => {
    await server.beside({ maxThreads: 4, processes: 2 }, async (other) => {
      await other.ask('/app/hello')
      await until('two hosts that are ready', () => other.hosts.filter(({ state }) => state === 'ready').length >= 2)
      const gates = Array.from({ length: 4 }, () => other.gate())
      const answers = gates.map((gate) => other.report<number>(`/app/host?gate=${gate}`))
      await until('four requests that run', () => other.hosts.reduce((sum, { inFlight }) => sum + inFlight, 0) === 4)
      const running = other.hosts.map(({ inFlight }) => inFlight).filter((count) => count > 0)
      // Judged when nobody waits at a gate any more.
      for (const gate of gates) await other.openGate(gate)
      const served = new Map<number, number>()
      for (const host of await Promise.all(answers)) served.set(host, (served.get(host) ?? 0) + 1)
      assert.deepEqual(running, [2, 2])
      if (server.kind.hasProcesses) assert.deepEqual([...served.values()], [2, 2])
    })
  },

  'threads: the application may have its own, and leave one behind': async (server) => {
    const connection = await server.connect()
    for (let turn = 0; turn < 3; turn++) {
      const response = await connection.ask('/app/own-threads').response()
      assert.deepEqual([response.status, response.complete], [200, true])
      assert.equal([...response.text].toSorted().join(''), [...'01234567'].map((digit) => digit.repeat(50)).join(''))
    }
    for (let number = 0; number < 8; number++) await server.logged(new RegExp(`from thread ${number}`))
    assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
  },
}
