import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { BodyFlow, Request } from '#src/http/request.ts'
import { answerOn } from '../../support/http2-client.ts'
import { Flag, frame, GET, Type } from '../../support/http2-frames.ts'
import { pause, until } from '../../support/until.ts'
import { echo, serveHTTP2, type Echoed } from './serve-http2.ts'

const POST = [[':method', 'POST'] as const, ...GET.slice(1)]
const MIB = 1024 * 1024

test('readBody gives a body of HTTP/2 with and without a length', async (t) => {
  const served = await serveHTTP2(t, echo)
  const client = await served.client()
  const known = JSON.parse((await client.ask({ ':method': 'POST', 'content-length': 5 }, 'hello')).text) as Echoed
  assert.deepEqual([known.body, known.contentLength], ['hello', 5])
  const unknown = JSON.parse((await client.ask({ ':method': 'POST' }, 'hello')).text) as Echoed
  assert.deepEqual([unknown.body, unknown.contentLength], ['hello', undefined])
  const empty = client.begin({ ':method': 'POST' })
  const answer = answerOn(empty)
  await pause(0.02)
  empty.end()
  assert.equal((JSON.parse((await answer).text) as Echoed).body, 'undefined 0')
})

test('readBody spools a large body to a private file, in bounded memory, and removes it behind the response', async (t) => {
  const files: string[] = []
  const served = await serveHTTP2(t, (request) => {
    request.readBody({}, (error, body) => {
      assert.equal(error, undefined)
      assert.ok(body?.kind === 'file')
      files.push(body.path)
      const bytes = readFileSync(body.path)
      request.sendWhole(200, 'OK', [], Buffer.from(`${bytes.length} ${bytes.at(0)} ${bytes.at(-1)}`))
    })
  })
  const client = await served.client()
  const size = 50 * MIB
  const before = process.memoryUsage.rss()
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
  const stream = client.begin({ ':method': 'POST', 'content-length': size })
  const answer = answerOn(stream)
  const piece = Buffer.alloc(256 * 1024, 7)
  for (let sent = 0; sent < size; sent += piece.length) if (!stream.write(piece)) await once(stream, 'drain')
  stream.end()
  assert.equal((await answer).text, `${size} 7 7`)
  clearInterval(watch)
  // The application of this test reads it whole, once.
  assert.ok(most - before < size + 60 * MIB, `${(most - before) / MIB} MiB more than before`)
  await until('the file to be gone', () => files.length === 1 && !existsSync(files[0] as string))
})

test('readBody answers 413 before and while a body comes, and the connection goes on', async (t) => {
  let called = 0
  const served = await serveHTTP2(t, (request) => {
    if (!request.hasBody) return request.sendWhole(200, 'OK', [], Buffer.from('fine'))
    request.readBody({ maxBody: 1000 }, (error) => {
      called++
      assert.equal(error?.status, 413)
    })
  })
  const client = await served.client()
  const told = await client.ask({ ':method': 'POST', 'content-length': 2 * MIB }, Buffer.alloc(2 * MIB))
  assert.equal(told.status, 413)
  assert.match(told.text, /^413 Content Too Large/)
  const untold = await client.ask({ ':method': 'POST' }, Buffer.alloc(2 * MIB))
  assert.equal(untold.status, 413)
  assert.equal((await client.ask()).text, 'fine')
  assert.equal(called, 2)
})

test('HTTP/2 counts a body against its Content-Length: more and less never become a request with a body', async (t) => {
  const ends: unknown[] = []
  let requests = 0
  const served = await serveHTTP2(t, (request) => {
    requests++
    request.readBody({}, (error) => {
      ends.push(error?.code)
      if (error === undefined) request.sendWhole(200, 'OK', [], undefined)
    })
  })
  for (const [index, [length, body]] of [['5', 'four'] as const, ['5', 'sixsix'] as const, ['0', 'x'] as const].entries()) {
    const client = await served.frames()
    client.head(1, [...POST, ['content-length', length]], false)
    await until('the request', () => requests === index + 1)
    client.send(frame(Type.DATA, Flag.END_STREAM, 1, body))
    // From Node 22 on, too much ends the whole connection.
    await until('the end', () => client.ended || client.of(Type.RST_STREAM, 1).length > 0)
  }
  await until('the requests to end', () => served.log.length === 3)
  assert.deepEqual(ends, ['PLAIT_CLIENT_GONE', 'PLAIT_CLIENT_GONE', 'PLAIT_CLIENT_GONE'])
  assert.ok(served.log.every(({ aborted }) => aborted))
})

test('readBody fails when the client resets its stream, with any code, also with NO_ERROR', async (t) => {
  const ends: unknown[] = []
  let requests = 0
  const served = await serveHTTP2(t, (request) => {
    requests++
    request.readBody({}, (error) => ends.push(error?.code))
  })
  const client = await served.frames()
  for (const [index, code] of [0, 2, 8].entries()) {
    client.head(1 + 2 * index, POST, false)
    await until('the request', () => requests === index + 1)
    client.send(
      frame(Type.DATA, 0, 1 + 2 * index, 'some'),
      frame(Type.RST_STREAM, 0, 1 + 2 * index, Buffer.from([0, 0, 0, code])),
    )
    await until('the end', () => ends.length === index + 1)
  }
  assert.deepEqual(ends, ['PLAIT_CLIENT_GONE', 'PLAIT_CLIENT_GONE', 'PLAIT_CLIENT_GONE'])
  assert.deepEqual(
    served.log.map(({ code, aborted }) => [code, aborted]),
    [
      [0, true],
      [0, true],
      [0, true],
    ],
  )
})

/** A server whose one request's body flows as the test says. */
function consumer(): { received: (request: Request) => void; flows: BodyFlow[]; events: string[]; size: () => number } {
  const flows: BodyFlow[] = []
  const events: string[] = []
  let size = 0
  const received = (request: Request): void => {
    flows.push(
      request.streamBody(
        {},
        {
          data: (chunk) => void (size += chunk.length),
          end: () => {
            events.push('end')
            request.sendWhole(200, 'OK', [], Buffer.from(String(size)))
          },
          failed: (reason) => events.push(reason),
        },
      ),
    )
  }
  return { received, flows, events, size: () => size }
}

test('streamBody holds back a client of HTTP/2 by the window of its stream alone: others go on', async (t) => {
  const body = consumer()
  const served = await serveHTTP2(t, (request) => (request.uri === '/stream' ? body.received(request) : echo(request)))
  const client = await served.client()
  const size = 4 * MIB
  const stream = client.begin({ ':method': 'POST', ':path': '/stream' })
  const answer = answerOn(stream)
  stream.end(Buffer.alloc(size))
  const flow = await until('the request', () => body.flows[0])
  flow.resume(1000)
  await until('what was asked for', () => body.size() === 1000)
  await pause(0.2)
  assert.equal(body.size(), 1000)
  // What is not asked for stays in the client.
  assert.ok(stream.writableLength > 0, 'the write waits')
  assert.equal((JSON.parse((await client.ask({ ':method': 'POST' }, 'x'.repeat(MIB))).text) as Echoed).body.length, MIB)
  flow.resume(size)
  assert.equal((await answer).text, String(size))
  assert.deepEqual(body.events, ['end'])
})

test('streamBody fails when the client resets its stream', async (t) => {
  const body = consumer()
  const served = await serveHTTP2(t, body.received)
  const client = await served.frames()
  client.head(1, POST, false)
  client.send(frame(Type.DATA, 0, 1, 'hello'))
  ;(await until('the request', () => body.flows[0])).resume(100)
  await until('the first bytes', () => body.size() === 5)
  client.send(frame(Type.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8])))
  await until('the failure', () => body.events.length > 0)
  assert.deepEqual(body.events, ['the client has gone'])
})

test('HTTP/2 sends 100 Continue when somebody wants the body, and only then (Expect)', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    if (request.uri === '/unwanted') return request.sendWhole(403, 'Forbidden', [], Buffer.from('no'))
    echo(request)
  })
  const client = await served.client()
  const wanted = client.begin({ ':method': 'POST', expect: '100-continue' })
  const answer = answerOn(wanted)
  await once(wanted, 'continue')
  wanted.end('body')
  const { interim, text } = await answer
  assert.deepEqual(
    interim.map((fields) => fields[':status']),
    [100],
  )
  assert.equal((JSON.parse(text) as Echoed).body, 'body')
  const unwanted = client.begin({ ':method': 'POST', ':path': '/unwanted', expect: '100-continue' })
  const refused = answerOn(unwanted)
  const [headers] = (await once(unwanted, 'response')) as [Record<string, unknown>]
  assert.equal(headers[':status'], 403)
  unwanted.end()
  assert.deepEqual([(await refused).interim, (await refused).text], [[], 'no'])
})

test('HTTP/2 drops a body that nobody wants for a moment, so that the client gets its answer, then tells it to stop', async (t) => {
  const served = await serveHTTP2(t, (request) => request.sendWhole(200, 'OK', [], Buffer.from('enough')))
  const client = await served.client()
  const whole = await client.ask({ ':method': 'POST' }, Buffer.alloc(3 * MIB))
  assert.deepEqual([whole.status, whole.text, whole.resetWith], [200, 'enough', 0])
  const endless = client.begin({ ':method': 'POST' })
  endless.write('a')
  const stopped = await answerOn(endless)
  assert.deepEqual([stopped.text, stopped.resetWith], ['enough', 0])
  assert.equal((await client.ask()).text, 'enough')
})
