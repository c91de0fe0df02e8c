import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { ListeningPort } from '#src/reactor/reactor.ts'
import { exchange as exchangeOn, type Exchanged, type ExchangeOptions } from '../hardening/exchange.ts'

/** Targets of the requests that got through. */
const received: string[] = []

/** Reads the body, and answers with the target. */
function answer(request: Request): void {
  received.push(request.uri)
  const send = (): void => request.sendWhole(200, 'OK', ['Content-Type', 'text/plain'], Buffer.from(request.uri))
  if (!request.hasBody) return send()
  request.readBody({ maxBody: 1000 }, (error) => {
    if (error === undefined) send()
  })
}

const reactor = new NodeReactor()
let port: ListeningPort

before(async () => {
  port = reactor.listenTCP(0, new HTTPFactory(answer), { interface: '127.0.0.1' })
  await port.ready
  void reactor.run({ installSignalHandlers: false })
})
after(() => reactor.stop())

const exchange = (bytes: string, options?: ExchangeOptions): Promise<Exchanged> =>
  exchangeOn((port.getHost() as { port: number }).port, bytes, options)

const host = 'Host: a\r\n'
const post = (fields: string, content = ''): string => `POST /p HTTP/1.1\r\n${host}${fields}\r\n\r\n${content}`
const get = (line: string, fields = host): string => `${line}\r\n${fields}\r\n`

test('HTTP keeps what is allowed: latin-1 values, %zz, //path, an unknown Upgrade, spaces around a value', async () => {
  for (const target of ['/%zz%', '//evil.example/x', '/a%2Fb/../c?d?e']) {
    const { text } = await exchange(
      get(`GET ${target} HTTP/1.1`, `${host}X:  \xe9 \r\nUpgrade: foo\r\nConnection: upgrade\r\n`),
      { enough: (all) => all.endsWith(target) },
    )
    assert.match(text, /^HTTP\/1\.1 200 /, target)
  }
})

test('HTTP reads the body of a request with Upgrade: it is never taken for another request', async () => {
  received.length = 0
  const inner = get('GET /inner HTTP/1.1')
  const { text } = await exchange(post(`Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: ${inner.length}`, inner), {
    enough: (all) => all.endsWith('/p'),
  })
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.deepEqual(received, ['/p'])
})

test('HTTP takes the host of an absolute target', async () => {
  const factory = new HTTPFactory((request) =>
    request.sendWhole(200, 'OK', [], Buffer.from(`${request.host} ${request.path} ${request.getHeader('host')}`)),
  )
  const other = reactor.listenTCP(0, factory, { interface: '127.0.0.1' })
  await other.ready
  const { port: number } = other.getHost() as { port: number }
  const socket = connect(number, '127.0.0.1')
  socket.write('GET http://other:8/q?r HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /\r\n\r\nother:8 \/q other:8$/)
})

test('HTTP lets a client that sends a large body all the same have its 413', async () => {
  const size = 64 * 1024 * 1024
  const socket = connect((port.getHost() as { port: number }).port, '127.0.0.1')
  let text = ''
  const over = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data
      resolve()
    })
    socket.on('error', () => resolve()).on('close', () => resolve())
  })
  socket.write(`POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
  for (let sent = 0; sent < size && !socket.destroyed; sent += 1024 * 1024) {
    if (!socket.write(Buffer.alloc(1024 * 1024)))
      await Promise.race([over, new Promise((resolve) => socket.once('drain', resolve))])
    if (text !== '') break
  }
  await over
  socket.destroy()
  assert.match(text, /^HTTP\/1\.1 413 /)
})

test('HTTP takes 200 fields, a target of 10 KiB and every method that node:http knows', async () => {
  const fields = host + Array.from({ length: 199 }, (_, index) => `X-${index}: a\r\n`).join('')
  const long = `/${'a'.repeat(10_000)}`
  for (const request of [get('GET /p HTTP/1.1', fields), get(`GET ${long} HTTP/1.1`), get('PROPFIND /p HTTP/1.1')]) {
    const { text } = await exchange(request, { enough: (all) => /\r\n\r\n\/\w+$/.test(all) })
    assert.match(text, /^HTTP\/1\.1 200 /)
  }
})

test('HTTP answers the requests before a broken body that came with them, and its request reaches nobody', async () => {
  const seen: string[] = []
  const slow = new HTTPFactory((request) => {
    seen.push(request.uri)
    setTimeout(() => request.sendWhole(200, 'OK', [], Buffer.from(request.uri)), 50)
  })
  const other = reactor.listenTCP(0, slow, { interface: '127.0.0.1' })
  await other.ready
  const socket = connect((other.getHost() as { port: number }).port, '127.0.0.1')
  socket.write(get('GET /first HTTP/1.1') + post('Transfer-Encoding: chunked', '1\r\nx\r\nzz\r\n'))
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\/firstHTTP\/1\.1 400 /)
  assert.deepEqual(seen, ['/first'])
})
