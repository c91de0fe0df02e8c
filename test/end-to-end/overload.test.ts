import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { ThreadPoolOptions } from '#src/index.ts'
import type { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serveLanes, timesOf, type ServedLanes } from './serve-lanes.ts'

interface Overloaded extends ServedLanes {
  /** Those that run until {@link ServedLanes.release}, and those that wait behind them. */
  readonly running: RawClient[]
  readonly waiting: RawClient[]
}

/** A server whose four threads are busy, with a queue of fifty that is full. */
async function overloaded(t: TestContext, options: ThreadPoolOptions = {}): Promise<Overloaded> {
  const served = await serveLanes(t, { maxThreads: 4, maxQueue: 50, ...options })
  const running = await served.clients(4, `/page?${served.hold}`)
  await until('four run', () => served.pool.statistics().working === 4)
  const waiting = await served.clients(50, '/page')
  await until('fifty wait', () => served.pool.statistics().queued === 50)
  return { ...served, running, waiting }
}

/** A request on a connection of its own; the milliseconds from when it was sent to its end. */
async function ask(url: URL): Promise<{ milliseconds: number; answer: string }> {
  const socket = connect(Number(url.port), url.hostname)
  const connected = once(socket, 'connect')
  const ended = once(socket, 'close')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
  await connected
  const begun = performance.now()
  socket.write('GET /page HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
  await ended
  return { milliseconds: performance.now() - begun, answer }
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number
}

test('a thousand requests beyond a full queue: 503 with Retry-After in milliseconds, health answers, memory is bounded, and all is well afterwards', async (t) => {
  const served = await overloaded(t)
  const url = new URL(served.url)
  await ask(url)
  const before = process.memoryUsage().rss
  const times: number[] = []
  const health: number[] = []
  for (let round = 0; round < 100; round++) {
    for (const { milliseconds, answer } of await Promise.all(Array.from({ length: 10 }, () => ask(url)))) {
      assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*Retry-After: 5\r\n/)
      times.push(milliseconds)
    }
    health.push(...(await timesOf(1, async () => assert.equal((await fetch(`${served.url}/healthz/live`)).status, 200))))
  }
  // Ten at a time, and the clients are in the same process.
  assert.ok(median(times) < 100, `the median was ${median(times)} ms`)
  assert.ok(median(health) < 100, `the median of health was ${median(health)} ms`)
  const grown = Math.round((process.memoryUsage().rss - before) / 1024 ** 2)
  assert.ok(grown < 100, `memory has grown by ${grown} MiB`)
  served.release()
  for (const client of [...served.running, ...served.waiting]) await client.receives(/^HTTP\/1\.1 200 /)
  assert.match(await served.text('/page'), /^page/)
  const { working, queued } = served.pool.statistics()
  assert.deepEqual([working, queued], [0, 0])
})

test('clients that reset their connections free their places in the queue at once', async (t) => {
  const served = await overloaded(t)
  assert.match((await ask(new URL(served.url))).answer, /^HTTP\/1\.1 503 /)
  for (const client of served.waiting.slice(10, 30)) client.socket.resetAndDestroy()
  await until('they are gone', () => served.pool.statistics().queued === 30)
  const others = await served.clients(20, '/page')
  await until('others have their places', () => served.pool.statistics().queued === 50)
  assert.match((await ask(new URL(served.url))).answer, /^HTTP\/1\.1 503 /)
  served.release()
  for (const client of [...served.waiting.slice(0, 10), ...served.waiting.slice(30), ...others]) {
    await client.receives(/^HTTP\/1\.1 200 /)
  }
  assert.equal(served.pool.statistics().queued, 0)
})

test('clients that have closed their connections give their places up to others when the queue is full', async (t) => {
  const served = await overloaded(t)
  const left = served.waiting.slice(10, 30)
  for (const client of left) client.socket.end()
  // Until somebody wants their places they keep them: a client that half-closes may wait for its answer.
  assert.equal(served.pool.statistics().queued, 50)
  const others: RawClient[] = []
  await until('all that left have lost their places', async () => {
    others.push(...(await served.clients(1, '/page')))
    return left.every((client) => client.ended)
  })
  // If they wait all the same, they know.
  for (const client of left) assert.match(client.received, /^HTTP\/1\.1 503 [^]*Retry-After: 5\r\n/)
  assert.equal(served.pool.statistics().queued, 50)
  served.release()
  for (const client of [...served.waiting.slice(0, 10), ...served.waiting.slice(30)]) {
    await client.receives(/^HTTP\/1\.1 200 /)
  }
  // As many as had left; those that came before the server had read that, or afterwards, found the queue full.
  for (const other of others) await other.receives(/^HTTP\/1\.1 (?:200|503) /)
  assert.equal(others.filter(({ received }) => received.startsWith('HTTP/1.1 200 ')).length, 20)
})

test('what waits longer than queueTimeout gets 503 with Retry-After', async (t) => {
  const served = await overloaded(t, { queueTimeout: 4 })
  for (const client of served.waiting) await client.receives(/^HTTP\/1\.1 503 [^]*Retry-After: 5\r\n/)
  assert.equal(served.pool.statistics().queued, 0)
  served.release()
  for (const client of served.running) await client.receives(/^HTTP\/1\.1 200 /)
})
