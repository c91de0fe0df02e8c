import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import type { MemoryJob } from '#src/testing.ts'
import { serveWSGI, settle, until } from './serve-wsgi.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const head = (status: number, ...headers: string[]) => ({ status, reason: 'Fine', headers })

/** Sends blocks as a generator would: the first with the head. */
function stream(job: MemoryJob, headers: readonly string[], ...blocks: string[]): void {
  const [first = '', ...rest] = blocks
  job.sink.respond({ status: 200, reason: 'OK', headers }, bytes(first), false)
  for (const block of rest) job.sink.data(bytes(block))
}

test('WSGIResponse computes Content-Length of a response in one piece', async () => {
  const { port } = serveWSGI((job) => job.answer(200, ['X-A', '1', 'x-b', '2'], 'hello'))
  const response = await port.request('GET /')
  assert.equal(response.headers['content-length'], '5')
  assert.equal(response.headers['transfer-encoding'], undefined)
  assert.equal(response.text, 'hello')
})

test('WSGIResponse keeps the spelling and order of the headers, repeated ones too (A35)', async () => {
  const { port } = serveWSGI((job) => job.answer(200, ['x-FOO', '1', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-Z', ''], ''))
  const { rawHeaders } = await port.request('GET /')
  const sent = rawHeaders.join('|')
  assert.ok(sent.includes('x-FOO|1|Set-Cookie|a|Set-Cookie|b|X-Z|'), sent)
})

test('WSGIResponse keeps Server and Date of the application and adds no second', async () => {
  const date = 'Tue, 24 Nov 2026 00:00:00 GMT'
  const { port } = serveWSGI((job) => job.answer(200, ['Server', 'Mine', 'date', date], ''))
  const { headers } = await port.request('GET /')
  assert.equal(headers['server'], 'Mine')
  assert.equal(headers['date'], date)
})

test('WSGIResponse adds no content type (A4)', async () => {
  const { port } = serveWSGI((job) => job.answer(200, [], 'x'))
  assert.equal((await port.request('GET /')).headers['content-type'], undefined)
})

test('WSGIResponse sends an empty response in one piece with length 0', async () => {
  const { port } = serveWSGI((job) => job.answer(404, [], ''))
  const response = await port.request('GET /')
  assert.equal(response.status, 404)
  assert.equal(response.headers['content-length'], '0')
})

test('WSGIResponse sends chunks where no length is known, each block as it comes (A36)', async () => {
  let job: MemoryJob | undefined
  const { port } = serveWSGI((given) => {
    job = given
    stream(given, [], 'one')
  })
  const connection = port.connect()
  const response = connection.request('GET /')
  await connection.until(() => connection.received.includes('one'))
  job?.sink.data(bytes('two!'))
  await connection.until(() => connection.received.includes('two!'))
  job?.sink.finished(undefined)
  assert.deepEqual((await response).chunks, [3, 4])
  assert.equal((await response).headers['content-length'], undefined)
  assert.equal(job?.drainedBytes, 7)
})

test('WSGIResponse sends an HTTP/1.0 client raw bytes and closes (A36)', async () => {
  const { port } = serveWSGI((job) => {
    stream(job, [], 'one', 'two')
    job.sink.finished(undefined)
  })
  const connection = port.connect()
  const response = await connection.request('GET / HTTP/1.0\r\n\r\n')
  assert.equal(response.text, 'onetwo')
  assert.equal(response.headers['transfer-encoding'], undefined)
  await connection.ended()
})

test('WSGIResponse flushes a head without body at once', async () => {
  const { port } = serveWSGI((job) => job.sink.respond(head(200), bytes(''), false))
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await connection.until(() => connection.received.includes('\r\n\r\n'))
  connection.close()
})

test('WSGIResponse sends at once what its first block makes whole', async () => {
  const { port, pool } = serveWSGI((job) => stream(job, ['Content-Length', '5'], 'hello'))
  const response = await port.request('GET /')
  assert.equal(response.text, 'hello')
  assert.equal(pool.jobs[0]?.abandoned, 0)
})

test('WSGIResponse ends when the last declared byte is there, though the application still runs', async () => {
  const { port } = serveWSGI((job) => stream(job, ['content-length', '6'], 'one', 'two'))
  const response = await port.request('GET /')
  assert.equal(response.text, 'onetwo')
  assert.equal(response.headers['transfer-encoding'], undefined)
})

test('WSGIResponse cuts what exceeds Content-Length, in the first block and later, and ends the application', async () => {
  for (const blocks of [['hello world'], ['hel', 'lo world', 'more'], ['hello', ' world']]) {
    const { port, pool, logger } = serveWSGI((job) => {
      stream(job, ['Content-Length', '5'], ...blocks)
      job.sink.finished(undefined)
    })
    const connection = port.connect()
    assert.equal((await connection.request('GET /')).text, 'hello')
    assert.equal((await connection.request('GET /')).text, 'hello', 'the connection is still in step')
    assert.equal(pool.jobs[0]?.abandoned, 1)
    assert.equal(logger.of('warn').length, 2)
  }
})

test('WSGIResponse breaks off when the body is shorter than Content-Length, and logs it', async () => {
  const { port, logger } = serveWSGI((job) => {
    stream(job, ['Content-Length', '50'], 'hello')
    job.sink.finished(undefined)
  })
  const connection = port.connect()
  const response = await connection.request('GET /')
  assert.equal(response.complete, false)
  assert.equal(response.text, 'hello')
  await connection.ended()
  assert.match(String(logger.of('error')[0]?.fields['error']), /too short/)
})

test('WSGIResponse breaks off when there is no body at all for a Content-Length', async () => {
  const { port } = serveWSGI((job) => job.answer(200, ['Content-Length', '3'], ''))
  assert.equal((await port.request('GET /')).complete, false)
})

for (const status of [204, 304]) {
  test(`WSGIResponse sends ${status} without a body (A38)`, async () => {
    const { port, pool } = serveWSGI((job) => {
      job.sink.respond(head(status, 'ETag', '"x"'), bytes('dropped'), false)
      job.sink.data(bytes('also'))
      job.sink.data(bytes('also'))
      job.sink.finished(undefined)
    })
    const connection = port.connect()
    const response = await connection.request('GET /')
    assert.equal(response.status, status)
    assert.equal(response.headers['content-length'], undefined)
    assert.equal(response.headers['transfer-encoding'], undefined)
    assert.equal(response.headers['etag'], '"x"')
    assert.equal((await connection.request('GET /')).status, status)
    assert.equal(pool.jobs[0]?.abandoned, 1, 'an endless generator ends')
  })
}

test('WSGIResponse drops Content-Length of a 204 (RFC 9110 section 8.6) and keeps that of a 304', async () => {
  const { port } = serveWSGI((job) => job.answer(Number(job.environ['QUERY_STRING']), ['Content-Length', '9'], ''))
  assert.equal((await port.request('GET /?204')).headers['content-length'], undefined)
  assert.equal((await port.request('GET /?304')).headers['content-length'], '9')
})

test('WSGIResponse answers HEAD with the headers alone (A38)', async () => {
  const { port, logger } = serveWSGI((job) => {
    const { PATH_INFO: path } = job.environ
    if (path === '/declared') stream(job, ['Content-Length', '5'], 'hello')
    else if (path === '/piece') job.sink.respond(head(200), bytes('hello!'), true)
    else if (path === '/nothing') job.sink.respond(head(200), bytes(''), true)
    else stream(job, [], 'endless', 'endless')
    job.sink.finished(undefined)
  })
  const connection = port.connect()
  const lengthOf = async (path: string) => (await connection.request(`HEAD ${path}`)).headers['content-length']
  assert.equal(await lengthOf('/declared'), '5')
  assert.equal(await lengthOf('/piece'), '6')
  assert.equal(await lengthOf('/nothing'), undefined)
  assert.equal(await lengthOf('/endless'), undefined)
  assert.equal(await lengthOf('/declared'), '5', 'the connection is still in step')
  assert.deepEqual(logger.records, [])
})

for (const name of ['Connection', 'transfer-encoding', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'Proxy-Authenticate']) {
  test(`WSGIResponse refuses the hop-by-hop header ${name} with 500 (PEP 3333, D9)`, async () => {
    const { port, logger } = serveWSGI((job) => job.answer(200, [name, 'x'], 'secret'))
    const connection = port.connect()
    const response = await connection.request('GET /')
    assert.equal(response.status, 500)
    assert.doesNotMatch(response.text, /secret/)
    assert.match(String(logger.of('error')[0]?.fields['error']), new RegExp(name))
    assert.equal((await connection.request('GET /')).status, 500)
  })
}

for (const [title, ...headers] of [
  ['a value with CR LF', 'X', 'b\r\nX-Evil: 1'],
  ['a name with a space', 'X Y', '1'],
  ['an empty name', '', '1'],
  ['a Content-Length that is no number', 'Content-Length', '+5'],
  ['an empty Content-Length', 'Content-Length', ''],
  ['two Content-Lengths', 'Content-Length', '1', 'content-length', '1'],
] as const) {
  test(`WSGIResponse answers ${title} with 500, nothing of it sent (D8)`, async () => {
    for (const onePiece of [true, false]) {
      const { port, logger } = serveWSGI((job) => {
        job.sink.respond({ status: 200, reason: 'OK', headers }, bytes('x'), onePiece)
        job.sink.finished(undefined)
      })
      const connection = port.connect()
      const response = await connection.request('GET /')
      assert.equal(response.status, 500)
      assert.equal(response.headers['x-evil'], undefined)
      assert.equal(logger.of('error').length, 1)
      connection.close()
    }
  })
}

test('WSGIResponse answers a reason with CR LF, and a status below 200, with 500 (D8)', async () => {
  const { port } = serveWSGI((job) => {
    const bad = job.environ['PATH_INFO'] === '/reason' ? { status: 200, reason: 'a\r\nX-Evil: 1', headers: [] } : head(101)
    job.sink.respond(bad, bytes('x'), true)
    job.sink.finished(undefined)
  })
  assert.equal((await port.request('GET /reason')).status, 500)
  assert.equal((await port.request('GET /status')).status, 500)
})

test('WSGIResponse answers an application error with 500 and logs the traceback once (A43, A46)', async () => {
  const { port, logger, pool } = serveWSGI((job) => {
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'ValueError: secret', { detail: 'Traceback <secret>', status: 500 }))
  })
  const connection = port.connect()
  const response = await connection.request('POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  assert.equal(response.status, 500)
  assert.doesNotMatch(response.text, /secret/)
  assert.equal(logger.of('error').length, 1)
  const fields = logger.of('error')[0]?.fields ?? {}
  assert.equal(fields['request'], 'POST /a?b HTTP/1.1')
  assert.equal(fields['detail'], 'Traceback <secret>')
  assert.equal(fields['application'], 'test.application')
  assert.ok(response.text.includes(String(fields['id'])))
  assert.equal((await connection.request('GET /')).status, 500, 'the connection stays usable')
  assert.equal(pool.jobs.length, 2)
})

test('WSGIResponse shows the traceback, escaped, with displayTracebacks', async () => {
  const fail = (job: MemoryJob): void =>
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'ValueError', { detail: 'Traceback <here>' }))
  const { port } = serveWSGI(fail, { displayTracebacks: true })
  assert.match((await port.request('GET /')).text, /Traceback &lt;here&gt;/)
})

test('WSGIResponse breaks off when the application fails after its response began (A44)', async () => {
  for (const headers of [[], ['Content-Length', '50']]) {
    const { port, logger } = serveWSGI((job) => {
      stream(job, headers, 'hello')
      job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'ValueError', { detail: 'Traceback' }))
    })
    const connection = port.connect()
    const response = await connection.request('GET /')
    assert.equal(response.complete, false)
    assert.equal(response.text, 'hello')
    await connection.ended()
    assert.equal(logger.of('error').length, 1)
  }
})

test('WSGIResponse resets the connection where its plain end would look like the end of the body', async () => {
  const { port } = serveWSGI((job) => {
    stream(job, [], 'hello')
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'ValueError'))
  })
  const connection = port.connect()
  connection.write('GET / HTTP/1.0\r\n\r\n')
  await connection.ended()
  assert.equal(connection.wasReset, true)
})

test('WSGIResponse logs a failure after a whole response and leaves the response alone', async () => {
  const { port, logger } = serveWSGI((job) => {
    job.sink.respond(head(200), bytes('x'), true)
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'close() failed'))
  })
  const response = await port.request('GET /')
  assert.equal(response.complete, true)
  assert.equal(logger.of('error').length, 1)
})

for (const [code, status] of [
  ['PLAIT_POOL_FULL', 503],
  ['PLAIT_QUEUE_TIMEOUT', 503],
  ['PLAIT_POOL_STOPPED', 503],
  ['PLAIT_HOST_LOST', 502],
  ['PLAIT_HOST_ENDED', 502],
] as const) {
  test(`WSGIResponse answers ${code} with ${status}`, async () => {
    const { port } = serveWSGI((job) => job.sink.finished(new PlaitError(code, 'no', { status })))
    const response = await port.request('GET /')
    assert.equal(response.status, status)
    assert.equal(response.headers['retry-after'] !== undefined, status === 503)
    assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
  })
}

test('WSGIResponse gives a job up at once when its client goes (A47)', async () => {
  const { port, pool, logger } = serveWSGI(() => undefined)
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await until(() => pool.jobs.length === 1)
  connection.reset()
  await until(() => pool.jobs[0]?.abandoned === 1)
  // Whatever the application still says is heard by nobody, and is no error.
  pool.jobs[0]?.sink.respond(head(200), bytes('late'), true)
  pool.jobs[0]?.sink.data(bytes('late'))
  pool.jobs[0]?.sink.finished(new PlaitError('PLAIT_CLIENT_GONE', 'left'))
  await settle()
  assert.equal(pool.jobs[0]?.abandoned, 1)
  assert.deepEqual(logger.of('error'), [])
})

test('WSGIResponse gives a job up when its client goes while the body is sent', async () => {
  const { port, pool } = serveWSGI((job) => stream(job, [], 'one'))
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await connection.until(() => connection.received.includes('one'))
  connection.reset()
  await until(() => pool.jobs[0]?.abandoned === 1)
})

test('WSGIResponse still answers a client that has half-closed (A48)', async () => {
  const { port, pool } = serveWSGI(() => undefined)
  const connection = port.connect()
  const response = connection.request('GET /')
  connection.end()
  await until(() => pool.jobs.length === 1)
  await settle()
  assert.equal(pool.jobs[0]?.abandoned, 0)
  pool.jobs[0]?.answer(200, [], 'answered')
  assert.equal((await response).text, 'answered')
})

test('WSGIResponse answers a client that has half-closed before, without a length too', async () => {
  const { port, pool } = serveWSGI(() => undefined)
  const connection = port.connect()
  const response = connection.request('GET /')
  connection.end()
  await until(() => pool.jobs.length === 1)
  await settle()
  stream(pool.jobs[0] as MemoryJob, [], 'one', 'two')
  pool.jobs[0]?.sink.finished(undefined)
  assert.equal((await response).text, 'onetwo')
})

test('WSGIResponse ends a response without a length when its client half-closes', async () => {
  const { port, pool } = serveWSGI((job) => stream(job, [], 'event'))
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await connection.until(() => connection.received.includes('event'))
  connection.end()
  await until(() => pool.jobs[0]?.abandoned === 1)
})

test('WSGIResponse tells the host what has left, so that a slow client holds the application back', async () => {
  const { port, pool } = serveWSGI((job) => stream(job, [], 'start'))
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await connection.until(() => connection.received.includes('start'))
  const job = pool.jobs[0] as MemoryJob
  connection.pause()
  for (let i = 0; i < 40; i++) job.sink.data(Buffer.alloc(65536))
  await settle()
  assert.ok(job.drainedBytes < 1024 ** 2, `${job.drainedBytes} bytes are said to have left`)
  connection.resume()
  await until(() => job.drainedBytes === 5 + 40 * 65536)
  connection.close()
})

test('WSGIResponse sends early hints before the response, and drops late and invalid ones', async () => {
  const { port, logger } = serveWSGI((job) => {
    job.sink.earlyHints(['Link', '</a.css>; rel=preload'])
    job.sink.earlyHints(['Bad Name', 'x'])
    job.sink.respond(head(200), bytes('x'), true)
    job.sink.earlyHints(['Link', '</late>'])
    job.sink.finished(undefined)
  })
  const response = await port.request('GET /')
  assert.equal(response.status, 200)
  assert.deepEqual(
    response.informational.map((hint) => [hint.status, hint.headers['link']]),
    [[103, '</a.css>; rel=preload']],
  )
  assert.equal(logger.of('warn').length, 1)
})

test('WSGIResponse never lets one request see what belongs to another (D15)', async () => {
  const { port, pool } = serveWSGI((job) => {
    if (pool.jobs.length > 1) job.answer(200, [], 'second')
  })
  const first = port.connect()
  void first.request('GET /').catch(() => undefined)
  await until(() => pool.jobs.length === 1)
  first.reset()
  await until(() => pool.jobs[0]?.abandoned === 1)
  const second = await port.request('GET /')
  pool.jobs[0]?.answer(200, [], 'first')
  await settle()
  assert.equal(second.text, 'second')
})
