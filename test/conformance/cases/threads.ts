/** "Thread Support", and what requests owe each other. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'
import { threads, type ConformingServer } from '../conforming-server.ts'

interface Numbered {
  n: string
  body: string
  thread: number
  threads: number
}

export const threadCases: Cases = {
  'threads: a hundred requests at once on a few threads, each with its own answer': async (server) => {
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    const used = new Set<number>()
    const answers = numbers.map(async (n) => {
      const body = `body ${n} `.repeat(n)
      const answer = await server.report<Numbered>(`/app/numbered?n=${n}`, { method: 'POST', body })
      assert.deepEqual([answer.n, answer.body], [String(n), body])
      used.add(answer.thread)
    })
    await Promise.all(answers)
    assert.ok(used.size >= 1 && used.size <= threads, `${used.size} threads`)
  },

  'threads: pipelined requests are answered in their order': async (server) => {
    const connection = await server.connect()
    for (let n = 0; n < 20; n++) connection.ask(`/app/numbered?n=${n}`)
    for (let n = 0; n < 20; n++) assert.equal((JSON.parse((await connection.response()).text) as Numbered).n, String(n))
  },

  'threads: call, iteration and close() of one request in one thread': async (server) => {
    const of = server.name()
    assert.equal((await server.ask(`/app/calls-in-thread?of=${of}`)).text, 'ab')
    assert.deepEqual(await server.noted(of, 1), ['1 of 4'])
  },

  'threads: a finished response never waits for a request that runs and never lets go': async (server) => {
    for (const place of [threads - 1, 1, 0]) {
      // A host of its own, which takes its first requests one after the other.
      await server.beside({ maxThreads: threads }, async (other) => {
        for (let turn = 0; turn < 5; turn++) await other.ask('/app/hello')
        await besideBusy(other, place)
      })
    }
  },
}

/** One request that keeps the interpreter busy, in one batch with others before and behind it. */
async function besideBusy(server: ConformingServer, place: number): Promise<void> {
  const of = server.name()
  const connections = await Promise.all(Array.from({ length: threads }, () => server.connect()))
  // Accepted, all of them: what they send now is read in one turn.
  for (const connection of connections) await connection.ask('/app/hello').response()
  const answers = connections.map((connection, at) =>
    connection.ask(at === place ? `/app/busy?of=${of}` : '/app/hello').response(),
  )
  const [busy] = answers.splice(place, 1)
  for (const answer of answers) assert.equal((await answer).text, 'Hello')
  await server.noted(of, 1)
  for (let turn = 0; turn < 5; turn++) assert.equal((await server.ask('/app/hello')).text, 'Hello')
  const first = await Promise.race([busy, server.ask('/app/hello')])
  assert.equal(first?.text, 'Hello')
  await server.ask(`/app/busy-stop?of=${of}`)
  assert.equal((await busy)?.text, 'stopped')
}
