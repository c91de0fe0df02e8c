import assert from 'node:assert/strict'
import {
  appendFileSync,
  ftruncateSync,
  openSync,
  closeSync,
  readdirSync,
  readlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Site } from '#src/resource/site.ts'
import { File } from '#src/resources/static/file.ts'
import { RecordingLogger } from '#src/testing.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { makeTree } from './tree.ts'

const size = 32 * 1024 * 1024
const linux = process.platform === 'linux'

/** Serves a folder with one large file on a real socket. */
async function serveLarge(t: TestContext) {
  const folder = makeTree({ 'small.txt': 'hello' })
  const file = path.join(folder, 'large.bin')
  writeFileSync(file, Buffer.alloc(size, 'a'))
  const logger = new RecordingLogger()
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new Site(new File(folder), { logger }), { interface: '127.0.0.1' })
  await port.ready
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const clients: RawClient[] = []
  t.after(async () => {
    for (const client of clients) client.destroy()
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  /** A client that asks for the large file, gets the head and some of the body, and then stops reading. */
  const slow = async (target = '/large.bin', fields = ''): Promise<RawClient> => {
    const client = await RawClient.connect(url, { paused: true })
    clients.push(client)
    client.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`)
    await until('the response begins', () => client.socket.readableLength > 0 || client.socket.read(1) !== null)
    return client
  }
  return { folder, file, url, logger, slow }
}

/** Everything that the client gets from here on, to the end of the connection or `bytes`. */
async function rest(client: RawClient, bytes = Infinity): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  client.socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
  })
  client.socket.resume()
  await until('the rest of the response', () => client.ended || client.socket.readableEnded || length >= bytes, 30)
  return Buffer.concat(chunks)
}

/** Descriptors of this process that are open on a file of the folder. */
function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(folder)
    } catch {
      return false
    }
  })
}

test('File sends a large file whole, and closes it (E127)', { skip: !linux }, async (t) => {
  const { url, folder } = await serveLarge(t)
  for (let turn = 0; turn < 3; turn++) {
    const response = await fetch(`${url}/large.bin`)
    assert.equal(response.headers.get('content-length'), String(size))
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(Buffer.alloc(size, 'a')))
  }
  await until('all is closed', () => openIn(folder).length === 0)
})

test('File holds a little of a huge file for a client that does not read (E127)', { skip: !linux }, async (t) => {
  const { folder, slow } = await serveLarge(t)
  const huge = openSync(path.join(folder, 'huge.bin'), 'w')
  ftruncateSync(huge, 50 * 1024 ** 3)
  closeSync(huge)
  await slow('/huge.bin')
  const before = process.memoryUsage()
  const clients = await Promise.all(Array.from({ length: 20 }, () => slow('/huge.bin')))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const after = process.memoryUsage()
  // Two buffers of 128 KiB each, and what each client's own socket holds.
  assert.ok(after.arrayBuffers - before.arrayBuffers < 20 * 1024 * 1024, `${after.arrayBuffers - before.arrayBuffers} bytes`)
  for (const client of clients) client.destroy()
})

test('File closes the file when the client leaves (E127)', { skip: !linux }, async (t) => {
  const { folder, slow, logger } = await serveLarge(t)
  const clients = [await slow(), await slow('/large.bin', 'Range: bytes=0-20000000,20000002-30000000\r\n'), await slow()]
  assert.equal(openIn(folder).length, 3)
  for (const client of clients) client.destroy()
  await until('all is closed', () => openIn(folder).length === 0)
  assert.deepEqual(logger.of('error'), [])
})

test('File closes what it does not send: HEAD, 304, 412, 416, directories, small files', { skip: !linux }, async (t) => {
  const { url, folder } = await serveLarge(t)
  for (const [target, method, fields] of [
    ['/large.bin', 'HEAD', {}],
    ['/large.bin', 'GET', { 'If-None-Match': '*' }],
    ['/large.bin', 'GET', { 'If-Match': '"other"' }],
    ['/large.bin', 'GET', { Range: `bytes=${size}-` }],
    ['/large.bin', 'GET', { Range: 'bytes=0-1,4-5' }],
    ['/small.txt', 'GET', {}],
    ['/', 'GET', {}],
    ['', 'GET', {}],
  ] as const) {
    const response = await fetch(`${url}${target}`, { method, headers: fields })
    await response.arrayBuffer()
  }
  await until('all is closed', () => openIn(folder).length === 0)
})

test('File cuts the connection when the file becomes shorter meanwhile: nothing is padded (E127)', async (t) => {
  const { file, slow, logger } = await serveLarge(t)
  const client = await slow()
  truncateSync(file, 1024 * 1024)
  const received = await rest(client)
  assert.ok(received.length < size)
  assert.ok(!received.includes(0))
  assert.match(JSON.stringify(logger.of('error')), /became shorter while it was sent/)
})

test('File sends no more than it announced when the file grows meanwhile (E127)', async (t) => {
  const { file, slow } = await serveLarge(t)
  const client = await slow()
  appendFileSync(file, Buffer.alloc(1024 * 1024, 'b'))
  client.socket.write('GET /small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const received = await rest(client)
  assert.ok(!received.includes('ab'))
  assert.match(received.subarray(-400).toString('latin1'), /a+HTTP\/1\.1 200 OK\r\n[^]*hello$/)
})

test('File sends the old content whole when another is put in its place meanwhile', async (t) => {
  const { file, slow, folder } = await serveLarge(t)
  const client = await slow('/large.bin', 'Connection: close\r\n')
  writeFileSync(path.join(folder, 'new'), Buffer.alloc(size, 'b'))
  renameSync(path.join(folder, 'new'), file)
  const received = await rest(client)
  const body = received.subarray(received.indexOf('\r\n\r\n') + 4)
  assert.ok(!received.includes('b'.repeat(10)))
  assert.ok(body.length >= size - 1024)
})

test('File answers 503 when there are no descriptors left, and serves again afterwards', { skip: !linux }, async (t) => {
  const { url } = await serveLarge(t)
  const responses: number[] = []
  const held: number[] = []
  const client = await RawClient.connect(url)
  t.after(() => client.destroy())
  client.get('/small.txt')
  await client.receives(/hello$/)
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE')
  }
  try {
    client.get('/small.txt')
    await client.receives(/HTTP\/1\.1 503 /)
    client.get('/')
    await client.receives(/503 [^]*503 /)
  } finally {
    for (const descriptor of held) closeSync(descriptor)
  }
  responses.push((await fetch(`${url}/small.txt`)).status)
  assert.deepEqual(responses, [200])
})
