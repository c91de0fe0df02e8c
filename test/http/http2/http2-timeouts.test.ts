import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { block, Flag, frame, GET, PREFACE, Type } from '../../support/http2-frames.ts'
import { answerOn } from '../../support/http2-client.ts'
import { pause, until } from '../../support/until.ts'
import { echo, serveClocked } from './serve-http2.ts'

const POST = [[':method', 'POST'] as const, ...GET.slice(1)]

/** Lets time pass second by second, as the server's clock looks. */
async function pass(clock: { advance(seconds: number): void }, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed++) {
    clock.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('HTTP/2 closes a connection that begins and does not greet within headTimeout', async (t) => {
  const served = await serveClocked(t, echo)
  const half = await served.frames(Buffer.from(PREFACE.slice(0, 10)))
  const silent = await served.frames(Buffer.from(PREFACE))
  await silent.receives(Type.SETTINGS)
  await pass(served.reactor.clock, 14)
  assert.ok(!silent.ended && !half.ended)
  await pass(served.reactor.clock, 3)
  await until('the end of both', () => silent.ended && half.ended)
})

test('HTTP/2 says farewell to an idle connection after idleTimeout; pings do not keep it', async (t) => {
  const served = await serveClocked(t, echo)
  const client = await served.client()
  await client.ask()
  const closed = once(client.session, 'close')
  for (let round = 0; round < 9; round++) {
    await pass(served.reactor.clock, 10)
    await new Promise((resolve) => client.session.ping(resolve))
  }
  assert.equal(client.goneAway, undefined)
  await pass(served.reactor.clock, 12)
  await closed
  assert.equal(client.goneAway, 0)
})

test('HTTP/2 does not close a connection as idle while the application works', async (t) => {
  let request: Request | undefined
  const served = await serveClocked(t, (received) => (request = received))
  const client = await served.client()
  const answer = client.ask()
  await until('the request', () => request)
  await pass(served.reactor.clock, 300)
  request?.sendWhole(200, 'OK', [], Buffer.from('at last'))
  assert.equal((await answer).text, 'at last')
})

test('HTTP/2 asks a silent client whether it is there while its requests run, and lets go of one that is not', async (t) => {
  const gone: string[] = []
  const served = await serveClocked(t, (request) => (request.onDisconnect = () => gone.push(request.host ?? '')))
  const there = await served.client()
  const answer = there.ask({ ':authority': 'there' })
  const deaf = await served.frames()
  deaf.head(1)
  await until('both', () => served.factory !== undefined && deaf.of(Type.SETTINGS).length === 2)
  for (let round = 0; round < 12 && gone.length === 0; round++) {
    await pass(served.reactor.clock, 10)
    await pause(0.03)
  }
  assert.deepEqual(gone, ['shop.example'])
  assert.ok(deaf.of(Type.PING).length === 1)
  await until('the end', () => deaf.ended)
  there.close()
  await answer
})

test('HTTP/2 closes a connection whose head does not end', async (t) => {
  const served = await serveClocked(t, echo)
  const client = await served.frames()
  client.send(frame(Type.HEADERS, Flag.END_STREAM, 1, block(GET)))
  await client.receives(Type.SETTINGS)
  await pass(served.reactor.clock, 102)
  await until('the end', () => client.ended || client.of(Type.GOAWAY).length > 0)
  await pass(served.reactor.clock, 10)
  await until('the end', () => client.ended)
})

test('HTTP/2 answers 408 when a body does not come, for its stream alone', async (t) => {
  const ends: unknown[] = []
  const served = await serveClocked(t, (request) => {
    if (!request.hasBody) return request.sendWhole(200, 'OK', [], Buffer.from('fine'))
    request.readBody({}, (error) => ends.push(error?.code))
  })
  const client = await served.client()
  const stream = client.begin({ ':method': 'POST' })
  stream.write('a')
  const answer = answerOn(stream)
  await client.ask()
  for (let round = 0; round < 4; round++) {
    await pass(served.reactor.clock, 20)
    // A byte counts as progress.
    stream.write('b')
    await client.ask()
  }
  assert.equal(served.log.filter(({ code }) => code === 408).length, 0)
  await pass(served.reactor.clock, 32)
  await until('the answer', () => served.log.some(({ code }) => code === 408))
  await pass(served.reactor.clock, 3)
  const { status, text } = await answer
  assert.deepEqual([status, text], [408, '408 Request Timeout: The body of the request did not come in time\n'])
  await until('the reader to be told', () => ends.length === 1)
  assert.deepEqual(ends, ['PLAIT_CLIENT_GONE'])
  assert.equal((await client.ask()).text, 'fine')
})

test('HTTP/2 resets a stream whose client takes nothing of the response within writeTimeout, and only that', async (t) => {
  const gone: string[] = []
  const served = await serveClocked(t, (request) => {
    request.onDisconnect = () => gone.push(request.uri)
    request.sendWhole(200, 'OK', [], Buffer.alloc(request.uri === '/large' ? 1_000_000 : 10))
  })
  const client = await served.frames()
  client.head(1, [...GET.filter(([name]) => name !== ':path'), [':path', '/large']])
  await until(
    'what the window takes',
    () => client.of(Type.DATA, 1).reduce((sum, { payload }) => sum + payload.length, 0) === 65_535,
  )
  await pass(served.reactor.clock, 50)
  client.send(
    frame(Type.WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 1, 0])),
    frame(Type.WINDOW_UPDATE, 0, 1, Buffer.from([0, 0, 0, 100])),
  )
  await until('the piece', () => client.of(Type.DATA, 1).reduce((sum, { payload }) => sum + payload.length, 0) > 65_535)
  await pass(served.reactor.clock, 63)
  assert.equal(await client.resetOf(1), 2)
  await until('the end', () => served.log.length === 1)
  assert.deepEqual([served.log[0]?.aborted, gone], [true, ['/large']])
  client.head(3)
  await client.receives(Type.HEADERS, 3)
})

test('HTTP/2 lets go of a body that comes on behind its response', async (t) => {
  const served = await serveClocked(t, (request) => {
    if (request.hasBody)
      request.streamBody({}, { data: () => undefined, end: () => undefined, failed: () => undefined }).resume(10)
    request.sendWhole(200, 'OK', [], Buffer.from('early'))
  })
  const client = await served.frames()
  client.head(1, POST, false)
  client.send(frame(Type.DATA, 0, 1, Buffer.alloc(1000)))
  await client.receives(Type.DATA, 1)
  await pass(served.reactor.clock, 3)
  assert.equal(await client.resetOf(1), 0)
  client.head(3)
  await client.receives(Type.HEADERS, 3)
  const stopped = served.reactor.stop()
  await until('the end', () => client.ended)
  await stopped
})
