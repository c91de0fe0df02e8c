import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { pause, until } from '../support/until.ts'
import { serve } from './serve.ts'

const say = (request: Request, text: string): void => request.sendWhole(200, 'OK', [], Buffer.from(text, 'latin1'))
const hello = (request: Request): void => say(request, 'hello')

/** Sends `bytes`, and gives the request as the application saw it. */
async function seen(t: TestContext, bytes: string): Promise<Request> {
  let request: Request | undefined
  const { connect } = await serve(t, (one) => {
    request = one
    hello(one)
  })
  const client = await connect()
  client.socket.write(bytes, 'latin1')
  await client.receives(/hello$/)
  return request as unknown as Request
}

/** Sends `bytes`, waits for the end of the connection and gives all that came. */
async function all(t: TestContext, received: (request: Request) => void, bytes: string): Promise<string> {
  const { connect } = await serve(t, received)
  const client = await connect()
  client.socket.write(bytes, 'latin1')
  await until('the server closes', () => client.ended)
  return client.received
}

test('Request decodes the segments of its path one by one, to latin-1', async (t) => {
  const request = await seen(t, 'GET /a%2Fb/%C3%A9//%zz%/../c/?d=%20?e HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual(request.prepath, [])
  assert.deepEqual(request.postpath, ['a/b', '\xc3\xa9', '', '%zz%', '..', 'c', ''])
  assert.deepEqual([request.path, request.queryString], ['/a%2Fb/%C3%A9//%zz%/../c/', 'd=%20?e'])
  assert.equal(request.uri, '/a%2Fb/%C3%A9//%zz%/../c/?d=%20?e')
  assert.deepEqual([request.method, request.clientproto, request.isSecure()], ['GET', 'HTTP/1.1', false])
})

test('Request.getHeader gives the last value in any case; what could pass for another field is dropped', async (t) => {
  const fields = 'Host: a\r\nX-A: 1\r\nx-a: 2\r\nX_A: 3\r\nProxy: evil\r\nContent_Length: 5\r\nX-B: \xe9\r\n'
  const request = await seen(t, `GET / HTTP/1.1\r\n${fields}\r\n`)
  assert.equal(request.getHeader('X-a'), '2')
  assert.equal(request.getHeader('X-B'), '\xe9')
  assert.equal(request.getHeader('none'), undefined)
  assert.deepEqual(request.rawHeaders, ['Host', 'a', 'X-A', '1', 'x-a', '2', 'X-B', '\xe9'])
  assert.equal(request.getAllHeaders().get('x-a'), '2')
})

test('Request takes path and host of an absolute target', async (t) => {
  const request = await seen(t, 'GET http://other:8?r HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual([request.path, request.queryString, request.host, request.getHeader('host')], ['/', 'r', 'other:8', 'other:8'])
})

test('OPTIONS * has no segments', async (t) => {
  const request = await seen(t, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual([request.path, request.postpath], ['*', []])
})

test('Request knows both ends of its connection', async (t) => {
  const request = await seen(t, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const { channel } = request
  assert.deepEqual(request.getClientAddress(), { type: 'TCP', host: '127.0.0.1', port: Number(channel.peerPort) })
  assert.deepEqual(request.getHost(), { type: 'TCP', host: '127.0.0.1', port: Number(channel.hostPort) })
})

test('a connection of HTTP/1.1 lives on; Connection: close and HTTP/1.0 end it', async (t) => {
  const { connect } = await serve(t, hello)
  const client = await connect()
  client.get('/')
  await client.receives(/hello$/)
  client.get('/')
  await client.receives(/hello[^]*hello$/)
  assert.equal(client.ended, false)
  const closed = await all(t, hello, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(closed, /\r\nConnection: close\r\n[^]*hello$/i)
  assert.match(await all(t, hello, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 [^]*\r\n\r\nhello$/)
})

test('HTTP/1.0 gets no chunks: the end of the connection ends the body', async (t) => {
  const text = await all(
    t,
    (request) => {
      request.write('hel')
      request.write('lo')
      request.finish()
    },
    'GET / HTTP/1.0\r\n\r\n',
  )
  assert.doesNotMatch(text, /transfer-encoding/i)
  assert.match(text, /\r\n\r\nhello$/)
})

test('1,000 pipelined requests are answered in order, one at a time', async (t) => {
  let active = 0
  let most = 0
  let index = 0
  const { connect } = await serve(t, (request) => {
    most = Math.max(most, ++active)
    const answer = (): void => {
      active--
      say(request, `<${request.uri}>`)
    }
    // Some at once, some later, as applications do.
    if (index++ % 3 === 0) answer()
    else setImmediate(answer)
  })
  const client = await connect()
  const targets = Array.from({ length: 1000 }, (_, number) => `/${number}`)
  client.socket.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  await client.receives(/<\/999>$/)
  assert.deepEqual(
    [...client.received.matchAll(/<([^>]+)>/g)].map(([, target]) => target),
    targets,
  )
  assert.equal(most, 1)
})

test('a client that pipelines without end is read no further, also while it takes a long response', async (t) => {
  let bytesRead: number | undefined
  const { connect } = await serve(t, (request) => {
    if (request.uri !== '/long') return say(request, 'short')
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < 256; sent++) yield Buffer.alloc(2 ** 16)
      bytesRead = (request.channel as unknown as { socket: Socket }).socket.bytesRead
    }
    void request.writeFrom(pieces()).then(() => request.finish())
  })
  const client = await connect()
  client.get('/long')
  for (let number = 0; number < 256; number++) client.socket.write('GET /short HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(2000))
  await until('the long response is out', () => bytesRead !== undefined)
  assert.ok((bytesRead as number) < 2 ** 20, `${bytesRead} bytes of requests are in memory`)
})

test('pipelined requests that are answered at once do not pile up on the stack', async (t) => {
  let first: Request | undefined
  const { connect } = await serve(t, (request) => {
    if (request.uri === '/first') first = request
    else say(request, '<>')
  })
  const client = await connect()
  client.socket.write(`GET /first HTTP/1.1\r\nHost:h\r\n\r\n${'GET / HTTP/1.1\r\nHost:h\r\n\r\n'.repeat(20_000)}`)
  await until('the first one', () => first !== undefined)
  say(first as unknown as Request, '<>')
  await until('all answers', () => client.received.split('<>').length === 20_002)
})

test('pipelined requests with bodies are told apart', async (t) => {
  const { connect } = await serve(t, (request) => {
    request.readBody({}, (_, body) => {
      const text = body?.kind === 'bytes' ? Buffer.concat(body.chunks).toString() : ''
      setImmediate(() => say(request, `<${text}>`))
    })
  })
  const client = await connect()
  const one = (text: string): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n'
  client.socket.write(one('one') + chunked + one('') + one('four'))
  await client.receives(/<one>[^]*<two>[^]*<>[^]*<four>$/)
})

test('a client that has half-closed is answered', async (t) => {
  const { connect } = await serve(t, (request) => void pause(0.05).then(() => hello(request)))
  const client = await connect()
  client.socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.receives(/hello$/)
  await until('the server closes too', () => client.ended)
})

test('a client that has gone is told of at once', async (t) => {
  let request: Request | undefined
  let told = 0
  const ended: Request[] = []
  const { connect } = await serve(
    t,
    (one) => {
      request = one
      one.onDisconnect = () => told++
    },
    { accessLog: (one) => ended.push(one) },
  )
  const client = await connect()
  client.get('/')
  const gone = (await until('the request is there', () => request)) as Request
  const finished = gone.notifyFinish()
  client.socket.resetAndDestroy()
  await assert.rejects(finished, { code: 'PLAIT_CLIENT_GONE' })
  assert.deepEqual([told, gone.disconnected, gone.aborted, gone.finished], [1, true, true, false])
  // What is still written goes nowhere and harms nobody.
  gone.write('x')
  gone.finish()
  assert.deepEqual(ended, [gone])
})

test('a FIN in an open-ended response counts as gone', async (t) => {
  let told = 0
  const { connect } = await serve(t, (request) => {
    request.onDisconnect = () => told++
    request.write('event')
  })
  const client = await connect()
  client.get('/')
  await client.receives(/event/)
  client.socket.end()
  await until('the request is told', () => told === 1)
})

for (const [method, status] of [
  ['GET', 204],
  ['GET', 304],
  ['HEAD', 200],
] as const) {
  test(`${method} with ${status} has no body, and the next response follows at once`, async (t) => {
    const { connect } = await serve(t, (request) => {
      if (request.uri === '/next') return hello(request)
      request.setResponseCode(status)
      request.write('must not be seen')
      request.finish()
    })
    const client = await connect()
    client.get('/', method)
    client.get('/next')
    await client.receives(/hello$/)
    assert.match(client.received, new RegExp(`^HTTP/1\\.1 ${status} [^]*?\\r\\n\\r\\nHTTP/1\\.1 200 OK\\r\\n`))
    assert.doesNotMatch(client.received, /must not/)
  })
}

test('sendWhole tells HEAD the length that GET would have', async (t) => {
  const { connect } = await serve(t, hello)
  const client = await connect()
  client.get('/', 'HEAD')
  await client.receives(/\r\n\r\n$/)
  await pause(0.02)
  assert.match(client.received, /\r\nContent-Length: 5\r\n/i)
  assert.match(client.received, /\r\n\r\n$/)
})

test('a body without Content-Length is chunked, one with it is not', async (t) => {
  const { connect } = await serve(t, (request) => {
    if (request.uri === '/length') request.setHeader('Content-Length', '5')
    request.write('hel')
    request.write('lo')
    request.finish()
  })
  const client = await connect()
  client.get('/')
  await client.receives(/\r\n0\r\n\r\n$/)
  assert.match(client.received, /\r\nTransfer-Encoding: chunked\r\n(?:.+\r\n)*\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n$/i)
  const before = client.received.length
  client.get('/length')
  await until('the second response', () => client.received.slice(before).endsWith('hello'))
  assert.doesNotMatch(client.received.slice(before), /transfer-encoding/i)
})

test('every response has Date and Server, unless the application gives them', async (t) => {
  const { connect } = await serve(t, (request) => {
    if (request.uri === '/own') {
      request.sendWhole(200, 'Fine', ['Server', 'mine', 'Date', 'Thu, 01 Jan 1970 00:00:00 GMT'], Buffer.from('own'))
    } else hello(request)
  })
  const client = await connect()
  client.get('/')
  await client.receives(/hello$/)
  assert.match(client.received, /\r\nServer: Plait\//i)
  assert.match(client.received, /\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/i)
  const before = client.received.length
  client.get('/own')
  await client.receives(/own$/)
  const text = client.received.slice(before)
  assert.match(text, /^HTTP\/1\.1 200 Fine\r\n/)
  assert.deepEqual([text.match(/^server: /gim)?.length, text.match(/^date: /gim)?.length], [1, 1])
  assert.match(text, /Server: mine\r\nDate: Thu, 01 Jan 1970/i)
})

test('early hints come before the response; HTTP/1.0 gets none', async (t) => {
  const hints = (request: Request): void => {
    request.sendEarlyHints(['Link', '</a.css>; rel=preload'])
    hello(request)
  }
  const { connect } = await serve(t, hints)
  const client = await connect()
  client.get('/')
  await client.receives(/hello$/)
  assert.match(client.received, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  assert.match(await all(t, hints, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

/** Ways to send text that would be a header of the attacker's own. */
const invalid: readonly [string, (request: Request) => void][] = [
  ['setHeader value', (request) => request.setHeader('X', 'a\r\nY: b')],
  ['setHeader name', (request) => request.setHeader('X\r\nY', 'b')],
  ['addHeader value', (request) => request.addHeader('X', 'a\nb')],
  ['setHeader beyond latin-1', (request) => request.setHeader('X', '\u0161')],
  ['sendWhole value', (request) => request.sendWhole(200, 'OK', ['X', 'a\r\nY: b'], Buffer.from('x'))],
  ['sendWhole NUL', (request) => request.sendWhole(200, 'OK', ['X', 'a\0b'], Buffer.from('x'))],
  ['sendWhole name', (request) => request.sendWhole(200, 'OK', ['X Y', 'a'], Buffer.from('x'))],
  ['sendWhole reason', (request) => request.sendWhole(200, 'OK\r\nY: b', [], Buffer.from('x'))],
  ['sendWhole large body', (request) => request.sendWhole(200, 'OK', ['X', 'a\r\nY: b'], Buffer.alloc(100_000))],
  ['sendHead value', (request) => request.sendHead(200, 'OK', ['X', 'a\r\nY: b'])],
  ['sendHead reason', (request) => request.sendHead(200, 'O\nK', [])],
  ['sendHead name', (request) => request.sendHead(200, 'OK', ['', 'a'])],
  [
    'setResponseCode message',
    (request) => {
      request.setResponseCode(200, 'OK\r\nY: b')
      request.finish()
    },
  ],
  ['sendEarlyHints', (request) => request.sendEarlyHints(['Link', 'a\r\n\r\nHTTP/1.1 200 OK'])],
  ['setResponseCode number', (request) => request.setResponseCode(99)],
]
for (const [name, send] of invalid) {
  test(`an invalid ${name} throws before anything is sent`, async (t) => {
    let error: unknown
    const { connect } = await serve(t, (request) => {
      try {
        send(request)
      } catch (thrown) {
        error = thrown
      }
      assert.equal(request.code, 0)
      request.sendWhole(500, 'Internal Server Error', [], Buffer.from('failed'))
    })
    const client = await connect()
    client.get('/')
    await client.receives(/failed$/)
    assert.equal((error as { code?: string } | undefined)?.code, 'PLAIT_RESOURCE')
    assert.match(client.received, /^HTTP\/1\.1 500 /)
    assert.doesNotMatch(client.received, /Y: b|200 OK/)
  })
}

test('notifyFinish is fulfilled when the response is out', async (t) => {
  let finished: Promise<void> | undefined
  const { connect } = await serve(t, (request) => {
    finished = request.notifyFinish()
    request.write('hel')
    setImmediate(() => {
      request.write('lo')
      request.finish()
      request.finish()
      assert.throws(() => request.write('x'), { code: 'PLAIT_RESOURCE' })
    })
  })
  const client = await connect()
  client.get('/')
  await client.receives(/0\r\n\r\n$/)
  await finished
})

test('the head cannot be changed once it is out', async (t) => {
  const { connect } = await serve(t, (request) => {
    request.write('x')
    assert.throws(() => request.setHeader('X', 'a'), { code: 'PLAIT_RESOURCE' })
    assert.throws(() => request.setResponseCode(404), { code: 'PLAIT_RESOURCE' })
    assert.throws(() => request.sendHead(200, 'OK', []), { code: 'PLAIT_RESOURCE' })
    assert.throws(() => request.sendWhole(200, 'OK', [], Buffer.from('x')), { code: 'PLAIT_RESOURCE' })
    request.write('done')
    request.finish()
  })
  const client = await connect()
  client.get('/')
  await client.receives(/done\r\n0\r\n\r\n$/)
})

test('100 Continue is sent when the body is read, not before', async (t) => {
  let request: Request | undefined
  const { connect } = await serve(t, (one) => (request = one))
  const client = await connect()
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  const expecting = (await until('the request is there', () => request)) as Request
  await pause(0.05)
  assert.equal(client.received, '')
  expecting.readBody({}, (_, body) => say(expecting, `size ${body?.kind === 'bytes' ? body.size : 0}`))
  await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  client.socket.write('hello')
  await client.receives(/size 5$/)
})

test('413 comes in place of 100 Continue', async (t) => {
  const text = await all(
    t,
    (request) => request.readBody({ maxBody: 4 }, () => undefined),
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  )
  assert.match(text, /^HTTP\/1\.1 413 /)
  assert.doesNotMatch(text, / 100 /)
})

test('a request whose body nobody read is answered, and its connection closes', async (t) => {
  const size = 4 * 1024 * 1024
  const { connect } = await serve(t, hello)
  const client = await connect()
  client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  client.socket.write(Buffer.alloc(size))
  await client.receives(/\r\nConnection: close\r\n[^]*hello$/i)
  client.socket.end()
  await until('the server closes', () => client.ended)
  assert.equal(client.received.match(/HTTP\/1\.1 /g)?.length, 1)
})

test('breakOff shows the client that the response is not whole', async (t) => {
  const cut = (request: Request): void => {
    request.write('part')
    setTimeout(() => request.breakOff('test'), 20)
  }
  const chunked = await all(t, cut, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(chunked, /part\r\n$/)
  const { connect } = await serve(t, cut)
  const client = await connect()
  let code: string | undefined
  client.socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
  client.socket.write('GET / HTTP/1.0\r\n\r\n')
  await until('the connection is reset', () => code)
  assert.equal(code, 'ECONNRESET')
})

test('fields of a response keep their bytes, whether its body is at hand or comes later', async (t) => {
  const { connect } = await serve(t, (request) => {
    if (request.path === '/whole') return request.sendWhole(200, 'OK', ['X-Latin', '\xe9'], Buffer.from('x'))
    request.sendHead(200, 'OK', ['X-Latin', '\xe9', 'Content-Length', '1'])
    setTimeout(() => {
      request.writeChunk(Buffer.from('x'), () => undefined)
      request.finish()
    }, 5)
  })
  for (const path of ['/whole', '/later']) {
    const client = await connect()
    client.get(path)
    await client.receives(/X-Latin: \xe9\r\n(.*\r\n)*\r\nx$/)
  }
})
