import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Request } from '#src/http/request.ts'
import { Spool } from '#src/http/spool.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serve } from './serve.ts'

const MIB = 1024 * 1024

const upload = fc.record({
  size: fc.nat({ max: 3 * MIB }),
  /** How much of it is sent before `end` happens. */
  part: fc.constantFrom(0, 0.3, 0.9, 1),
  end: fc.constantFrom('whole', 'whole', 'FIN', 'RST'),
  coding: fc.constantFrom('length', 'chunked', 'http2'),
  target: fc.constantFrom('/body', '/small', '/hold', '/form', '/leave'),
})
type Upload = typeof upload extends fc.Arbitrary<infer One> ? One : never

const FORM = 'multipart/form-data; boundary=b'
const HEAD = Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n')
const TAIL = Buffer.from('\r\n--b--\r\n')

/** What is done with a body, by the target. */
async function answer(request: Request, later: (release: () => void) => void): Promise<void> {
  if (request.uri === '/form') {
    try {
      const form = await request.form({ maxFileSize: 2 * MIB })
      request.sendWhole(200, 'OK', [], Buffer.from(String(form.files.size)))
    } catch {
      if (!request.disconnected) request.sendWhole(500, 'No', [], undefined)
    }
    return
  }
  request.readBody({ maxBody: request.uri === '/small' ? MIB * 1.5 : 0 }, (error) => {
    if (error !== undefined) return
    const release = request.uri === '/hold' ? request.holdBody() : undefined
    if (release !== undefined) later(release)
    // A response that never comes: the client goes.
    if (request.uri === '/leave') request.breakOff('for the test')
    else request.sendWhole(200, 'OK', [], Buffer.from('read'))
  })
}

function bodyOf({ size, target }: Upload): Buffer {
  const bytes = Buffer.alloc(size, 'x')
  return target === '/form' ? Buffer.concat([HEAD, bytes, TAIL]) : bytes
}

function chunked(bytes: Buffer): Buffer {
  return bytes.length === 0 ? bytes : Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Sends one, as far as it goes. */
async function send(url: string, one: Upload): Promise<void> {
  const bytes = bodyOf(one)
  const sent = bytes.subarray(0, Math.ceil(bytes.length * one.part))
  const whole = one.part === 1 && one.end === 'whole'
  if (one.coding === 'http2') {
    const client = await HTTP2Client.connect(url)
    const stream = client.begin({ ':method': 'POST', ':path': one.target, 'content-type': FORM })
    const closed = new Promise((resolve) => stream.on('close', resolve))
    stream.resume()
    stream.write(sent)
    if (whole || one.end === 'FIN') stream.end()
    else if (one.end === 'RST') stream.close(8)
    if (whole) await closed
    return client.close()
  }
  const client = await RawClient.connect(url)
  const length = one.coding === 'length' ? `Content-Length: ${bytes.length}` : 'Transfer-Encoding: chunked'
  client.socket.write(`POST ${one.target} HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM}\r\n${length}\r\n\r\n`)
  client.socket.write(one.coding === 'length' ? sent : chunked(sent))
  if (whole && one.coding === 'chunked') client.socket.write('0\r\n\r\n')
  if (whole) await until('an answer, or the end', () => client.ended || client.received !== '')
  if (one.end === 'FIN') client.socket.end()
  else if (one.end === 'RST') client.socket.resetAndDestroy()
  else client.destroy()
}

test('Spool.size is 0 and no file is left, however bodies ended', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const spool = new Spool({ directory, maxSize: 5 * MIB })
  const held: (() => void)[] = []
  const { url } = await serve(t, (request) => void answer(request, (release) => held.push(release)), { spool })
  let most = 0
  await fc.assert(
    fc.asyncProperty(fc.array(upload, { minLength: 1, maxLength: 8 }), async (uploads) => {
      const watching = setInterval(() => (most = Math.max(most, spool.size)), 1)
      await Promise.all(uploads.map((one) => send(url, one)))
      clearInterval(watching)
      await until('nothing is held', () => {
        for (const release of held.splice(0)) release()
        return spool.size === 0
      })
      assert.deepEqual(
        readdirSync(directory).flatMap((name) => readdirSync(path.join(directory, name))),
        [],
      )
    }),
    { numRuns: 25 },
  )
  // It was worth the trouble, and never too much.
  assert.ok(most > MIB && most <= 5 * MIB, String(most))
})
