import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Site } from '#src/resource/site.ts'
import type { ListeningPort } from '#src/reactor/reactor.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { inlineApplication } from '#src/testing/inline-application.ts'
import { MemoryThreadPool, RecordingLogger } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { exchange } from './exchange.ts'
import { get, refusedRequests } from './refused-requests.ts'
import { rows } from './rows.ts'

const logger = new RecordingLogger()
const reactor = new NodeReactor({ logger })
/** Calls of the application. */
let calls: string[] = []
const pool = new MemoryThreadPool(
  inlineApplication((environ, startResponse) => {
    calls.push(String(environ['RAW_URI']))
    startResponse('200 OK', [])
    return [String(environ['RAW_URI'])]
  }),
)
let listening: ListeningPort
let port: number

before(async () => {
  const site = new Site(new WSGIResource(reactor, pool, 'test.application', { maxBody: 1000 }), { logger })
  listening = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
  await listening.ready
  port = (listening.getHost() as { port: number }).port
})
after(() => reactor.stop())

/** What a client behind the same connection would send next. */
const smuggled = get('GET /smuggled HTTP/1.1')

for (const [row, bytes, status] of refusedRequests) {
  const statuses = [status].flat()
  const shown = JSON.stringify(bytes.length > 120 ? `${bytes.slice(0, 80)}… (${bytes.length} bytes)` : bytes)
  test(`${row}: ${rows[row]}: ${statuses.join(' or ')}, and the end of the connection: ${shown}`, async () => {
    calls = []
    const before = logger.records.length
    const { text, closed } = await exchange(port, bytes + smuggled)
    const head = new RegExp(`^HTTP/1\\.1 (${statuses.join('|')}) [A-Z][A-Za-z -]*\\r\\n`).exec(text)
    assert.ok(head, text)
    assert.match(text, /\r\nConnection: close\r\n/i)
    assert.match(text, new RegExp(`\\r\\n\\r\\n${head[1]} .{3,100}: .{3,100}\\n$`), 'a short reason')
    assert.equal(text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, text)
    assert.equal(closed, true)
    assert.deepEqual(calls, [], 'the application is not called')
    const lines = logger.records.slice(before).map(({ level, message }) => `${level} ${message}`)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] as string, new RegExp(`^info Refused with ${head[1]}: `))
  })
}

test('D16: a request behind a refused one is never run, also when it comes later', async () => {
  calls = []
  const { text, closed } = await exchange(port, `${get('GET /first HTTP/1.1')}${get('GET /a#b HTTP/1.1')}${smuggled}`)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 [^]*fragment\n$/)
  assert.deepEqual([closed, calls], [true, ['/first']])
})

test('C27: garbage behind a request is refused when the request is answered', async () => {
  calls = []
  const { text, closed } = await exchange(port, `${get('GET /first HTTP/1.1')}GARBAGE\r\n\r\n${smuggled}`)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 /)
  assert.deepEqual([closed, calls], [true, ['/first']])
})

test('A14: Content_Length and Transfer_Encoding say nothing of the body', async () => {
  calls = []
  const fields = 'Host: a\r\nContent_Length: 40\r\nTransfer_Encoding: chunked\r\n'
  const { text } = await exchange(port, get('POST /p HTTP/1.1', fields) + get('GET /second HTTP/1.1'), {
    enough: (all) => all.endsWith('/second'),
  })
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.deepEqual(calls, ['/p', '/second'])
})

test('C19: every method that node:http knows reaches the application, a WebDAV one too', async () => {
  for (const method of ['PROPFIND', 'PURGE', 'M-SEARCH', 'DELETE']) {
    calls = []
    const { text } = await exchange(port, get(`${method} /p HTTP/1.1`), { enough: (all) => all.endsWith('/p') })
    assert.match(text, /^HTTP\/1\.1 200 /, method)
    assert.deepEqual(calls, ['/p'])
  }
})
