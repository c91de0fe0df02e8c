/** Changed frames of HTTP/2 over real sockets: the server lives, what it sends are frames, and nobody is asked about a head that is refused. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { serveHTTP2 } from '../http/http2/serve-http2.ts'
import { refusedHeads } from '../hardening/refused-heads.ts'
import { block, Flag, frame, GET, PREFACE, Type } from '../support/http2-frames.ts'
import { mutate } from './mutate.ts'
import { patience } from './patience.ts'
import { Random, fuzzSeconds, fuzzSeed } from './random.ts'

const END = Flag.END_HEADERS | Flag.END_STREAM
const start = [Buffer.from(PREFACE, 'latin1'), frame(Type.SETTINGS, 0, 0)]
const post: readonly (readonly [string, string])[] = [[':method', 'POST'], ...GET.slice(1), ['content-length', '5']]

/** Frames behind the preface. */
const corpus: readonly Buffer[] = [
  [frame(Type.HEADERS, END, 1, block(GET))],
  [frame(Type.HEADERS, END, 1, block(GET)), frame(Type.HEADERS, END, 3, block(GET))],
  [frame(Type.HEADERS, Flag.END_HEADERS, 1, block(post)), frame(Type.DATA, Flag.END_STREAM, 1, 'hello')],
  [
    frame(Type.HEADERS, Flag.END_STREAM, 1, block(GET.slice(0, 2))),
    frame(Type.CONTINUATION, Flag.END_HEADERS, 1, block(GET.slice(2))),
  ],
  [frame(Type.PING, 0, 0, '12345678'), frame(Type.HEADERS, END, 1, block(GET)), frame(Type.RST_STREAM, 0, 1, '\0\0\0\x08')],
  [
    frame(Type.WINDOW_UPDATE, 0, 0, '\0\0\xff\xff'),
    frame(Type.SETTINGS, 0, 0, '\0\x04\0\0\0\x01'),
    frame(Type.HEADERS, END, 1, block(GET)),
  ],
  [frame(Type.PRIORITY, 0, 3, '\0\0\0\x01\x10'), frame(Type.GOAWAY, 0, 0, '\0\0\0\0\0\0\0\0')],
  ...refusedHeads.map(([, head]) => [frame(Type.HEADERS, END, 1, block(head))]).filter(([one]) => (one as Buffer).length < 1000),
].map((frames) => Buffer.concat([...start, ...frames]))

/** Sends, half-closes, and takes what comes until the server closes. */
function send(port: number, bytes: Buffer): Promise<{ received: Buffer; closed: boolean }> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const chunks: Buffer[] = []
    const finish = (closed: boolean): void => {
      cancel()
      socket.destroy()
      resolve({ received: Buffer.concat(chunks), closed })
    }
    const cancel = patience(10, () => finish(false))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      // node:http2 keeps some connections that it has said farewell to, until they are idle for too long.
      if (saysFarewell(Buffer.concat(chunks))) setTimeout(() => finish(true), 50)
    })
    socket.on('end', () => finish(true)).on('error', () => finish(true))
    socket.write(bytes)
    // Time for an answer: a half-closed connection of HTTP/2 ends at once.
    setTimeout(() => socket.end(), 20)
  })
}

/** There is a GOAWAY with an error. */
function saysFarewell(received: Buffer): boolean {
  for (let at = 0; at + 17 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
    if (received[at + 3] === Type.GOAWAY && received.readUInt32BE(at + 13) !== 0) return true
  }
  return false
}

/** What came is frames that a server may send, or (where the preface was changed) one response of HTTP/1. */
function check(received: Buffer): void {
  if (received.subarray(0, 9).toString('latin1') === 'HTTP/1.1 ') return
  for (let at = 0; at + 9 <= received.length;) {
    const size = received.readUIntBE(at, 3)
    assert.ok(size <= 16_384, `a frame of ${size} bytes`)
    assert.ok((received[at + 3] as number) <= Type.CONTINUATION, `a frame of type ${received[at + 3]}`)
    at += 9 + size
  }
}

test(
  `HTTP/2 lives through ${fuzzSeconds} s of changed frames, from seed ${fuzzSeed}`,
  { timeout: (fuzzSeconds + 60) * 1000 },
  async (t) => {
    let asked = 0
    let sent = 0
    const served = await serveHTTP2(t, (request: Request) => {
      asked++
      // As HTTP/1.1 has them: nothing that a head of HTTP/2 says comes here without the policy of both.
      assert.doesNotMatch(`${request.method} ${request.uri} ${request.rawHeaders.join(' ')}`, /[\0\r\n]/)
      assert.match(request.uri, /^(?:\/|\*$)/)
      assert.ok(request.host !== undefined && !request.rawHeaders.some((text, index) => index % 2 === 0 && text.includes('_')))
      if (!request.hasBody) return request.sendWhole(200, 'OK', [], Buffer.from('hello'))
      request.readBody({}, (error) => {
        if (error === undefined) request.sendWhole(200, 'OK', [], Buffer.from('hello'))
      })
    })
    const port = Number(new URL(served.url).port)
    const random = new Random(fuzzSeed)
    const end = performance.now() + fuzzSeconds * 1000
    while (performance.now() < end) {
      const cases = Array.from({ length: 40 }, () => {
        const bytes = random.pick(corpus)
        // Behind the preface, mostly: in front of it everything is HTTP/1.1.
        const kept = random.below(10) === 0 ? 0 : PREFACE.length
        return Buffer.concat([bytes.subarray(0, kept), mutate(random, bytes.subarray(kept), corpus)])
      })
      const outcomes = await Promise.all(cases.map((bytes) => send(port, bytes)))
      for (const [index, { received, closed }] of outcomes.entries()) {
        try {
          check(received)
          assert.ok(closed, 'the connection is not closed')
        } catch (error) {
          const shown = (cases[index] as Buffer).toString('hex')
          throw new Error(`Seed ${fuzzSeed}: ${(error as Error).message}\n${shown}\n${received.toString('hex')}`, {
            cause: error,
          })
        }
      }
      sent += cases.length
      served.log.length = 0
      served.logger.records.length = 0
    }
    t.diagnostic(`${sent} cases from seed ${fuzzSeed}, ${asked} requests got through`)
    assert.ok(asked > sent / 100, `${asked} requests got through`)
    const client = await served.client()
    assert.equal((await client.ask()).text, 'hello')
  },
)
