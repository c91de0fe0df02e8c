import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Request } from '#src/http/request.ts'
import { Resource, type Rendered, type RenderMethod, type TreeNode } from '#src/resource/resource.ts'
import { UnsupportedMethod } from '#src/resource/unsupported-method.ts'
import { Data } from '#src/resources/data.ts'
import { GzipEncoderFactory, ZstdEncoderFactory } from '#src/resources/encoding/encoder-factories.ts'
import type { EncoderFactory } from '#src/resources/encoding/encoder-factory.ts'
import { EncodingResourceWrapper, type EncodingOptions } from '#src/resources/encoding/encoding-resource-wrapper.ts'
import { File } from '#src/resources/static/file.ts'
import { MemoryReactor, MemoryThreadPool, type MemoryResponse } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { serve } from '../../resource/serve.ts'
import type { Served } from '../../resource/serve.ts'
import { makeTree } from '../static/tree.ts'
import { until } from '../../support/until.ts'
import { decoded } from './decode.ts'

const text = 'All work and no play makes Jack a dull boy. '.repeat(100)

function serveEncoded(root: TreeNode, options: EncodingOptions = {}, factories?: EncoderFactory[]): Served {
  return serve(new EncodingResourceWrapper(root, factories ?? [new GzipEncoderFactory()], options))
}

const get = (path: string, fields = '', method = 'GET', version = '1.1'): string =>
  `${method} ${path} HTTP/${version}\r\nHost: a\r\nAccept-Encoding: gzip\r\n${fields}\r\n`

/** Fixed text as a leaf. */
const plain = (body: string = text): Resource =>
  leaf((request) => {
    request.setHeader('Content-Type', 'text/plain')
    return body
  })

function leaf(render: RenderMethod): Resource {
  return Object.assign(new Resource(), { render_GET: render, isLeaf: true })
}

function assertEncoded(response: MemoryResponse, expected = text): void {
  assert.equal(response.headers['content-encoding'], 'gzip')
  assert.equal(response.headers['vary'], 'Accept-Encoding')
  assert.equal(decoded(response), expected)
  assert.ok(response.complete)
}

test('EncodingResourceWrapper encodes what a resource gives, and everything below it (B74)', async () => {
  const root = new Resource()
  root.putChild('', new Data(text, 'text/plain'))
  const inner = new Resource()
  inner.putChild('deep', new Data(text, 'text/plain'))
  root.putChild('inner', inner)
  const { port } = serveEncoded(root)
  assertEncoded(await port.request(get('/')))
  assertEncoded(await port.request(get('/inner/deep')))
  const identity = await port.request('GET /inner/deep')
  assert.deepEqual(
    [identity.headers['content-encoding'], identity.headers['vary'], identity.text],
    [undefined, 'Accept-Encoding', text],
  )
})

test('EncodingResourceWrapper leaves what is beside it alone', async () => {
  const root = new Resource()
  root.putChild('in', new EncodingResourceWrapper(new Data(text, 'text/plain')))
  root.putChild('out', new Data(text, 'text/plain'))
  const { port } = serve(root)
  assertEncoded(await port.request(get('/in')))
  const { headers } = await port.request(get('/out'))
  assert.deepEqual([headers['content-encoding'], headers['vary']], [undefined, undefined])
})

test('EncodingResourceWrapper leaves short bodies and other types alone', async () => {
  const root = new Resource()
  root.putChild('short', new Data('short', 'text/plain'))
  root.putChild('picture', new Data(text, 'image/png'))
  const { port } = serveEncoded(root)
  for (const path of ['/short', '/picture']) {
    const { headers } = await port.request(get(path))
    assert.deepEqual([headers['content-encoding'], headers['vary']], [undefined, undefined])
    assert.notEqual(headers['content-length'], undefined)
  }
})

test('EncodingResourceWrapper takes minLength, compressible and when', async () => {
  const root = new Resource()
  root.putChild('short', new Data('short', 'x/odd'))
  root.putChild('secret', new Data('secret', 'x/odd'))
  const { port } = serveEncoded(root, {
    minLength: 0,
    compressible: (type) => type === 'x/odd',
    when: (request) => request.path !== '/secret',
  })
  assertEncoded(await port.request(get('/short')), 'short')
  assert.equal((await port.request(get('/secret'))).headers['content-encoding'], undefined)
  assert.throws(() => new EncodingResourceWrapper(root, [], { minLength: -1 }), { code: 'PLAIT_CONFIGURATION' })
})

/** Fields of a response, without those of the connection, the length and the time. */
const fieldsOf = ({ headers }: MemoryResponse): string[] =>
  Object.entries(headers)
    .filter(([name]) => !['connection', 'content-length', 'date', 'transfer-encoding'].includes(name))
    .map(([name, value]) => `${name}: ${value}`)
    .sort()

for (const [name, root] of [
  ['a resource', plain()],
  ['a file', new File(makeTree({ page: text }), { defaultType: 'text/plain' })],
] as const) {
  test(`EncodingResourceWrapper answers HEAD with the fields of GET, and the connection goes on: ${name} (B74)`, async () => {
    const client = serveEncoded(root).port.connect()
    const head = await client.request(get('/page', '', 'HEAD'))
    assert.equal(head.headers['content-encoding'], 'gzip')
    assert.equal(head.headers['content-length'], undefined)
    const full = await client.request(get('/page'))
    assertEncoded(full)
    assert.deepEqual(fieldsOf(head), fieldsOf(full))
  })
}

for (const status of [204, 304]) {
  test(`EncodingResourceWrapper sends ${status} without a byte behind it (B74)`, async () => {
    const client = serveEncoded(
      leaf((request) => {
        request.setResponseCode(status)
        request.setHeader('Content-Type', 'text/plain')
        return text
      }),
    ).port.connect()
    for (let turn = 0; turn < 2; turn++) {
      const response = await client.request(get('/'))
      assert.equal(response.status, status)
      assert.equal(response.headers['content-encoding'], undefined)
    }
    assert.equal(client.received.length, 0)
  })
}

for (const size of [2000, 40_000, 3_000_000]) {
  test(`EncodingResourceWrapper encodes files of ${size} bytes; conditions hold, parts are sent as they are`, async () => {
    const content = randomBytes(size / 2).toString('hex')
    const { port } = serveEncoded(new File(makeTree({ 'page.txt': content })))
    const full = await port.request(get('/page.txt'))
    assertEncoded(full, content)
    assert.equal(full.headers['accept-ranges'], undefined)
    const tag = full.headers['etag'] as string
    assert.match(tag, /^W\/"/)
    const again = await port.request(get('/page.txt', `If-None-Match: ${tag}\r\n`))
    assert.deepEqual([again.status, again.headers['etag'], again.headers['vary']], [304, tag, 'Accept-Encoding'])
    const part = await port.request(get('/page.txt', 'Range: bytes=1-3\r\n'))
    assert.deepEqual([part.status, part.text, part.headers['content-encoding']], [206, content.slice(1, 4), undefined])
    // Its parts are none of the encoded body.
    const whole = await port.request(get('/page.txt', `Range: bytes=1-3\r\nIf-Range: ${tag}\r\n`))
    assert.equal(whole.status, 200)
  })
}

test('EncodingResourceWrapper sends a compressed sibling of a file as it is', async () => {
  const folder = makeTree({ 'page.txt': text, 'page.txt.gz': gzipSync(`precompressed ${text}`) })
  const response = await serveEncoded(new File(folder)).port.request(get('/page.txt'))
  assertEncoded(response, `precompressed ${text}`)
  assert.notEqual(response.headers['content-length'], undefined)
})

test('EncodingResourceWrapper encodes error pages', async () => {
  const { port } = serveEncoded(new Resource(), { minLength: 100 })
  const response = await port.request(get('/none'))
  assert.deepEqual([response.status, response.headers['content-encoding']], [404, 'gzip'])
  assert.match(decoded(response), /No Such Resource/)
})

test('EncodingResourceWrapper encodes the page of a failure', async () => {
  const root = leaf(() => {
    throw new Error('broken')
  })
  const response = await serveEncoded(root, { minLength: 10 }).port.request(get('/'))
  assert.equal(response.status, 500)
  assert.match(decoded(response), /Processing Failed/)
})

test('EncodingResourceWrapper lets Site see the methods of its resource (B63, B65)', async () => {
  class Page extends Resource {
    override isLeaf = true
    render_GET(): string {
      return text
    }
    render_HEAD(): never {
      throw new UnsupportedMethod(['GET'])
    }
  }
  const { port } = serveEncoded(new Page())
  assert.equal((await port.request(get('/', '', 'HEAD'))).status, 200)
  const refused = await port.request(get('/', '', 'DELETE'))
  assert.deepEqual([refused.status, refused.headers['allow']], [405, 'HEAD, GET'])
})

test('EncodingResourceWrapper inside another encodes once', async () => {
  const inner = new EncodingResourceWrapper(plain(), [new GzipEncoderFactory()])
  assertEncoded(await serveEncoded(inner).port.request(get('/')))
})

test('EncodingResourceWrapper ends an encoded response to HTTP/1.0 with the connection', async () => {
  const client = serveEncoded(plain(text.repeat(20))).port.connect()
  const response = await client.request(get('/', '', 'GET', '1.0'))
  assertEncoded(response, text.repeat(20))
  assert.deepEqual([response.headers['transfer-encoding'], client.closed], [undefined, true])
})

test('EncodingResourceWrapper refuses fields that are none before anything is sent', async () => {
  const pool = new MemoryThreadPool((job) =>
    job.answer(200, ['Content-Type', 'text/plain', 'X', 'a\nb'], text.repeat(Number(job.environ['QUERY_STRING']))),
  )
  const { port } = serveEncoded(new WSGIResource(new MemoryReactor(), pool, 'any.name'))
  for (const times of [1, 100]) assert.equal((await port.request(get(`/?${times}`))).status, 500)
})

for (const [name, times] of [
  ['short', 1],
  ['middling', 4],
  ['long', 500],
] as const) {
  test(`EncodingResourceWrapper encodes whole responses of applications: ${name}`, async () => {
    const pool = new MemoryThreadPool((job) => job.answer(200, ['Content-Type', 'text/plain'], text.repeat(times)))
    const client = serveEncoded(new WSGIResource(new MemoryReactor(), pool, 'any.name')).port.connect()
    for (let turn = 0; turn < 2; turn++) assertEncoded(await client.request(get('/')), text.repeat(times))
    assert.equal((await client.request(get('/', '', 'HEAD'))).headers['content-encoding'], 'gzip')
  })
}

test('EncodingResourceWrapper streams responses of applications, and gives their window back', async () => {
  const pool = new MemoryThreadPool((job) => {
    job.sink.respond({ status: 200, reason: 'OK', headers: ['Content-Type', 'text/plain'] }, Buffer.from('first '), false)
    job.sink.data(Buffer.from(text))
    job.sink.data(Buffer.from(text))
    job.sink.finished(undefined)
  })
  const { port } = serveEncoded(new WSGIResource(new MemoryReactor(), pool, 'any.name'))
  assertEncoded(await port.request(get('/')), `first ${text}${text}`)
  await until('all bytes are given back', () => pool.jobs[0]?.drainedBytes === 6 + 2 * text.length)
})

test('EncodingResourceWrapper cuts a response that its resource broke off', async () => {
  const root = leaf(async (request): Promise<Rendered> => {
    request.setHeader('Content-Type', 'text/plain')
    request.write(text)
    await Promise.resolve()
    throw new Error('broken')
  })
  const response = await serveEncoded(root).port.request(get('/'))
  assert.equal(response.complete, false)
})

test('EncodingResourceWrapper logs the bytes that were sent', async () => {
  const sizes: number[] = []
  const root = new Resource()
  root.putChild('whole', new Data(text, 'text/plain'))
  root.putChild('long', new Data(text.repeat(100), 'text/plain'))
  const pool = new MemoryThreadPool((job) => job.answer(200, ['Content-Type', 'text/plain'], text))
  root.putChild('app', new WSGIResource(new MemoryReactor(), pool, 'any.name'))
  const tree = new EncodingResourceWrapper(root, [new GzipEncoderFactory()])
  const { port } = serve(tree, { accessLog: (request: Request) => sizes.push(request.bytesSent) })
  const lengths: number[] = []
  for (const path of ['/whole', '/long', '/app']) lengths.push((await port.request(get(path))).body.length)
  await until('the log', () => sizes.length === 3)
  assert.deepEqual(sizes, lengths)
})

test('EncodingResourceWrapper takes zstd where this Node has it, and never where not', async () => {
  const { available } = new ZstdEncoderFactory()
  const { port } = serve(new EncodingResourceWrapper(plain()))
  const response = await port.request('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n')
  assert.equal(response.headers['content-encoding'], available ? 'zstd' : 'br')
  assert.equal(decoded(response), text)
  const only = await port.request('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\n\r\n')
  assert.equal(only.headers['content-encoding'], available ? 'zstd' : undefined)
})

test('EncodingResourceWrapper tells what is below it: the command line starts the applications that it finds', () => {
  const root = plain()
  assert.deepEqual(new EncodingResourceWrapper(root).listEntities(), [root])
})

for (const [name, broken] of [
  [
    'short',
    () => {
      throw new Error('no memory')
    },
  ],
  ['long', undefined],
] as const) {
  test(`EncodingResourceWrapper cuts and logs a response whose encoder fails: ${name}`, async () => {
    const gzip = new GzipEncoderFactory()
    const factory: EncoderFactory = {
      coding: 'gzip',
      available: true,
      flushKind: gzip.flushKind,
      encode: broken ?? ((bytes) => gzip.encode(bytes)),
      createStream: () => {
        throw new Error('no memory')
      },
    }
    const pool = new MemoryThreadPool((job) =>
      job.answer(200, ['Content-Type', 'text/plain'], text.repeat(name === 'short' ? 1 : 100)),
    )
    const root = new Resource()
    root.putChild('app', new WSGIResource(new MemoryReactor(), pool, 'any.name'))
    root.putChild('text', plain(text.repeat(name === 'short' ? 1 : 100)))
    const { port, logger } = serve(new EncodingResourceWrapper(root, [factory]))
    for (const path of ['/app', '/text']) {
      const client = port.connect()
      client.write(get(path))
      await client.ended()
      assert.doesNotMatch(client.received.toString('latin1'), /\r\n0\r\n\r\n$/)
      assert.match(String(logger.of('error').at(-1)?.fields['error']), /no memory/)
    }
  })
}

test('EncodingResourceWrapper sends a file to a client that has half-closed, and ends a stream for it', async () => {
  const content = randomBytes(500_000).toString('hex')
  const root = new Resource()
  root.putChild('page.txt', new File(makeTree({ 'page.txt': content }) + '/page.txt'))
  let stream: Request | undefined
  root.putChild(
    'stream',
    leaf((request) => {
      request.setHeader('Content-Type', 'text/event-stream')
      request.write('data: 1')
      stream = request
    }),
  )
  const { port } = serveEncoded(root)
  const client = port.connect()
  client.write(get('/page.txt'))
  client.end()
  assertEncoded(await client.response(), content)
  const other = port.connect()
  other.write(get('/stream'))
  await until('it streams', () => stream?.code === 200)
  other.end()
  await until('it is ended', () => stream?.disconnected === true)
})
