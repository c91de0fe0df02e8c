import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Connection } from '#src/http/connection-sweep.ts'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { UnsentLimit } from '#src/http/unsent-limit.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { onSocket } from '../support/on-socket.ts'
import { RawClient } from '../support/raw-client.ts'
import { pause, until } from '../support/until.ts'
import { ClockedReactor } from './clocked-reactor.ts'

const MIB = 1024 ** 2
/** More than the systems of both sides buffer. */
const body = Buffer.alloc(24 * MIB, 'x')

async function serve(t: TestContext, maxUnsent: number) {
  const reactor = new ClockedReactor()
  const logger = new RecordingLogger()
  const aborted: string[] = []
  const accessLog = (request: Request): void => void (request.aborted && aborted.push(request.uri))
  const asked: string[] = []
  const received = (request: Request): void => {
    request.sendWhole(200, 'OK', [], request.uri === '/' ? Buffer.from('hello') : body)
    asked.push(request.uri)
  }
  const factory = new HTTPFactory(received, { logger, maxUnsent, accessLog })
  const { url, connect } = await onSocket(t, reactor, factory)
  /** A client that has asked for a large page, and reads nothing. */
  const reader = async (path: string): Promise<RawClient> => {
    const client = await connect()
    client.socket.pause()
    client.get(path)
    await until('it is answered', () => asked.includes(path))
    return client
  }
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      reactor.clock.advance(1)
      await pause(0.01)
    }
  }
  return { url, logger, aborted, reader, pass }
}

test('HTTPFactory cuts the clients that take nothing for the longest time when all together leave more than maxUnsent', async (t) => {
  const { url, logger, aborted, reader, pass } = await serve(t, 50 * MIB)
  const first = await reader('/first')
  await pass(3)
  const second = await reader('/second')
  await pass(3)
  assert.deepEqual(aborted, [])
  const third = await reader('/third')
  await pass(1)
  await until('one is cut', () => aborted.length > 0)
  assert.deepEqual(aborted, ['/first'])
  await pass(3)
  assert.deepEqual(aborted, ['/first'], 'the others fit')
  const lines = logger.records.filter(({ message }) => message.includes('maxUnsent'))
  assert.equal(lines.length, 1)
  assert.match(lines[0]?.message ?? '', /cut 1 connections/)
  // Everybody else gets what was promised.
  for (const client of [second, third]) client.socket.resume()
  for (const client of [second, third]) await until('all is there', () => client.received.length > body.length)
  const other = await RawClient.connect(url)
  other.get('/')
  await other.receives(/hello$/)
  other.destroy()
  first.destroy()
})

test('HTTPFactory counts what the streams of a connection of HTTP/2 leave', async (t) => {
  const { url, aborted, reader, pass } = await serve(t, 60 * MIB)
  const client = await HTTP2Client.connect(url)
  t.after(() => client.close())
  const streams = ['/one', '/two'].map((path) => client.session.request({ ':path': path }))
  for (const stream of streams) stream.on('error', () => undefined)
  await Promise.all(streams.map((stream) => once(stream, 'response')))
  await pass(3)
  assert.deepEqual(aborted, [])
  const other = await reader('/other')
  await pass(1)
  await until('the connection is cut', () => aborted.length === 2)
  assert.deepEqual(aborted.toSorted(), ['/one', '/two'])
  other.socket.resume()
  await until('all is there', () => other.received.length > body.length)
})

test('UnsentLimit leaves no more than its limit, and cuts nobody whose client took something later than one that stays', () => {
  const one = fc.record({ unsent: fc.nat(100), since: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 1, max: 500 }), (described, most) => {
      const connections = described.map((values) => {
        const connection = { ...values, cut: false, socket: { destroy: () => void (connection.cut = true) } }
        return connection
      })
      const sum = (): number => connections.filter(({ cut }) => !cut).reduce((total, { unsent }) => total + unsent, 0)
      const before = sum()
      new UnsentLimit(most, new RecordingLogger()).check(connections as unknown as Connection[], 0)
      const cut = connections.filter((connection) => connection.cut)
      const left = connections.filter((connection) => !connection.cut && connection.unsent > 0)
      assert.ok(sum() <= most)
      if (before <= most) assert.equal(cut.length, 0)
      // Not one more than had to be: the last of them alone would have been too much.
      else assert.ok(sum() + Math.max(...cut.map(({ unsent }) => unsent)) > most)
      assert.ok(cut.every(({ unsent }) => unsent > 0))
      const newest = Math.max(...cut.map(({ since }) => since))
      if (cut.length > 0) assert.ok(left.every(({ since }) => since >= newest))
    }),
  )
})
