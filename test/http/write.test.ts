import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { until } from '../support/until.ts'
import { listen, serveLeaf } from './leaf.ts'

const MB = 1024 * 1024

/** Pieces that count how often they were asked for, and whether they were closed. */
class Pieces {
  made = 0
  closed = false
  readonly #count: number
  readonly #size: number

  constructor(count: number, size = 64 * 1024) {
    this.#count = count
    this.#size = size
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(this.#size, 'x')
    try {
      while (this.made < this.#count) {
        this.made++
        yield piece
      }
    } finally {
      this.closed = true
    }
  }
}

test('Request.write makes a page of what has no type, but for 204 and 304 (B67)', async () => {
  const typeOf = async (render: (request: Request) => void): Promise<string | undefined> =>
    (await serveLeaf(render).port.request('GET /')).headers['content-type']
  const write = (piece: string | Uint8Array) => (request: Request) => {
    request.write(piece)
    request.finish()
  }
  assert.equal(await typeOf(write('text')), 'text/html; charset=utf-8')
  assert.equal(await typeOf(write(Uint8Array.of(1))), 'text/html')
  const typed = (request: Request): void => {
    request.setHeader('Content-Type', 'text/x')
    write('text')(request)
  }
  assert.equal(await typeOf(typed), 'text/x')
  for (const status of [204, 304]) {
    const coded = (request: Request): void => {
      request.setResponseCode(status)
      write('')(request)
    }
    assert.equal(await typeOf(coded), undefined)
  }
})

test('Request.write sends the head with the first piece, and throws after finish (B81)', async () => {
  const { port } = serveLeaf((request) => {
    request.setHeader('X-A', 'b')
    assert.equal(request.code, 0)
    assert.equal(request.write('grü'), true)
    assert.equal(request.code, 200)
    request.write(Uint8Array.of(0xff))
    request.finish()
    request.finish()
    assert.throws(() => request.write('x'), { code: 'PLAIT_RESOURCE', message: /finished/ })
  })
  const { headers, body } = await port.request('GET /')
  assert.deepEqual([headers['x-a'], headers['transfer-encoding']], ['b', 'chunked'])
  assert.deepEqual([...body], [0x67, 0x72, 0xc3, 0xbc, 0xff])
})

test('Request.write and finish do nothing once the client has gone; promises say so (B81, B82)', async (t) => {
  let gone: Request | undefined
  const { connect } = await listen(t, async (request) => {
    request.write('x')
    await assert.rejects(request.notifyFinish(), { code: 'PLAIT_CLIENT_GONE' })
    gone = request
  })
  const client = await connect()
  client.get('/')
  await client.receives(/x/)
  client.destroy()
  await until('the request hears of it', () => gone !== undefined)
  const request = gone as unknown as Request
  assert.equal(request.write('y'), false)
  request.finish()
  assert.equal(request.bytesSent, 1)
  await assert.rejects(request.drained(), { code: 'PLAIT_CLIENT_GONE' })
  await assert.rejects(request.notifyFinish(), { code: 'PLAIT_CLIENT_GONE' })
})

test('Request.notifyFinish gives a new promise for each call, also when all is over (B82)', async () => {
  let seen: Request | undefined
  const told: string[] = []
  const { port } = serveLeaf((request) => {
    seen = request
    void request.notifyFinish().then(() => told.push('first'))
    void request.notifyFinish().then(() => told.push('second'))
    return 'x'
  })
  await port.request('GET /')
  assert.deepEqual(told, ['first', 'second'])
  await (seen as unknown as Request).notifyFinish()
})

test('Request.write gives false while the client is slow, and drained waits for it (B83)', async (t) => {
  let written = 0
  const { connect } = await listen(t, async (request) => {
    request.setHeader('Content-Length', String(100 * MB))
    const piece = Buffer.alloc(64 * 1024, 'x')
    while (written < 100 * MB) {
      written += piece.length
      if (!request.write(piece)) await request.drained()
    }
  })
  const client = await connect(true)
  client.get('/')
  let before = -1
  await until('the writer waits', () => {
    const still = written > 0 && written === before
    before = written
    return still
  })
  // What the two systems keep for one connection, and 64 KiB.
  assert.ok(written < 20 * MB, `${written} bytes written`)
  let received = 0
  client.socket.on('data', (chunk: Buffer) => (received += chunk.length))
  await until('all of it', () => received > 100 * MB, 60)
})

test('Site sends an async generator piece by piece: never far ahead of a slow client, 100 MB in bounded memory (B83)', async (t) => {
  const pieces = new Pieces(1600)
  const { connect } = await listen(t, () => pieces)
  const client = await connect(true)
  client.get('/')
  let before = -1
  await until('the generator waits', () => {
    const still = pieces.made > 0 && pieces.made === before
    before = pieces.made
    return still
  })
  assert.ok(pieces.made * 64 * 1024 < 20 * MB, `${pieces.made} pieces`)
  globalThis.gc?.()
  const start = process.memoryUsage().rss
  let most = 0
  let received = 0
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    most = Math.max(most, process.memoryUsage().rss)
  })
  await until('all of it', () => received > 1600 * 64 * 1024, 60)
  assert.ok(most - start < 64 * MB, `${most - start} bytes more`)
  await until('the generator ends', () => pieces.closed)
})

test('Site closes an async generator whose client goes', async (t) => {
  const pieces = new Pieces(Infinity)
  const { connect, logger } = await listen(t, () => pieces)
  const client = await connect()
  client.get('/')
  await client.receives(/xxx/)
  client.destroy()
  await until('the generator is closed', () => pieces.closed)
  const { made } = pieces
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(pieces.made, made)
  assert.deepEqual(logger.records, [])
})

test('Site destroys a stream that waits for data when its client goes', async (t) => {
  const stream = new Readable({ read: () => undefined })
  stream.push('begin')
  const { connect, logger } = await listen(t, async () => Promise.resolve(stream))
  const client = await connect()
  client.get('/')
  await client.receives(/begin/)
  client.destroy()
  await until('the stream is destroyed', () => stream.destroyed)
  assert.deepEqual(logger.records, [])
})

test('Site sends streams of Node and of the web', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'file')
  writeFileSync(file, 'from a file')
  const { port } = serveLeaf((request) => {
    if (request.path === '/file') return createReadStream(file)
    const web = new ReadableStream<string>({
      start(controller) {
        controller.enqueue('from ')
        controller.enqueue('the web')
        controller.close()
      },
    })
    return web
  })
  const response = await port.request('GET /file')
  assert.deepEqual([response.text, response.headers['content-type']], ['from a file', 'text/html; charset=utf-8'])
  assert.equal((await port.request('GET /web')).text, 'from the web')
})

test('Site answers HEAD, 204 and 304 without asking a body for a piece', async () => {
  const pieces = new Pieces(3)
  const stream = Readable.from(['a', 'b'])
  const { port } = serveLeaf((request) => {
    if (request.path !== '/') request.setResponseCode(Number(request.path.slice(1)))
    return request.path === '/204' ? stream : pieces
  })
  assert.deepEqual([(await port.request('HEAD /')).status, pieces.made], [200, 0])
  const empty = await port.request('GET /204')
  assert.deepEqual([empty.status, empty.headers['content-type'], stream.destroyed], [204, undefined, true])
  assert.deepEqual([(await port.request('GET /304')).status, pieces.made], [304, 0])
})

test('Site answers a body that fails before its first piece with 500, and cuts one that fails later', async (t) => {
  // eslint-disable-next-line require-yield -- it fails first
  async function* failing(first: string | undefined): AsyncGenerator<string> {
    if (first !== undefined) yield first
    throw new Error('on purpose')
  }
  const { connect, logger, url } = await listen(t, (request) => failing(request.path === '/later' ? 'begin' : undefined))
  assert.equal((await fetch(url)).status, 500)
  const client = await connect()
  client.get('/later')
  await until('the connection is cut', () => client.ended)
  assert.match(client.received, /begin/)
  assert.doesNotMatch(client.received, /\r\n0\r\n/)
  assert.equal(logger.records.filter(({ level }) => level === 'error').length, 2)
})

test('Request.writeFrom is rejected for a stream that somebody else reads', async () => {
  const locked = new ReadableStream<string>()
  locked.getReader()
  const { port } = serveLeaf(async (request) => {
    await assert.rejects(request.writeFrom(locked), /locked/)
    return 'said so'
  })
  assert.equal((await port.request('GET /')).text, 'said so')
})

test('Site refuses pieces that are neither text nor bytes', async () => {
  const { port, logger } = serveLeaf(() => Readable.from([{ a: 1 }]))
  assert.equal((await port.request('GET /')).status, 500)
  assert.match(String(logger.records[0]?.fields['error']), /expected a string or a Uint8Array, got object/)
})

test('Request.writeFrom closes its source when somebody else finishes the response', async () => {
  const pieces = new Pieces(Infinity, 10)
  const { port } = serveLeaf(async (request) => {
    const writing = assert.rejects(request.writeFrom(pieces), { code: 'PLAIT_RESOURCE', message: /finished/ })
    await new Promise((resolve) => setImmediate(resolve))
    request.finish()
    await writing
  })
  assert.equal((await port.request('GET /')).status, 200)
  await until('the source is closed', () => pieces.closed)
})

test('Request.finish cuts a response that is shorter than its Content-Length; write cuts what is longer', async (t) => {
  const { connect, logger } = await listen(t, (request) => {
    request.setHeader('Content-Length', '5')
    if (request.path === '/short') request.write('123')
    else request.write('1234567')
    request.finish()
  })
  for (const [target, body] of [
    ['/short', '123'],
    ['/long', '12345'],
  ] as const) {
    const client = await connect()
    client.get(target)
    await until('the connection is cut', () => client.ended)
    assert.equal(client.received.split('\r\n\r\n')[1], body)
  }
  assert.match(String(logger.records[0]?.fields['error']), /less than the 5 bytes/)
  assert.match(String(logger.records[1]?.fields['error']), /more than the 5 bytes/)
})

test('Request.write refuses a Content-Length that is none', async () => {
  const { port } = serveLeaf((request) => {
    request.setHeader('Content-Length', '1e3')
    request.write('x')
  })
  assert.equal((await port.request('GET /')).status, 500)
})
