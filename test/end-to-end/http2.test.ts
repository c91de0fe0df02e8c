/** A whole tree over HTTP/2, with a real Python: the same as over HTTP/1.1. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { NodeReactor } from '#src/default-reactor.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { ReverseProxyResource } from '#src/resources/reverse-proxy/reverse-proxy-resource.ts'
import { File } from '#src/resources/static/file.ts'
import { WebSocketResource } from '#src/resources/websocket/websocket-resource.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { answerOn, HTTP2Client, type Answer } from '../support/http2-client.ts'
import { root } from '../support/paths.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024
const reactor = new NodeReactor()
const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
const logged: string[] = []
let url: string
let running: Promise<void>
let client: HTTP2Client

before(async () => {
  writeFileSync(path.join(folder, 'page.html'), '<h1>page</h1>')
  writeFileSync(path.join(folder, 'large.bin'), Buffer.alloc(3 * MIB, 7))
  const pool = reactor.getThreadPool()
  const pages = { application: 'pages:application', cwd: `${root}/test/fixtures/http2` }
  const tree = new Resource()
  tree.putChild('app', new WSGIResource(reactor, pool, pages))
  tree.putChild('streaming', new WSGIResource(reactor, pool, pages, { requestBody: 'stream' }))
  tree.putChild('files', new File(folder))
  tree.putChild('socket', new WebSocketResource(() => undefined))
  const behind = new Resource()
  behind.putChild('app', new WSGIResource(reactor, pool, pages))
  const upstream = reactor.listenTCP(0, new Site(behind), { interface: '127.0.0.1' })
  await upstream.ready
  const { port: behindPort } = upstream.getHost() as { port: number }
  tree.putChild('proxied', new ReverseProxyResource(`http://127.0.0.1:${behindPort}/app`))
  const accessLog = ({
    uri,
    code,
    clientproto,
    aborted,
  }: {
    uri: string
    code: number
    clientproto: string
    aborted: boolean
  }): void => {
    logged.push(`${clientproto} ${code} ${uri}${aborted ? ' aborted' : ''}`)
  }
  const port = reactor.listenTCP(0, new Site(tree, { accessLog }), { interface: '127.0.0.1' })
  await port.ready
  url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  running = reactor.run({ installSignalHandlers: false })
  client = await HTTP2Client.connect(url)
})
after(async () => {
  client.close()
  await reactor.stop()
  await running
  rmSync(folder, { recursive: true, force: true })
})

async function overHTTP1(target: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}${target}`, init)
  return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString('latin1') }
}

for (const target of [
  '/app/',
  '/app/pieces',
  '/app/large',
  '/app/none',
  '/proxied/pieces',
  '/proxied/none',
  '/files/page.html',
  '/files/large.bin',
  '/files/',
  '/nothing',
  '/socket',
]) {
  test(`the tree answers GET ${target} over HTTP/2 as over HTTP/1.1`, async () => {
    const [first, second] = [await overHTTP1(target), await client.ask({ ':path': target })]
    assert.equal(second.status, first.status)
    assert.ok(second.text === first.text, 'the same body')
    assert.equal(second.resetWith, 0)
    const head = await client.ask({ ':path': target, ':method': 'HEAD' })
    assert.deepEqual([head.text, head.resetWith], ['', 0])
    assert.ok(head.status === first.status || head.status === 405)
  })
}

test('an application has the environ of HTTP/1.1, but for SERVER_PROTOCOL and what the client says of itself', async () => {
  const headers = {
    accept: '*/*',
    'accept-language': '*',
    'user-agent': 'test',
    cookie: 'a=1; b=2',
    'x-a': 'caf\xe9',
    'accept-encoding': 'gzip',
    'sec-fetch-mode': 'cors',
  }
  const target = '/app/environ?a=b%20c'
  const first = JSON.parse((await overHTTP1(target, { headers })).text) as Record<string, string>
  const second = JSON.parse((await client.ask({ ':path': target, ...headers })).text) as Record<string, string>
  const { HTTP_CONNECTION: _, ...same } = first
  assert.deepEqual(second, { ...same, SERVER_PROTOCOL: 'HTTP/2.0', REMOTE_PORT: second['REMOTE_PORT'] })
})

test('an application reads uploads of 50 MiB over HTTP/2, buffered and streamed, through a proxy too', async () => {
  const body = Buffer.alloc(50 * MIB, 'abcdefg')
  const expected = `${body.length} ${createHash('sha256').update(body).digest('hex')}`
  for (const target of ['/app/upload', '/streaming/upload', '/proxied/upload']) {
    for (const fields of [{ 'content-length': body.length }, {}]) {
      const stream = client.begin({ ':path': target, ':method': 'POST', ...fields })
      const answer = answerOn(stream)
      for (let at = 0; at < body.length; at += MIB) {
        if (!stream.write(body.subarray(at, at + MIB))) await Promise.race([once(stream, 'drain'), answer])
      }
      stream.end()
      assert.equal((await answer).text, expected, target)
    }
  }
})

test('an application that fails is a page before its head, and a reset behind it', async () => {
  const page = await client.ask({ ':path': '/app/raises' })
  assert.equal(page.status, 500)
  assert.match(page.text, /<h1>/)
  const broken = await client.ask({ ':path': '/app/broken' })
  assert.deepEqual([broken.status, broken.text, broken.resetWith], [200, 'begun', 2])
  await until('the line', () => logged.includes('HTTP/2 200 /app/broken aborted'))
})

test('an application gives a file over HTTP/2', async () => {
  const { status, text } = await client.ask({ ':path': '/app/file' })
  assert.deepEqual([status, text.length, new Set(text).size], [200, 300_000, 1])
})

test('File answers ranges and conditions over HTTP/2', async () => {
  const part = await client.ask({ ':path': '/files/large.bin', range: 'bytes=10-19' })
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, '\x07'.repeat(10), `bytes 10-19/${3 * MIB}`])
  const { etag } = (await client.ask({ ':path': '/files/page.html' })).headers
  assert.equal((await client.ask({ ':path': '/files/page.html', 'if-none-match': String(etag) })).status, 304)
})

test('100 requests at once over one connection of HTTP/2 reach the application and come back', async () => {
  const targets = Array.from(
    { length: 100 },
    (_, index) => ['/app/', '/streaming/pieces', '/files/page.html', '/proxied/'][index % 4] as string,
  )
  const answers: Answer[] = await Promise.all(targets.map((target) => client.ask({ ':path': target })))
  assert.deepEqual(
    answers.filter(({ status, resetWith }) => status !== 200 || resetWith !== 0),
    [],
  )
})
