import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import type { Rendered } from '#src/resource/resource.ts'
import { until } from '../support/until.ts'
import { listen, serveLeaf } from './leaf.ts'

const MB = 1024 * 1024

/** Posts `body`, and gives status and text. */
async function post(
  render: (request: Request) => Promise<Rendered>,
  body: string,
  ...fields: string[]
): Promise<[number, string]> {
  const { port } = serveLeaf(render)
  const head = ['POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`, ...fields].join('\r\n')
  const { status, text } = await port.request(`${head}\r\n\r\n${body}`)
  return [status, text]
}

test('Request.bytes gives the whole body, as often as it is asked for', async () => {
  const twice = async (request: Request): Promise<string> => {
    const [bytes, again] = await Promise.all([request.bytes(), request.bytes()])
    return `${bytes.toString('latin1')} ${again.length}`
  }
  assert.deepEqual(await post(twice, '\xff\x00z'), [200, 'ÿ\x00z 3'])
  assert.deepEqual(await post(twice, ''), [200, ' 0'])
})

test('Request.text reads UTF-8, or the charset that Content-Type names', async () => {
  const text = async (request: Request): Promise<string> => request.text()
  assert.deepEqual(await post(text, '\xc3\xa9'), [200, 'é'])
  assert.deepEqual(await post(text, '\xe9', 'Content-Type: text/plain; Charset="ISO-8859-1"'), [200, 'é'])
  assert.deepEqual(await post(text, '\xe9'), [200, '\ufffd'])
  const [status, page] = await post(text, 'x', 'Content-Type: text/plain; charset=<klingon>')
  assert.equal(status, 415)
  assert.match(page, /charset &lt;klingon&gt; is not known/)
})

test('Request.json gives the value, and refuses what is none with 400', async () => {
  const json = async (request: Request): Promise<string> => JSON.stringify(await request.json())
  assert.deepEqual(await post(json, '{"__proto__":1,"a":["\xc3\xa9"]}'), [200, '{"__proto__":1,"a":["é"]}'])
  for (const body of ['', '{', '{"a":undefined}']) {
    const [status, page] = await post(json, body)
    assert.equal(status, 400)
    assert.match(page, /is no JSON/)
  }
})

test('Request.bytes refuses a larger body with 413: before it is sent where its length is known', async (t) => {
  const { connect, logger } = await listen(t, async (request) => String((await request.bytes({ maxBody: 10 })).length))
  const known = await connect()
  known.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n')
  await known.receives(/^HTTP\/1\.1 413 [^]*more than 10 bytes/)
  const chunked = await connect()
  chunked.socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n')
  await chunked.receives(/^HTTP\/1\.1 413 [^]*more than 10 bytes/)
  const fitting = await connect()
  fitting.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n')
  await fitting.receives(/^HTTP\/1\.1 100 Continue/)
  fitting.socket.write('1234567890')
  await fitting.receives(/200 OK[^]*\r\n\r\n10$/)
  assert.deepEqual(
    logger.records.filter(({ level }) => level !== 'info'),
    [],
  )
})

test('Request.bytes: a resource may answer in its own words when the body is too large', async () => {
  const own = async (request: Request): Promise<string> => {
    await assert.rejects(request.bytes({ maxBody: 1 }), { code: 'PLAIT_PROTOCOL', status: 413 })
    request.setResponseCode(413)
    return 'Less, please'
  }
  assert.deepEqual(await post(own, 'abc'), [413, 'Less, please'])
})

test('Request.bodyPieces takes no more from the client than is asked for', async (t) => {
  let go: (() => void) | undefined
  let size = 0
  const { connect } = await listen(t, async (request) => {
    for await (const piece of request.bodyPieces()) {
      size += piece.length
      if (go === undefined) await new Promise<void>((resolve) => (go = resolve))
    }
    return String(size)
  })
  const client = await connect()
  client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${50 * MB}\r\n\r\n`)
  client.socket.write(Buffer.alloc(50 * MB))
  await until('the first piece', () => go !== undefined)
  let before = -1
  await until('the client is held up', () => {
    const still = before === client.socket.writableLength
    before = client.socket.writableLength
    return still
  })
  assert.ok(size < MB && client.socket.writableLength > 20 * MB, `${size} and ${client.socket.writableLength}`)
  go?.()
  await client.receives(new RegExp(`\\r\\n${50 * MB}$`), 60)
})

test('Request.bodyPieces, left in the middle, makes nobody wait for the client', async (t) => {
  let phase = ''
  const { connect } = await listen(t, async (request) => {
    for await (const _ of request.bodyPieces()) break
    phase = (request.channel as unknown as { phase: string }).phase
    return 'x'
  })
  const client = await connect()
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345')
  await client.receives(/200 OK/)
  assert.equal(phase, 'working')
})

test('Request.bodyPieces may be left in the middle', async () => {
  const first = async (request: Request): Promise<string> => {
    for await (const piece of request.bodyPieces()) return piece.toString('latin1', 0, 1)
    return 'none'
  }
  assert.deepEqual(await post(first, 'x'.repeat(100_000)), [200, 'x'])
})

test('Request: the body is there once', async () => {
  const types = 'Content-Type: application/x-www-form-urlencoded'
  const after = async (request: Request): Promise<string> => {
    await request.form()
    await assert.rejects(request.bytes(), { code: 'PLAIT_RESOURCE', message: /read already/ })
    assert.throws(() => request.readBody({}, () => undefined), { code: 'PLAIT_RESOURCE' })
    assert.throws(() => request.streamBody({}, { data() {}, end() {}, failed() {} }), { code: 'PLAIT_RESOURCE' })
    return 'said so'
  }
  assert.deepEqual(await post(after, 'a=1', types), [200, 'said so'])
})

test('Request.bytes is rejected when the client goes, before or while it is asked', async (t) => {
  const errors: unknown[] = []
  const { connect, logger } = await listen(t, async (request) => {
    if (request.path === '/late') await assert.rejects(request.notifyFinish())
    await request.bytes().catch((error: unknown) => errors.push((error as { code?: string }).code))
  })
  for (const target of ['/', '/late']) {
    const client = await connect()
    client.socket.write(`POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345`)
    await until('it is under way', () => client.socket.bytesWritten > 0 && client.socket.writableLength === 0)
    client.destroy()
  }
  await until('both are told', () => errors.length === 2)
  assert.deepEqual(errors, ['PLAIT_CLIENT_GONE', 'PLAIT_CLIENT_GONE'])
  assert.deepEqual(
    logger.records.filter(({ level }) => level !== 'info'),
    [],
  )
})
