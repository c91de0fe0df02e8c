import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createGunzip, gunzipSync } from 'node:zlib'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { Data } from '#src/resources/data.ts'
import { GzipEncoderFactory } from '#src/resources/encoding/encoder-factories.ts'
import { EncodingResourceWrapper } from '#src/resources/encoding/encoding-resource-wrapper.ts'
import { File } from '#src/resources/static/file.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { serveHTTP2 } from '../../http/http2/serve-http2.ts'
import { until } from '../../support/until.ts'
import { makeTree } from '../static/tree.ts'

const text = 'All work and no play makes Jack a dull boy. '.repeat(100)
const asked = { 'accept-encoding': 'gzip' }
const decoded = (latin1: string): string => gunzipSync(Buffer.from(latin1, 'latin1')).toString()

test('EncodingResourceWrapper encodes responses of HTTP/2', async (t) => {
  const content = randomBytes(100_000).toString('hex')
  const root = new Resource()
  root.putChild('data', new Data(text, 'text/plain'))
  root.putChild('files', new File(makeTree({ 'page.txt': content })))
  const pool = new MemoryThreadPool((job) => job.answer(200, ['Content-Type', 'text/plain'], text))
  root.putChild('app', new WSGIResource(new MemoryReactor(), pool, 'any.name'))
  const site = new Site(new EncodingResourceWrapper(root, [new GzipEncoderFactory()]))
  const { client, log } = await serveHTTP2(t, (request) => site.process(request))
  const asking = await client()
  for (const [path, expected] of [
    ['/data', text],
    ['/files/page.txt', content],
    ['/app', text],
  ] as const) {
    const answer = await asking.ask({ ':path': path, ...asked })
    assert.deepEqual(
      [answer.status, answer.headers['content-encoding'], answer.headers['vary']],
      [200, 'gzip', 'Accept-Encoding'],
    )
    assert.equal(decoded(answer.text), expected)
    const length = answer.headers['content-length']
    assert.ok(length === undefined || Number(length) === answer.text.length)
    const head = await asking.ask({ ':method': 'HEAD', ':path': path, ...asked })
    assert.deepEqual([head.headers['content-encoding'], head.text, head.resetWith], ['gzip', '', 0])
    await until('the log', () => log.at(-2)?.bytesSent === answer.text.length)
  }
})

test('EncodingResourceWrapper sends each event of a stream of HTTP/2 when it comes, and sees the client leave', async (t) => {
  let events: Request | undefined
  const root = Object.assign(new Resource(), {
    isLeaf: true,
    render_GET: (request: Request) => {
      request.setHeader('Content-Type', 'text/event-stream')
      request.write('data: 0\n\n')
      events = request
    },
  })
  const site = new Site(new EncodingResourceWrapper(root, [new GzipEncoderFactory()]))
  const { client } = await serveHTTP2(t, (request) => site.process(request))
  const { session } = await client()
  const stream = session.request({ ':path': '/', ...asked })
  let came = ''
  const decoder = createGunzip().on('data', (bytes: Buffer) => (came += bytes.toString()))
  stream.pipe(decoder.on('error', () => undefined))
  for (let event = 0; event < 3; event++) {
    await until(`event ${event}`, () => came.includes(`data: ${event}\n\n`))
    events?.write(`data: ${event + 1}\n\n`)
  }
  stream.close()
  await until('the server has seen it', () => events?.disconnected === true)
})
