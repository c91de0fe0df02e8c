import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { JobBody } from '#src/hosts/host.ts'
import type { BodyFlow, Request } from '#src/http/request.ts'
import { pause, until } from '../support/until.ts'

// Read when the module of spooled bodies is loaded.
const base = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
process.env['TMPDIR'] = base
const { serve } = await import('./serve.ts')
after(() => rmSync(base, { recursive: true, force: true }))

const MIB = 1024 * 1024
const say = (request: Request, text: string): void => request.sendWhole(200, 'OK', [], Buffer.from(text))
const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`

/** All files below the folder of spooled bodies. */
function spooled(): string[] {
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
}

/** Bytes in which no two places look alike for long. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)
  return bytes
}

function bytesOf(body: JobBody | undefined): Buffer {
  if (body?.kind === 'bytes') return Buffer.concat(body.chunks)
  return body?.kind === 'file' ? readFileSync(body.path) : Buffer.alloc(0)
}

/** Cuts `bytes` into chunks of chunked coding. */
function chunked(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

for (const coding of ['Content-Length', 'chunked'] as const) {
  for (const [size, kind] of [
    [0, 'none'],
    [1, 'bytes'],
    [64 * 1024, 'bytes'],
    [MIB, 'bytes'],
    [MIB + 1, 'file'],
    [3 * MIB, 'file'],
  ] as const) {
    test(`a body of ${size} bytes by ${coding} arrives whole (${kind})`, async (t) => {
      const bytes = pattern(size)
      let got: JobBody | undefined
      const { connect } = await serve(t, (request) => {
        request.readBody({}, (error, body) => {
          assert.equal(error, undefined)
          got = body
          assert.ok(bytesOf(body).equals(bytes))
          if (body?.kind === 'file') {
            assert.equal(statSync(body.path).mode & 0o777, 0o600)
            assert.equal(statSync(path.dirname(body.path)).mode & 0o777, 0o700)
            assert.equal(path.dirname(path.dirname(body.path)), base)
          }
          say(request, 'whole')
        })
      })
      const client = await connect()
      client.socket.write(post(coding === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`))
      client.socket.write(coding === 'chunked' ? chunked(bytes, 50_000) : bytes)
      await client.receives(/whole$/)
      assert.equal(got?.kind ?? 'none', kind)
      await until('no file is left', () => spooled().length === 0)
      // The connection serves on.
      if (size > 0) return
      client.socket.write(post('Content-Length: 0'))
      await client.receives(/whole[^]*whole$/)
    })
  }
}

test('a body in chunks of one byte arrives whole, without a piece for each', async (t) => {
  const { connect } = await serve(t, (request) => {
    request.readBody({}, (_, body) => say(request, `size ${bytesOf(body).length}`))
  })
  const client = await connect()
  client.socket.write(post('Transfer-Encoding: chunked'))
  client.socket.write(chunked(Buffer.alloc(100_000, 'x'), 1))
  await client.receives(/size 100000$/)
})

test('trailers of a chunked body do not become fields', async (t) => {
  const { connect } = await serve(t, (request) => {
    request.readBody({}, () => say(request, `<${request.host} ${request.getHeader('x-trailer')} ${request.contentLength}>`))
  })
  const client = await connect()
  client.socket.write(post('Transfer-Encoding: chunked') + '1\r\nx\r\n0\r\nHost: evil\r\nX-Trailer: a\r\n\r\n')
  await client.receives(/<a undefined undefined>$/)
})

/** Serves readBody with a limit; gives how often and with what the application was told. */
async function limited(t: Parameters<typeof serve>[0], maxBody: number) {
  const told: [code: string | undefined, status: number | undefined, body: boolean][] = []
  const served = await serve(t, (request) => {
    request.readBody({ maxBody }, (error, body) => {
      told.push([error?.code, error?.status, body !== undefined])
      if (error === undefined) say(request, 'read')
    })
  })
  return { told, client: await served.connect() }
}

test('a body of exactly the limit is taken, one byte more by Content-Length is refused before it comes', async (t) => {
  const first = await limited(t, 10)
  first.client.socket.write(`${post('Content-Length: 10')}0123456789`)
  await first.client.receives(/read$/)
  const second = await limited(t, 10)
  second.client.socket.write(post('Content-Length: 11'))
  await second.client.receives(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i)
  assert.deepEqual(second.told, [['PLAIT_PROTOCOL', 413, false]])
})

test('a chunked body over the limit is refused while it comes, also when it is spooled', async (t) => {
  for (const limit of [10, 2 * MIB]) {
    const { told, client } = await limited(t, limit)
    client.socket.write(post('Transfer-Encoding: chunked'))
    client.socket.write(`${(limit + 1).toString(16)}\r\n`)
    client.socket.write(Buffer.alloc(limit + 1))
    await client.receives(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i)
    assert.deepEqual(told, [['PLAIT_PROTOCOL', 413, false]])
    await until('no file is left', () => spooled().length === 0)
  }
})

for (const [how, leave] of [
  ['FIN', 'end'],
  ['RST', 'resetAndDestroy'],
] as const) {
  for (const [name, head, size] of [
    ['by Content-Length', post('Content-Length: 3000000'), 1000],
    ['chunked', `${post('Transfer-Encoding: chunked')}2dc6c0\r\n`, 1000],
    ['spooled', post('Content-Length: 3000000'), 2 * MIB],
  ] as const) {
    test(`a body ${name} that ends with ${how} before its end is no body`, async (t) => {
      const { told, client } = await limited(t, 0)
      client.socket.write(head)
      await new Promise((resolve) => client.socket.write(Buffer.alloc(size), resolve))
      if (size > MIB) await until('the body is spooled', () => spooled().length === 1)
      else await pause(0.05)
      client.socket[leave]()
      await until('the application is told', () => told.length > 0)
      await until('the server closes', () => client.ended)
      await until('no file is left', () => spooled().length === 0)
      assert.deepEqual(told, [['PLAIT_CLIENT_GONE', undefined, false]])
      assert.doesNotMatch(client.received, /read/)
    })
  }
}

test('a chunked body without its last CRLF is no body', async (t) => {
  const { told, client } = await limited(t, 0)
  client.socket.end(`${post('Transfer-Encoding: chunked')}1\r\nx\r\n0\r\n`)
  await until('the application is told', () => told.length > 0)
  assert.deepEqual(told, [['PLAIT_CLIENT_GONE', undefined, false]])
})

test('a chunk that is broken ends the body: 400, and the application gets nothing', async (t) => {
  const { told, client } = await limited(t, 0)
  client.socket.write(`${post('Transfer-Encoding: chunked')}1\r\nx\r\n`)
  await pause(0.05)
  client.socket.write('zz\r\n')
  await client.receives(/^HTTP\/1\.1 400 /)
  await until('the server closes', () => client.ended)
  assert.deepEqual(told, [['PLAIT_CLIENT_GONE', undefined, false]])
})

/** Serves streamBody and keeps what came. */
async function streamed(t: Parameters<typeof serve>[0], maxBody = 0) {
  const state = { size: 0, chunks: [] as Buffer[], ended: false, failures: [] as string[] }
  let flow: BodyFlow | undefined
  const served = await serve(t, (request) => {
    flow = request.streamBody(
      { maxBody },
      {
        data: (chunk) => {
          state.size += chunk.length
          state.chunks.push(chunk)
        },
        end: () => {
          state.ended = true
          say(request, 'streamed')
        },
        failed: (reason) => void state.failures.push(reason),
      },
    )
  })
  const client = await served.connect()
  return { state, client, flow: () => until('the request is there', () => flow) as Promise<BodyFlow> }
}

test('streamBody gives never more than was asked for', async (t) => {
  const bytes = pattern(300_000)
  const { state, client, flow } = await streamed(t)
  client.socket.write(post(`Content-Length: ${bytes.length}`))
  client.socket.write(bytes)
  const running = await flow()
  await pause(0.05)
  assert.equal(state.size, 0)
  for (let asked = 0; asked < bytes.length;) {
    asked += 70_001
    running.resume(70_001)
    const due = Math.min(asked, bytes.length)
    await until('what was asked for', () => state.size >= due)
    await pause(0.005)
    assert.equal(state.size, due)
  }
  await client.receives(/streamed$/)
  assert.ok(Buffer.concat(state.chunks).equals(bytes))
  assert.deepEqual([state.ended, state.failures], [true, []])
})

test('streamBody ends at the last byte, with no more asked for', async (t) => {
  const { state, client, flow } = await streamed(t)
  client.socket.write(`${post('Content-Length: 5')}hello`)
  ;(await flow()).resume(5)
  await client.receives(/streamed$/)
  assert.equal(state.size, 5)
})

test('streamBody holds back a client that sends more than anybody takes', async (t) => {
  const { state, client, flow } = await streamed(t)
  const size = 64 * MIB
  client.socket.write(post(`Content-Length: ${size}`))
  client.socket.write(Buffer.alloc(size))
  ;(await flow()).resume(1000)
  await until('what was asked for', () => state.size === 1000)
  await pause(0.2)
  assert.equal(state.size, 1000)
  // Most of it is still in the client.
  assert.ok(client.socket.bytesWritten - client.socket.writableLength < size)
})

test('streamBody sends 100 Continue when the first byte is asked for', async (t) => {
  const { client, flow } = await streamed(t)
  client.socket.write(post('Content-Length: 5\r\nExpect: 100-continue'))
  const running = await flow()
  await pause(0.05)
  assert.equal(client.received, '')
  running.resume(10)
  await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  client.socket.write('hello')
  await client.receives(/streamed$/)
})

test('streamBody that is given up: when the response is out the rest is dropped, and the client comes to its end', async (t) => {
  const size = 16 * MIB
  const { connect } = await serve(t, (request) => {
    const flow = request.streamBody(
      {},
      {
        data: () => {
          flow.stop()
          say(request, 'enough')
        },
        end: () => undefined,
        failed: () => undefined,
      },
    )
    flow.resume(1)
  })
  const client = await connect()
  client.socket.write(post(`Content-Length: ${size}`))
  const sent = new Promise<Error | null | undefined>((resolve) => client.socket.write(Buffer.alloc(size), resolve))
  await client.receives(/\r\nConnection: close\r\n[^]*enough$/i)
  assert.ok(!(await sent))
  await until('the server closes', () => client.ended)
})

test('streamBody fails when the client goes, when a chunk is broken and over the limit; never twice', async (t) => {
  const gone = await streamed(t)
  gone.client.socket.write(`${post('Content-Length: 10')}hello`)
  ;(await gone.flow()).resume(100)
  await until('the first half', () => gone.state.size === 5)
  gone.client.socket.end()
  await until('the consumer is told', () => gone.state.failures.length > 0)
  const broken = await streamed(t)
  broken.client.socket.write(`${post('Transfer-Encoding: chunked')}1\r\nx\r\nzz\r\n`)
  ;(await broken.flow()).resume(100)
  await until('the consumer is told', () => broken.state.failures.length > 0)
  const over = await streamed(t, 3)
  over.client.socket.write(`${post('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`)
  ;(await over.flow()).resume(100)
  await until('the consumer is told', () => over.state.failures.length > 0)
  const early = await streamed(t, 3)
  early.client.socket.write(post('Content-Length: 4'))
  await early.client.receives(/^HTTP\/1\.1 413 /)
  await pause(0.05)
  for (const { state } of [gone, broken, over, early]) assert.deepEqual([state.failures.length, state.ended], [1, false])
})

test('streamBody fails when a chunk is broken behind the beginning of the response', async (t) => {
  const failures: string[] = []
  const { connect } = await serve(t, (request) => {
    request.write('part')
    const failed = (reason: string): void => void failures.push(reason)
    request.streamBody({}, { data: () => undefined, end: () => request.finish(), failed }).resume(100)
  })
  const client = await connect()
  client.socket.write(`${post('Transfer-Encoding: chunked')}1\r\nx\r\n`)
  await client.receives(/part\r\n$/)
  client.socket.write('zz\r\n')
  await until('the server closes', () => client.ended)
  assert.equal(failures.length, 1)
  assert.match(client.received, /^HTTP\/1\.1 200 [^]*\r\n4\r\npart\r\n$/)
})

test('a body finds a folder again when somebody has removed all of them', async (t) => {
  const { told, client } = await limited(t, 0)
  const send = (): void => {
    client.socket.write(post(`Content-Length: ${2 * MIB}`))
    client.socket.write(Buffer.alloc(2 * MIB))
  }
  send()
  await client.receives(/read$/)
  rmSync(base, { recursive: true, force: true })
  send()
  await client.receives(/read[^]*read$/)
  assert.deepEqual(
    told.map(([code]) => code),
    [undefined, undefined],
  )
})

test('a body that fits nowhere is answered with 507', async (t) => {
  rmSync(base, { recursive: true, force: true })
  writeFileSync(base, 'a file in the way')
  const { told, client } = await limited(t, 0)
  client.socket.write(post(`Content-Length: ${3 * MIB}`))
  client.socket.write(Buffer.alloc(3 * MIB))
  await client.receives(/^HTTP\/1\.1 507 [^]*\r\nConnection: close\r\n/i)
  await client.receives(/507 Insufficient Storage: The server cannot keep the request body\n$/)
  assert.deepEqual(told, [['PLAIT_STORAGE', 507, false]])
})
