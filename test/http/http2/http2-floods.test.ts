import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowance } from '#src/http/http2/allowance.ts'
import type { Request } from '#src/http/request.ts'
import { block, Flag, frame, type FrameClient, GET, Type } from '../../support/http2-frames.ts'
import { until } from '../../support/until.ts'
import { echo, serveHTTP2 } from './serve-http2.ts'

const POST = [[':method', 'POST'] as const, ...GET.slice(1)]
const CALM = 11

test('Allowance allows so many at once, and more with time', () => {
  const allowance = new Allowance(3, 2, 10)
  const taken = [10, 10, 10, 10, 10.5, 11, 100, 100, 100, 100].map((now) => allowance.take(now))
  assert.deepEqual(taken, [true, true, true, false, true, true, true, true, true, false])
})

/** Sends batches until the server has had enough. */
async function flood(client: FrameClient, batch: (round: number) => Buffer[], rounds = 500): Promise<void> {
  for (let round = 0; round < rounds && !client.ended; round++) {
    client.send(...batch(round))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The server lives, and serves others. */
async function lives(served: Awaited<ReturnType<typeof serveHTTP2>>): Promise<void> {
  const client = await served.client()
  assert.equal((await client.ask()).status, 200)
}

test('HTTP/2 closes a connection that opens streams and resets them (rapid reset, E3)', async (t) => {
  let received = 0
  let gone = 0
  const served = await serveHTTP2(t, (request) => {
    if (request.uri === '/' && request.host !== 'shop.example') return echo(request)
    received++
    request.onDisconnect = () => gone++
  })
  const client = await served.frames()
  const head = block(GET)
  await flood(client, (round) => {
    const stream = 1 + 2 * round
    // Half of them in one breath, half when they have arrived.
    return [frame(Type.HEADERS, 5, stream, head), frame(Type.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8]))]
  })
  assert.equal(await client.goneAwayWith(), CALM, 'ENHANCE_YOUR_CALM')
  assert.equal(gone, received)
  assert.match(served.logger.of('warn')[0]?.message ?? '', /Closed a connection of HTTP\/2: too many of its streams broke off/)
  await lives(served)
})

test('HTTP/2 closes a connection that makes the server reset its streams (E3)', async (t) => {
  let requests = 0
  const served = await serveHTTP2(t, (request) => {
    if (request.host !== 'shop.example') return echo(request)
    requests++
    request.readBody({}, () => undefined)
  })
  const client = await served.frames()
  const head = block([...POST, ['content-length', '1']])
  await flood(client, (round) => [frame(Type.HEADERS, Flag.END_HEADERS, 1 + 2 * round, head)], 90)
  await until('the requests', () => requests === 90)
  const bodies = (round: number): Buffer => frame(Type.DATA, Flag.END_STREAM, 1 + 2 * round, 'too long')
  for (let round = 0; round < 400 && !client.ended; round++) {
    client.send(bodies(round), frame(Type.HEADERS, Flag.END_HEADERS, 1 + 2 * (round + 90), head))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('the end', () => client.ended)
  await until('all to be told', () => served.log.length === requests)
  await lives(served)
})

test('HTTP/2 closes a connection with too many PING, SETTINGS or PRIORITY frames (E5)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const floods: Readonly<Record<string, Buffer>> = {
    PING: frame(Type.PING, 0, 0, Buffer.alloc(8)),
    SETTINGS: frame(Type.SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 9])),
    PRIORITY: frame(Type.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 7])),
  }
  for (const [name, bytes] of Object.entries(floods)) {
    const client = await served.frames()
    await flood(client, () => Array.from({ length: 50 }, () => bytes))
    assert.ok([CALM, 1].includes(await client.goneAwayWith()), name)
  }
  await lives(served)
})

test('HTTP/2 closes a connection that continues a head without end (E4)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.frames()
  const more = frame(Type.CONTINUATION, 0, 1, block([['x', 'y'.repeat(4000)]]))
  client.send(frame(Type.HEADERS, Flag.END_STREAM, 1, block(GET)))
  await flood(client, () => [more])
  await until('the end', () => client.ended)
  assert.deepEqual(served.log, [])
  await lives(served)
})

test('HTTP/2 closes a connection that sends empty DATA without end (E5)', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    if (request.host !== 'shop.example') return echo(request)
    request.readBody({}, () => undefined)
  })
  const client = await served.frames()
  client.head(1, POST, false)
  await flood(client, () => Array.from({ length: 50 }, () => frame(Type.DATA, 0, 1)))
  await until('the end', () => client.ended)
  await lives(served)
})

test('HTTP/2 resets a stream with more fields or a larger head than anybody answers (E11)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.frames()
  client.head(1, [...GET, ...Array.from({ length: 2000 }, (): [string, string] => ['a', ''])])
  assert.equal(await client.resetOf(1), CALM)
  // A field of 4000 bytes in the table, and one byte for each time that it is meant: HPACK's bomb.
  const table = Buffer.concat([block(GET), Buffer.from([0x40, 1, 0x78, 127, 0xa1, 0x1e]), Buffer.alloc(4000, 0x79)])
  client.send(frame(Type.HEADERS, 5, 3, Buffer.concat([table, Buffer.alloc(8000, 0x80 | 62)])))
  assert.equal(await client.resetOf(3), CALM)
  client.head(5)
  await client.receives(Type.HEADERS, 5)
  assert.equal(served.log.length, 1)
  await lives(served)
})

test('HTTP/2 does not put together a cookie that explodes before it is refused (E11)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.frames()
  // Never acknowledged SETTINGS: node:http2 allows megabytes then.
  const crumb = Buffer.concat([
    Buffer.from([0x40, 6]),
    Buffer.from('cookie'),
    Buffer.from([127, 0xa1, 0x1e]),
    Buffer.alloc(4000, 0x79),
  ])
  client.send(frame(Type.HEADERS, 5, 1, Buffer.concat([block(GET), crumb, Buffer.alloc(700, 0x80 | 62)])))
  assert.match((await client.receives(Type.DATA, 1)).payload.toString(), /^431 /)
  assert.equal(served.log[0]?.code, 431)
})

test('HTTP/2 lives through a window that overflows, frames that are too long, and bytes that are no frames (E6, E7)', async (t) => {
  const served = await serveHTTP2(t, echo)
  const bad: Readonly<Record<string, Buffer>> = {
    'a window of the connection that overflows': frame(Type.WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    'a frame that is too long': frame(Type.DATA, 0, 1, Buffer.alloc(20_000)),
    'DATA on no stream': frame(Type.DATA, 0, 0, 'x'),
    'HEADERS on an even stream': frame(Type.HEADERS, 5, 2, block(GET)),
    'fields that cannot be decoded': frame(Type.HEADERS, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    'a window update of nothing': frame(Type.WINDOW_UPDATE, 0, 0, Buffer.alloc(4)),
    'SETTINGS of a wrong size': frame(Type.SETTINGS, 0, 0, 'abc'),
    'a text': Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10)),
  }
  for (const [name, bytes] of Object.entries(bad)) {
    const client = await served.frames()
    client.send(bytes)
    // node:http2 leaves it to the client to close some of them.
    await until(name, () => client.ended || client.of(Type.GOAWAY).length > 0)
    client.destroy()
  }
  await lives(served)
})

test('HTTP/2 holds no more of bodies that nobody reads than their windows', async (t) => {
  const requests: Request[] = []
  const served = await serveHTTP2(t, (request) => {
    if (request.host !== 'shop.example') return echo(request)
    requests.push(request)
    request.streamBody({}, { data: () => undefined, end: () => undefined, failed: () => undefined })
  })
  const client = await served.frames()
  await client.receives(Type.SETTINGS)
  client.send(frame(Type.SETTINGS, Flag.ACK, 0))
  for (let stream = 1; stream < 40; stream += 2) client.head(stream, POST, false)
  await until('the requests', () => requests.length === 20)
  const piece = Buffer.alloc(16_384)
  const before = process.memoryUsage().arrayBuffers
  // 256 KiB are the window of each.
  for (let round = 0; round < 16; round++) {
    for (let stream = 1; stream < 40; stream += 2) client.send(frame(Type.DATA, 0, stream, piece))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(process.memoryUsage().arrayBuffers - before < 40 * 1024 * 1024)
  client.send(frame(Type.DATA, 0, 1, piece))
  await until('the end', () => client.ended || client.of(Type.RST_STREAM, 1).length > 0)
  await lives(served)
})
