import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { answering, serveApplication } from './serve-applications.ts'

const source = answering(`
  waits: async function* () {
    for (;;) {
      yield 'event\\n'
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  },
  blocks: function* () {
    for (;;) {
      yield 'event\\n'
      sleep(50)
    }
  },
`).replace(
  `[['Content-Type', 'text/plain']]`,
  `[['Content-Type', /waits|blocks/.test(environ.PATH_INFO) ? 'text/event-stream' : 'text/plain']]`,
)

test('worker threads: each stream has one of its own beside those of the pool, and others answer at once', async (t) => {
  const served = await serveApplication(t, source, { maxThreads: 2 })
  const { pool } = served
  const clients: RawClient[] = []
  for (const path of ['waits', 'blocks', 'waits', 'blocks', 'waits']) {
    const client = await RawClient.connect(served.url)
    t.after(() => client.destroy())
    clients.push(client)
    client.get(`/app/${path}`)
  }
  await until('all are streams', () => pool.statistics().streams === 5)
  // Quick ones, which otherwise queue up behind each other in a thread: none may be behind a stream.
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 40 }, () => served.text('/app/hello')))
    assert.deepEqual(new Set(answers), new Set(['hello']))
  }
  assert.deepEqual([await served.text('/app/block?50'), pool.statistics().working], ['blocked', 0])
  const before = clients.map((client) => client.received.length)
  await until('each has its next event', () =>
    clients.every((client, index) => client.received.length > (before[index] as number)),
  )
  for (const client of clients) client.destroy()
  await until('all have left', () => pool.statistics().streams === 0)
  assert.equal(pool.statistics().working, 0)
  assert.equal(await served.text('/app/hello'), 'hello')
})
