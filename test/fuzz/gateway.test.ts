/** What a host says, changed, on its way through the server to a client, in memory: thousands of cases a second. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveApplication } from '#src/hosts/application.ts'
import { HostFamily } from '#src/hosts/host-family.ts'
import type { FileResponse, HostSink, JobSink, Outcome, ResponseHead } from '#src/hosts/host.ts'
import type { FoundPython } from '#src/hosts/python/find-python.ts'
import { PythonHost } from '#src/hosts/python/python-host.ts'
import { PlaitError } from '#src/errors.ts'
import { Site } from '#src/resource/site.ts'
import { MemoryReactor, RecordingLogger } from '#src/testing.ts'
import { FrameReader } from '#src/wire/frame-reader.ts'
import type { JobRunner } from '#src/wsgi/job-runner.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { fromHost } from './host-frames.ts'
import { mutate } from './mutate.ts'
import { Random, fuzzSeconds, fuzzSeed } from './random.ts'

const found: FoundPython = {
  path: '/nowhere',
  version: '3.8.0',
  versionInfo: [3, 8, 0],
  implementation: 'CPython',
  why: 'a test',
  tried: [],
}

/** In place of a pool, between a host and the gateway; sees that the host keeps to its contract. */
class Watched implements HostSink {
  readonly #sink: JobSink
  responded = false
  over = false

  constructor(sink: JobSink) {
    this.#sink = sink
  }

  earlyHints(headers: readonly string[]): void {
    assert.equal(this.over, false)
    this.#sink.earlyHints(headers)
  }
  respond(head: ResponseHead, body: Uint8Array, onePiece: boolean): void {
    assert.equal(this.over, false)
    assert.ok(head.status >= 100 && head.status < 1000 && head.headers.length % 2 === 0)
    this.responded = true
    this.#sink.respond(head, body, onePiece)
  }
  respondFile(head: ResponseHead, file: FileResponse): void {
    assert.equal(this.over, false)
    this.#sink.respondFile(head, file)
  }
  data(chunk: Uint8Array): void {
    assert.equal(this.over, false)
    this.#sink.data(chunk)
  }
  inputWanted(bytes: number): void {
    assert.ok(!this.over && bytes >= 0)
    this.#sink.inputWanted(bytes)
  }
  finished(outcome: Outcome): void {
    assert.equal(this.over, false)
    this.over = true
    this.#sink.finished(outcome)
  }
  returned(): void {
    assert.fail('nobody takes a job back')
  }
}

/** Lets two clients ask, and one host say these bytes of their jobs. Gives what is wrong, if anything. */
async function play(pieces: readonly Buffer[], logger: RecordingLogger): Promise<void> {
  const sinks: Watched[] = []
  const options = {
    id: 'a#1',
    application: resolveApplication('a.b'),
    minThreads: 0,
    maxThreads: 2,
    multiprocess: false,
    logger,
    family: new HostFamily(),
  }
  const host = new PythonHost(options, found, { launch: () => assert.fail('nothing starts') })
  const runner: JobRunner = {
    submit: (_application, job, sink) => {
      const watched = new Watched(sink)
      sinks.push(watched)
      return host.run(job, watched)
    },
  }
  const reactor = new MemoryReactor({ logger })
  const port = reactor.listenTCP(80, new Site(new WSGIResource(reactor, runner, 'a.b', { requestBody: 'stream' }), { logger }))
  const clients = [port.connect(), port.connect()]
  for (const client of clients) client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
  while (sinks.length < 2) await new Promise((resolve) => setImmediate(resolve))
  const reader = new FrameReader(host)
  try {
    for (const piece of pieces) reader.push(piece)
  } catch (error) {
    assert.ok(error instanceof PlaitError && error.code === 'PLAIT_PROTOCOL', String(error))
  }
  // A file that it gave is being opened.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  for (const sink of sinks) {
    if (!sink.over) sink.finished(new PlaitError('PLAIT_HOST_LOST', 'It died', { status: 502 }))
  }
  for (const client of clients) {
    const { received, closed } = client
    if (received.length === 0 && closed) continue
    const response = await client.response('POST').catch((error: Error) => error)
    if (response instanceof Error) {
      // Cut, and seen to be.
      assert.ok(client.closed, response.message)
      continue
    }
    assert.ok(response.status >= 200 && response.status < 1000)
    assert.ok(response.complete || client.closed)
  }
  for (const client of clients) client.end()
  await reactor.stop()
}

test(
  `what a host says, changed, becomes responses or cut ones, for ${fuzzSeconds} s from seed ${fuzzSeed}`,
  { timeout: (fuzzSeconds + 60) * 1000 },
  async (t) => {
    const random = new Random(fuzzSeed)
    const end = performance.now() + fuzzSeconds * 1000
    let count = 0
    for (; performance.now() < end; count++) {
      const frames = Array.from({ length: 1 + random.below(3) }, () => random.pick(fromHost))
      const bytes = mutate(random, Buffer.concat(frames), fromHost)
      const cut = random.below(bytes.length + 1)
      const logger = new RecordingLogger()
      try {
        await play([bytes.subarray(0, cut), bytes.subarray(cut)], logger)
        const defects = logger.records.filter(({ message }) => message.includes('could not be handled'))
        assert.deepEqual(defects, [])
      } catch (error) {
        throw new Error(`Seed ${fuzzSeed}: ${(error as Error).message}\n${bytes.toString('hex')} cut at ${cut}`, { cause: error })
      }
    }
    t.diagnostic(`${count} cases from seed ${fuzzSeed}`)
    assert.ok(count > 20)
  },
)
