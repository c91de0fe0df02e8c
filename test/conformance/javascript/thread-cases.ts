/** Beyond PEP 3333: what becomes of a thread costs only the request that it runs. */
import assert from 'node:assert/strict'
import type { Case, Cases } from '../case.ts'
import { threads } from '../conforming-server.ts'

/** A request that never ends by itself, beside one that waits at a gate. */
function costsOnlyItself(target: string, expected: RegExp): Case {
  return async (server) => {
    const gate = server.gate()
    const waiting = server.ask(`/app/answers-late?gate=${gate}`)
    for (let turn = 0; turn < 3; turn++) {
      assert.equal((await server.ask(target, { method: 'POST' })).status, 502)
      await server.logged(expected)
      assert.equal((await server.ask('/app/hello')).text, 'Hello')
    }
    await server.openGate(gate)
    assert.equal((await waiting).text, 'late')
  }
}

export const threadCases: Cases = {
  'thread: an error that nobody catches costs only the request that runs': costsOnlyItself(
    '/app/fails-aside?kind=uncaught',
    /LookupError: nobody caught this/,
  ),

  'thread: a rejected promise that nobody looks at costs only the request that runs': costsOnlyItself(
    '/app/fails-aside?kind=unhandled',
    /LookupError: nobody caught this/,
  ),

  'thread: process.exit costs only the request that runs': costsOnlyItself('/app/exits?at=first', /exit code 3/),

  'thread: process.exit after output cuts the response, and no other': async (server) => {
    const response = await server.ask('/app/exits?at=later')
    assert.deepEqual([response.status, response.text, response.complete], [200, 'begun', false])
    await server.logged(/exit code 3/)
    for (let turn = 0; turn < threads * 2; turn++) assert.equal((await server.ask('/app/hello')).text, 'Hello')
  },

  'thread: a safe request whose thread has ended runs once more in another, and no other request does': async (server) => {
    const [safe, unsafe] = [server.name(), server.name()]
    assert.equal((await server.ask(`/app/exits-once?of=${safe}`)).text, 'answered')
    assert.deepEqual(await server.notes(safe), ['called', 'called'])
    assert.equal((await server.ask(`/app/exits-once?of=${unsafe}`, { method: 'POST' })).status, 502)
    assert.deepEqual(await server.notes(unsafe), ['called'])
  },

  'thread: requests that block do so beside each other, each in a thread of its own': async (server) => {
    const gates = Array.from({ length: threads }, () => server.gate())
    const answers = gates.map((gate) => server.report<number>(`/app/host?gate=${gate}`))
    // The last one has to have come to its gate although none before it goes on.
    for (const gate of gates.toReversed()) await server.openGate(gate)
    assert.equal(new Set(await Promise.all(answers)).size, threads)
  },
}
