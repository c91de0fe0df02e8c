import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Resource, type Rendered, type RenderMethod, type TreeNode } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import { GzipEncoderFactory, ZstdEncoderFactory } from '#src/resources/encoding/encoder-factories.ts'
import type { EncoderFactory, EncoderStream } from '#src/resources/encoding/encoder-factory.ts'
import { EncodingResourceWrapper } from '#src/resources/encoding/encoding-resource-wrapper.ts'
import { File } from '#src/resources/static/file.ts'
import { ReverseProxyResource } from '#src/resources/reverse-proxy/reverse-proxy-resource.ts'
import { makeScripts, sh } from '../cgi/scripts.ts'
import { listen } from '../reverse-proxy/serve-proxy.ts'
import { makeTree } from '../static/tree.ts'
import { until } from '../../support/until.ts'
import { openStream } from './decode.ts'

const run = promisify(execFile)

/** Serves a tree, encoded, on a real socket; gives its URL without a slash at the end. */
async function serveReal(t: TestContext, root: TreeNode, factories?: EncoderFactory[]): Promise<string> {
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new Site(new EncodingResourceWrapper(root, factories)), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  return `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
}

function leaf(render: RenderMethod): Resource {
  return Object.assign(new Resource(), { render_GET: render, isLeaf: true })
}

const codings = new ZstdEncoderFactory().available ? ['gzip', 'br', 'zstd'] : ['gzip', 'br']

for (const coding of codings) {
  test(`EncodingResourceWrapper sends each event of a stream when it comes: ${coding}`, async (t) => {
    let events: Request | undefined
    const url = await serveReal(
      t,
      leaf((request): Rendered => {
        request.setHeader('Content-Type', 'text/event-stream')
        request.write('data: 0\n\n')
        events = request
      }),
    )
    const stream = await openStream(t, url, coding)
    assert.equal(stream.response.headers['content-encoding'], coding)
    await stream.receives('data: 0\n\n')
    for (let event = 1; event < 5; event++) {
      events?.write(`data: ${event}\n\n`)
      await stream.receives(`data: ${event}\n\n`)
    }
    assert.equal(stream.ended(), false)
    events?.finish()
    await until('the end', stream.ended)
  })
}

test('EncodingResourceWrapper passes events of an upstream on when they come', async (t) => {
  let answer: ServerResponse | undefined
  const upstream = createServer((_, response) => {
    answer = response
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ETag: '"a"' }).write('data: 1\n\n')
  })
  const upstreamURL = await listen(upstream)
  const proxy = new ReverseProxyResource(upstreamURL)
  t.after(() => {
    proxy.close()
    upstream.closeAllConnections()
    upstream.close()
  })
  const stream = await openStream(t, await serveReal(t, proxy), 'gzip')
  assert.deepEqual([stream.response.headers['content-encoding'], stream.response.headers.etag], ['gzip', 'W/"a"'])
  await stream.receives('data: 1\n\n')
  answer?.write('data: 2\n\n')
  await stream.receives('data: 2\n\n')
  answer?.end()
  await until('the end', stream.ended)
})

test('EncodingResourceWrapper leaves what an upstream has encoded as it is', async (t) => {
  const gzip = new GzipEncoderFactory()
  const body = gzip.encode(Buffer.from('text '.repeat(1000)))
  const upstream = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }).end(body)
  })
  const proxy = new ReverseProxyResource(await listen(upstream))
  t.after(() => {
    proxy.close()
    upstream.closeAllConnections()
    upstream.close()
  })
  const response = await fetch(await serveReal(t, proxy))
  assert.equal(await response.text(), 'text '.repeat(1000))
})

/** gzip, with its streams to look at. */
class WatchedFactory extends GzipEncoderFactory {
  readonly streams: EncoderStream[] = []

  override createStream(): EncoderStream {
    const stream = super.createStream()
    this.streams.push(stream)
    return stream
  }
}

test('EncodingResourceWrapper asks a resource for no more than the client takes, and closes the encoder when it leaves', async (t) => {
  const factory = new WatchedFactory()
  const piece = randomBytes(64 * 1024)
  let pieces = 0
  let closed = false
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        pieces++
        yield piece
      }
    } finally {
      closed = true
    }
  }
  const root = leaf((request) => {
    request.setHeader('Content-Type', 'text/plain')
    return request.writeFrom(endless())
  })
  const stream = await openStream(t, await serveReal(t, root, [factory]), 'gzip')
  stream.response.pause()
  stream.response.unpipe()
  let last = -1
  await until('the resource waits', async () => {
    const before = last
    last = pieces
    await new Promise((resolve) => setTimeout(resolve, 300))
    return last > 0 && before === last && last === pieces
  })
  // What the sockets of the system hold on loopback is some MiB.
  assert.ok(pieces * piece.length < 24 * 1024 * 1024, `${pieces} pieces`)
  assert.equal(factory.streams[0]?.closed, false)
  stream.response.destroy()
  await until('the source is closed', () => closed)
  await until('the encoder is closed', () => factory.streams[0]?.closed === true)
})

test('EncodingResourceWrapper closes its encoders when their responses are whole', async (t) => {
  const factory = new WatchedFactory()
  const content = randomBytes(200_000).toString('hex')
  const url = await serveReal(t, new File(makeTree({ 'page.txt': content })), [factory])
  const texts = await Promise.all(Array.from({ length: 5 }, async () => (await fetch(`${url}/page.txt`)).text()))
  assert.ok(texts.every((text) => text === content))
  await until('all are closed', () => factory.streams.length === 5 && factory.streams.every((stream) => stream.closed))
})

test('curl --compressed gets files and scripts, and one connection does for all', async (t) => {
  const folder = makeScripts({ script: sh('printf "Content-Type: text/plain\\n\\n"; yes plait | head -n 2000') })
  const root = new Resource()
  root.putChild('files', new File(makeTree({ 'page.txt': 'text\n'.repeat(50_000) })))
  root.putChild('script', new CGIScript(`${folder}/script`))
  const url = await serveReal(t, root)
  const options = ['--silent', '--show-error', '--fail', '--compressed', '--max-time', '20']
  const format = ['--write-out', '%{num_connects} %{size_download}\n']
  const { stdout } = await run('curl', [...options, ...format, `${url}/files/page.txt`, `${url}/script`], {
    maxBuffer: 1024 * 1024,
  })
  const [, first = '', second = ''] = /^(?:text\n){50000}(.*)\n(?:plait\n){2000}(.*)\n$/.exec(stdout) ?? []
  const [connects, size] = first.split(' ').map(Number) as [number, number]
  assert.deepEqual([connects, second.split(' ')[0]], [1, '0'])
  assert.ok(size > 0 && size < 5000, `${size} bytes`)
})
