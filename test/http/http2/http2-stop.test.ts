import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { answerOn, type Answer } from '../../support/http2-client.ts'
import { Flag, frame, GET, Type } from '../../support/http2-frames.ts'
import { pause, until } from '../../support/until.ts'
import { echo, serveHTTP2 } from './serve-http2.ts'

test('HTTPFactory.stopFactory lets streams that run finish, takes no new ones and says which was the last', async (t) => {
  const waiting: Request[] = []
  const served = await serveHTTP2(t, (request) => waiting.push(request))
  const client = await served.frames()
  client.head(1)
  client.head(3)
  await until('both', () => waiting.length === 2)
  const stopped = served.reactor.stop()
  const { payload } = await client.receives(Type.GOAWAY)
  assert.deepEqual([payload.readUInt32BE(0), payload.readUInt32BE(4)], [3, 0])
  client.head(5)
  for (const request of waiting) request.sendWhole(200, 'OK', [], Buffer.from(request.uri))
  await until('both answers', () => client.of(Type.DATA).length === 2)
  await until('the end', () => client.ended)
  client.destroy()
  await stopped
  assert.equal(waiting.length, 2)
  assert.ok(served.log.every(({ code, aborted }) => code === 200 && !aborted))
})

test('HTTPFactory.stopFactory closes idle connections, and those that have not shown their protocol', async (t) => {
  const served = await serveHTTP2(t, echo)
  const idle = await served.client()
  await idle.ask()
  const fresh = await served.frames(Buffer.from('PRI * '))
  const closed = once(idle.session, 'close')
  const started = performance.now()
  await served.reactor.stop()
  await closed
  await until('the end', () => fresh.ended)
  assert.equal(idle.goneAway, 0)
  assert.ok(performance.now() - started < 3000)
})

test('HTTPFactory.stopFactory cuts what has not finished when it is told to', async (t) => {
  let request: Request | undefined
  const served = await serveHTTP2(t, (received) => (request = received))
  const client = await served.client()
  const answer = client.ask()
  await until('the request', () => request)
  const gone = request?.notifyFinish()
  const stopped = served.reactor.stop()
  void served.reactor.stop()
  await stopped
  await assert.rejects(gone as Promise<void>, { code: 'PLAIT_CLIENT_GONE' })
  assert.equal((await answer).status, 0)
})

test('HTTPFactory.stopFactory under load: every stream is answered, or the client knows that it was not served', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    setTimeout(() => request.sendWhole(200, 'OK', [], Buffer.alloc(20_000)), Math.random() * 20)
  })
  const clients = await Promise.all(Array.from({ length: 4 }, () => served.client()))
  const asked: { id: number; last: () => number; answer: Promise<Answer> }[] = []
  let stopping = false
  const run = async (index: number): Promise<void> => {
    const client = clients[index % clients.length] as (typeof clients)[number]
    let last = Number.MAX_SAFE_INTEGER
    client.session.on('goaway', (_code, stream) => (last = stream))
    while (!client.session.closed && !client.session.destroyed) {
      const stream = client.session.request({ ':path': '/' })
      const answer = answerOn(stream)
      asked.push({ id: stream.id ?? Number.MAX_SAFE_INTEGER, last: () => last, answer })
      await answer
    }
    assert.ok(stopping)
  }
  const runs = Array.from({ length: 40 }, (_, index) => run(index))
  await until('some load', () => served.log.length > 200)
  stopping = true
  await served.reactor.stop()
  await Promise.all(runs)
  let unserved = 0
  for (const { id, last, answer } of asked) {
    const { status, text } = await answer
    if (status === 200) assert.equal(text.length, 20_000)
    else {
      unserved++
      assert.ok(id > last(), `stream ${id} of ${last()} was lost`)
    }
  }
  assert.ok(asked.length - unserved > 200)
  assert.ok(served.log.every(({ code, aborted }) => code === 200 && !aborted))
})

test('HTTPFactory.stopFactory does not wait for a body that nobody wants', async (t) => {
  const served = await serveHTTP2(t, (request) => request.sendWhole(200, 'OK', [], Buffer.from('x')))
  const client = await served.frames()
  client.head(1, [[':method', 'POST'], ...GET.slice(1)], false)
  await client.receives(Type.DATA, 1)
  const stopped = served.reactor.stop()
  await client.receives(Type.GOAWAY)
  await pause(0.05)
  client.send(frame(Type.DATA, Flag.END_STREAM, 1, 'late'))
  await until('the end', () => client.ended)
  client.destroy()
  await stopped
})
