import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serveLanes, takesLessThan, type ServedLanes } from './serve-lanes.ts'

const counts = ({ pool }: ServedLanes): { working: number; streams: number; queued: number } => {
  const { working, streams, queued } = pool.statistics()
  return { working, streams, queued }
}

const none = { working: 0, streams: 0, queued: 0 }

async function allLeft(served: ServedLanes): Promise<void> {
  await until('all have left', () => JSON.stringify(counts(served)) === JSON.stringify(none))
}

test('50 clients of server-sent events on 4 threads: each gets its events, and a page takes no longer than 100 ms', async (t) => {
  const served = await serveLanes(t)
  const clients = await served.clients(50, '/events')
  await until('all are streams', () => counts(served).streams === 50, 40)
  await takesLessThan(100, async () => assert.match(await served.text('/page'), /^page/))
  const before = clients.map((client) => client.received.length)
  await until('each has its next event', () =>
    clients.every((client, index) => client.received.length > (before[index] as number)),
  )
  assert.deepEqual(counts(served), { ...none, streams: 50 })
  for (const client of clients) client.destroy()
  await allLeft(served)
  // And again: the same threads serve others.
  const others = await served.clients(8, '/events')
  for (const other of others) await other.receives(/data: 1\n/)
  for (const other of others) other.destroy()
  await allLeft(served)
  assert.match(await served.text('/page'), /^page/)
})

test('40 clients that do not read what they asked for, on 4 threads: a page takes no longer than 100 ms', async (t) => {
  const served = await serveLanes(t)
  const clients: RawClient[] = []
  for (let number = 0; number < 40; number++) {
    const client = await served.client({ paused: true })
    client.get('/download')
    clients.push(client)
  }
  // It is the last in the queue, and gets its turn.
  assert.match(await served.text('/page'), /^page/)
  await until('all are streams', () => counts(served).streams === 40)
  await takesLessThan(100, async () => assert.match(await served.text('/page'), /^page/))
  for (const client of clients) client.destroy()
  await allLeft(served)
})

test('a response that is open for 5 s gives its thread back, whatever its type; one that has not begun does not', async (t) => {
  const served = await serveLanes(t, { maxThreads: 2 })
  const [client] = await served.clients(1, '/log')
  await client?.receives(/data: 0/)
  const slow = served.text(`/page?${served.hold}`)
  await until('it is a stream', () => counts(served).streams === 1)
  assert.deepEqual(counts(served), { working: 1, streams: 1, queued: 0 })
  served.release()
  assert.match(await slow, /^page/)
  client?.destroy()
  await allLeft(served)
})

test('open streams of a process that is replaced end at gracefulTimeout, and what they held is free', async (t) => {
  const served = await serveLanes(t, { gracefulTimeout: 1 })
  const clients = await served.clients(6, '/events')
  await until('all are streams', () => counts(served).streams === 6)
  await served.pool.reload()
  assert.match(await served.text('/page'), /^page/)
  for (const client of clients) await until('the stream is cut', () => client.ended)
  // Cut, not ended.
  for (const client of clients) assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/)
  await allLeft(served)
})

test('a request that runs into its deadline gives its permit back', async (t) => {
  const served = await serveLanes(t, { maxThreads: 2 }, { timeout: 0.3 })
  for (let round = 0; round < 3; round++) assert.match(await served.text('/page?seconds=1'), /^504/)
  await allLeft(served)
  assert.match(await served.text('/page'), /^page/)
})
