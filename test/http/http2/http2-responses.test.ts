import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { answerOn } from '../../support/http2-client.ts'
import { block, Flag, frame, GET, Type } from '../../support/http2-frames.ts'
import { pause, until } from '../../support/until.ts'
import { echo, serveHTTP2 } from './serve-http2.ts'

const MIB = 1024 * 1024

test('HTTP/2 sends no body to HEAD, with 204 and with 304, and says the length that GET would have', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    const status = Number(request.uri.slice(1))
    request.setResponseCode(status)
    if (status === 200) request.setHeader('Content-Length', '4')
    request.write('body')
    request.finish()
  })
  const client = await served.client()
  const head = await client.ask({ ':method': 'HEAD', ':path': '/200' })
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '4', ''])
  for (const status of [204, 205, 304]) {
    const answer = await client.ask({ ':path': `/${status}` })
    assert.deepEqual([answer.status, answer.text, answer.resetWith], [status, '', 0])
  }
  assert.equal((await client.ask({ ':path': '/200' })).text, 'body')
  await until('all in the log', () => served.log.length === 5)
  assert.ok(served.log.every(({ aborted }) => !aborted))
})

test('HTTP/2 sends what is written as it is written, and ends it with finish', async (t) => {
  let request: Request | undefined
  const served = await serveHTTP2(t, (received) => {
    request = received
    received.setHeader('Content-Type', 'text/plain')
    received.write('one ')
  })
  const client = await served.client()
  const stream = client.begin()
  stream.end()
  const answer = answerOn(stream)
  const [first] = (await once(stream, 'data')) as [string]
  assert.equal(first, 'one ')
  const over = request?.notifyFinish()
  request?.write('two ')
  request?.write(Buffer.from('three'))
  request?.finish()
  assert.deepEqual([(await answer).text, (await answer).headers['transfer-encoding']], ['one two three', undefined])
  await over
  assert.deepEqual(served.log, [{ uri: '/', code: 200, bytesSent: 13, aborted: false, clientproto: 'HTTP/2' }])
})

test('HTTP/2 leaves out the fields of a connection, keeps cookies apart and makes lists of others', async (t) => {
  const fields = [
    'Connection',
    'close',
    'Keep-Alive',
    'x',
    'Transfer-Encoding',
    'chunked',
    'Upgrade',
    'h2c',
    'Proxy-Connection',
    'y',
  ]
  const more = [
    'Set-Cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'Vary',
    'A',
    'VARY',
    'B',
    'ETag',
    '"e"',
    'X-Latin',
    'caf\xe9',
    '__proto__',
    'z',
  ]
  const served = await serveHTTP2(t, (request) => request.sendWhole(200, 'OK', [...fields, ...more], Buffer.from('x')))
  const { headers, status } = await (await served.client()).ask()
  assert.equal(status, 200)
  for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection'])
    assert.ok(!(name in headers), name)
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
  assert.deepEqual([headers.vary, headers.etag, headers['x-latin'], headers['content-length']], ['A, B', '"e"', 'caf\xe9', '1'])
})

test('HTTP/2 refuses fields and statuses that are none, before anything is sent', async (t) => {
  const errors: unknown[] = []
  const served = await serveHTTP2(t, (request) => {
    const attempts: [number, string[]][] = [
      [200, ['X-A', 'b\r\nX-Evil: 1']],
      [200, ['X A', 'b']],
      [200, [':status', '200']],
      [999, []],
    ]
    for (const [status, headers] of attempts) {
      try {
        request.sendWhole(status, 'OK', headers, Buffer.from('x'))
      } catch (error) {
        errors.push((error as { code: string }).code)
      }
    }
    request.sendWhole(500, 'Internal Server Error', [], Buffer.from('page'))
  })
  const { status, text } = await (await served.client()).ask()
  assert.deepEqual([status, text], [500, 'page'])
  assert.deepEqual(errors, ['PLAIT_RESOURCE', 'PLAIT_RESOURCE', 'PLAIT_RESOURCE', 'PLAIT_RESOURCE'])
})

test('sendEarlyHints sends 103 over HTTP/2, as often as wanted, before the response', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    request.sendEarlyHints(['Link', '</a.css>; rel=preload'])
    request.sendEarlyHints(['Link', '</b.css>; rel=preload', 'Connection', 'x'])
    assert.throws(() => request.sendEarlyHints(['X', 'a\nb']), { code: 'PLAIT_RESOURCE' })
    request.sendWhole(200, 'OK', [], Buffer.from('x'))
    request.sendEarlyHints(['Link', '</late.css>'])
  })
  const client = await served.client()
  for (const method of ['GET', 'HEAD']) {
    const { interim, status } = await client.ask({ ':method': method })
    assert.equal(status, 200)
    assert.deepEqual(
      interim.map((fields) => [fields[':status'], fields['link'], fields['connection']]),
      [
        [103, '</a.css>; rel=preload', undefined],
        [103, '</b.css>; rel=preload', undefined],
      ],
    )
  }
})

test('breakOff resets the stream behind what was written, and the connection goes on', async (t) => {
  const served = await serveHTTP2(t, (request) => {
    if (request.uri === '/fine') return request.sendWhole(200, 'OK', [], Buffer.from('fine'))
    request.write('x'.repeat(500_000))
    request.breakOff('it failed')
    assert.equal(request.aborted, true)
  })
  const client = await served.client()
  const { status, text, resetWith } = await client.ask()
  assert.deepEqual([status, text.length, resetWith], [200, 500_000, 2])
  assert.equal((await client.ask({ ':path': '/fine' })).text, 'fine')
  assert.deepEqual(
    served.log.map(({ aborted }) => aborted),
    [true, false],
  )
})

test('HTTP/2 tells a request that its client has gone when the stream is reset, and only this one', async (t) => {
  const requests: Request[] = []
  const gone: string[] = []
  const served = await serveHTTP2(t, (request) => {
    requests.push(request)
    request.onDisconnect = () => gone.push(request.uri)
    request.notifyFinish().catch((error: { code: string }) => gone.push(error.code))
  })
  const client = await served.client()
  const left = client.begin({ ':path': '/left' })
  left.end()
  const kept = client.ask({ ':path': '/kept' })
  await until('both', () => requests.length === 2)
  left.close(8)
  await until('the news', () => gone.length === 2)
  assert.deepEqual(gone, ['/left', 'PLAIT_CLIENT_GONE'])
  requests[0]?.write('nobody reads it')
  requests[0]?.finish()
  requests[1]?.sendWhole(200, 'OK', [], Buffer.from('here'))
  assert.equal((await kept).text, 'here')
})

test('HTTP/2 tells all requests of a connection that is lost, and of one that the client half-closes', async (t) => {
  const gone: string[] = []
  const served = await serveHTTP2(t, (request) => (request.onDisconnect = () => gone.push(request.uri)))
  for (const way of ['destroy', 'end', 'resetAndDestroy'] as const) {
    gone.length = 0
    const client = await served.frames()
    client.head(1)
    client.head(3)
    await pause(0.05)
    client.socket[way]()
    await until(`both after ${way}`, () => gone.length === 2)
  }
})

test('HTTP/2 serves 100 streams at once and puts off more, in whatever order they are answered', async (t) => {
  const waiting: Request[] = []
  let most = 0
  const served = await serveHTTP2(t, (request) => {
    waiting.push(request)
    most = Math.max(most, waiting.length)
  })
  const client = await served.client()
  const answers = Array.from({ length: 130 }, (_, index) => client.ask({ ':path': `/${index}` }))
  await until('100 of them', () => waiting.length === 100)
  await pause(0.1)
  assert.equal(most, 100)
  assert.equal(client.session.remoteSettings.maxConcurrentStreams, 100)
  const all = Promise.all(answers)
  let answered = 0
  while (answered < answers.length) {
    for (const request of waiting.splice(0).toReversed()) {
      request.sendWhole(200, 'OK', [], Buffer.from(request.uri))
      answered++
    }
    await pause(0.01)
  }
  for (const [index, answer] of (await all).entries()) assert.equal(answer.text, `/${index}`)
})

test('HTTP/2 refuses streams beyond maxStreams of a client that does not know the number, and leaves one that does', async (t) => {
  let received = 0
  const served = await serveHTTP2(t, () => received++, { maxStreams: 5 })
  const client = await served.frames()
  for (let stream = 1; stream < 21; stream += 2) client.head(stream)
  await until('five refusals', () => client.of(Type.RST_STREAM).length === 5)
  const codes = client.of(Type.RST_STREAM).map(({ payload }) => payload.readUInt32BE(0))
  assert.deepEqual(codes, [7, 7, 7, 7, 7], 'REFUSED_STREAM')
  assert.equal(received, 5)
  client.send(frame(Type.SETTINGS, Flag.ACK, 0))
  client.head(21)
  assert.notEqual(await client.goneAwayWith(), 0)
  await until('the requests to end', () => served.log.length === 5)
})

test('a client of HTTP/2 that reads one stream slowly holds up that one alone, and bounded memory', async (t) => {
  let taken = 0
  let over = false
  const piece = Buffer.alloc(64 * 1024)
  const served = await serveHTTP2(t, (request) => {
    if (request.uri !== '/slow') return echo(request)
    request.sendHead(200, 'OK', [])
    const more = (): void => {
      taken += piece.length
      if (taken < 64 * MIB) request.writeChunk(piece, more)
    }
    request.writeChunk(piece, more)
    request.onDisconnect = () => (over = true)
  })
  const client = await served.client()
  const slow = client.begin({ ':path': '/slow' })
  slow.end()
  slow.pause()
  await once(slow, 'response')
  await pause(0.3)
  const held = taken
  assert.ok(held < 4 * MIB, `${held} bytes`)
  for (let index = 0; index < 20; index++) assert.equal((await client.ask({ ':path': `/${index}` })).status, 200)
  assert.ok(taken < held + MIB)
  slow.resume()
  await until('it goes on', () => taken > 16 * MIB)
  slow.close()
  await until('the end', () => over)
})

test('a client of HTTP/2 that never opens a window gets heads and no body', async (t) => {
  const served = await serveHTTP2(t, (request) => request.sendWhole(200, 'OK', [], Buffer.alloc(100_000)))
  const client = await served.frames()
  // SETTINGS_INITIAL_WINDOW_SIZE of 0
  client.send(frame(Type.SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])), frame(Type.HEADERS, 5, 1, block(GET)))
  await client.receives(Type.HEADERS, 1)
  await pause(0.05)
  assert.equal(client.of(Type.DATA).length, 0)
  assert.equal(served.log.length, 0)
  client.send(frame(Type.WINDOW_UPDATE, 0, 1, Buffer.from([0, 1, 0, 0])))
  await client.receives(Type.DATA, 1)
})
