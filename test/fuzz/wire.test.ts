/** The server's end of the wire, with frames that are broken: a host that sends them is killed, and the server lives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeReactor } from '#src/default-reactor.ts'
import { PlaitError } from '#src/errors.ts'
import { Site } from '#src/resource/site.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { encodeFrame, Flag, HEADER_SIZE, LARGEST_FRAME, ToServer, writeHeader } from '#src/wire/frame.ts'
import { FrameReader } from '#src/wire/frame-reader.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { root } from '../support/paths.ts'
import { FIRST, fromHost, head } from './host-frames.ts'
import { mutate } from './mutate.ts'
import { Random, fuzzSeconds, fuzzSeed } from './random.ts'

/** One that no host may send, each for a reason of its own. */
const broken: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a frame that is too large', header(LARGEST_FRAME + 1, ToServer.RESPONSE)],
  ['a piece that is too large', header(LARGEST_FRAME + 1, ToServer.DATA)],
  ['a head that is longer than its frame', longHead()],
  ['a head that is none', encodeFrame(ToServer.RESPONSE, FIRST, 'nonsense')],
  ['a report that is no JSON', encodeFrame(ToServer.FAILED, FIRST, '{')],
  ['a report that is no object', encodeFrame(ToServer.FAILED, FIRST, 'null')],
  ['a file that is none', encodeFrame(ToServer.FILE, FIRST, '{"path":1}')],
  ['a number of bytes without bytes', encodeFrame(ToServer.INPUT_WANTED, FIRST, '')],
  ['a frame of unknown type', encodeFrame(99, FIRST, 'x')],
]

function header(size: number, type: number): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE)
  writeHeader(bytes, 0, size, FIRST, type, 0)
  return bytes
}

function longHead(): Buffer {
  const bytes = encodeFrame(ToServer.RESPONSE, FIRST, head, Flag.LAST)
  bytes.writeUInt16LE(60_000, 10)
  return bytes
}

test(`FrameReader gives frames that lie within their bytes, or PLAIT_PROTOCOL, whatever it reads, from seed ${fuzzSeed}`, () => {
  const random = new Random(fuzzSeed)
  for (let count = 0; count < 20_000; count++) {
    const bytes = mutate(random, Buffer.concat([random.pick(fromHost), random.pick(fromHost)]), fromHost)
    const reader = new FrameReader({
      frame(_type, _flags, _id, buffer, start, end, headSize) {
        assert.ok(start >= HEADER_SIZE && end <= buffer.length && headSize <= end - start, bytes.toString('hex'))
      },
      data: (_id, piece) => assert.ok(piece.length > 0),
    })
    const cut = random.below(bytes.length + 1)
    try {
      reader.push(bytes.subarray(0, cut))
      reader.push(bytes.subarray(cut))
    } catch (error) {
      assert.ok(error instanceof PlaitError && error.code === 'PLAIT_PROTOCOL', `${bytes.toString('hex')}: ${String(error)}`)
    }
  }
})

/** A server whose hosts write on the wire what it is asked to let them write. */
async function serveBroken() {
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const resource = new WSGIResource(reactor, reactor.getThreadPool(), {
    application: 'wire:application',
    cwd: `${root}/test/fixtures/hardening`,
  })
  const listening = reactor.listenTCP(0, new Site(resource, { logger }), { interface: '127.0.0.1' })
  await listening.ready
  void reactor.run({ installSignalHandlers: false })
  const url = `http://127.0.0.1:${(listening.getHost() as { port: number }).port}`
  const ask = async (target: string, body?: Buffer): Promise<string> => {
    const signal = AbortSignal.timeout(60_000)
    try {
      const answer = await fetch(
        url + target,
        body === undefined ? { signal } : { method: 'POST', body: new Uint8Array(body), signal },
      )
      return `${answer.status} ${await answer.text()}`
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') throw new Error('no answer in 60 s', { cause: error })
      return `cut: ${(error as Error).message}`
    }
  }
  return { logger, ask, stop: () => reactor.stop() }
}

test(
  'a host that sends what is no frame is killed and replaced, and its request gets 502 (D14)',
  { timeout: 120_000 },
  async (t) => {
    const { logger, ask, stop } = await serveBroken()
    t.after(stop)
    for (const [name, bytes] of broken) {
      assert.equal(await ask('/'), '200 hello', name)
      const killed = (): number =>
        logger.of('error').filter(({ message }) => message.includes('is out of step and is killed')).length
      const before = killed()
      // Of ids that are no job's nobody is told: each job has to be hit.
      const frames = Array.from({ length: 40 }, (_, generation) => {
        const one = Buffer.from(bytes)
        one.writeUInt32LE(((generation + 1) << 16) >>> 0, 4)
        return one
      })
      assert.match(await ask('/wire', Buffer.concat(frames)), /^502 /, name)
      assert.equal(killed(), before + 1, name)
    }
    assert.equal(await ask('/'), '200 hello')
  },
)

test(
  `the server lives through ${fuzzSeconds} s of hosts that send changed frames, from seed ${fuzzSeed}`,
  { timeout: (fuzzSeconds + 100) * 1000 },
  async (t) => {
    const { ask, stop } = await serveBroken()
    t.after(stop)
    const random = new Random(fuzzSeed)
    const end = performance.now() + fuzzSeconds * 1000
    let count = 0
    for (; performance.now() < end; count++) {
      const bytes = mutate(random, random.pick(fromHost), fromHost)
      try {
        // It dies behind it: a frame that was begun and never ends would hold its request as long as it lives.
        assert.match(await ask('/wire?dies', bytes), /^(?:[245]\d\d |cut: )/)
        assert.equal(await ask('/'), '200 hello')
      } catch (error) {
        throw new Error(`Seed ${fuzzSeed}: ${(error as Error).message}\n${bytes.toString('hex')}`, { cause: error })
      }
    }
    assert.ok(count > 0)
    t.diagnostic(`${count} cases from seed ${fuzzSeed}`)
  },
)
