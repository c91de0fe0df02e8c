/**
 * Changed requests over real sockets. Whatever comes: the server lives, all that it says are responses of HTTP, and applications are called for what gets a response of theirs
 * and for nothing else. `npm run fuzz` goes on for longer; a failure says the seed and the bytes.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Site } from '#src/resource/site.ts'
import { inlineApplication } from '#src/testing/inline-application.ts'
import { parseResponse } from '#src/testing/response-parser.ts'
import { MemoryThreadPool, RecordingLogger } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { PREFACE } from '../support/http2-frames.ts'
import { corpus } from './http-requests.ts'
import { mutate } from './mutate.ts'
import { patience } from './patience.ts'
import { Random, fuzzSeconds, fuzzSeed } from './random.ts'

const logger = new RecordingLogger()
const reactor = new NodeReactor({ logger })
/** Methods of the calls of the application, by the port of the client. */
const calls = new Map<string, string[]>()
const pool = new MemoryThreadPool(
  inlineApplication((environ, startResponse) => {
    const from = String(environ['REMOTE_PORT'])
    calls.set(from, [...(calls.get(from) ?? []), String(environ['REQUEST_METHOD'])])
    // Nothing that a client sends can make these.
    for (const name of ['HTTP_PROXY', 'HTTP_CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_X_FORWARDED_FOR', 'REMOTE_USER']) {
      assert.equal(environ[name], undefined, name)
    }
    assert.doesNotMatch(Object.keys(environ).join(' '), /[\0\r\n]/)
    startResponse('200 OK', [['X-Application', 'called']])
    return [`hello ${(environ['wsgi.input'].read() as Buffer).length}`]
  }),
)
let port: number

before(async () => {
  const site = new Site(new WSGIResource(reactor, pool, 'test.application'), { logger })
  const listening = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
  await listening.ready
  port = (listening.getHost() as { port: number }).port
})
after(async () => {
  const stopped = reactor.stop()
  void reactor.stop()
  await stopped
})

interface Outcome {
  readonly bytes: Buffer
  readonly closed: boolean
  readonly from: string
}

/** Sends in pieces, half-closes, and takes what comes until the server closes, or says nothing more for a while. */
function send(pieces: readonly Buffer[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const chunks: Buffer[] = []
    let from = ''
    const finish = (closed: boolean): void => {
      cancel()
      socket.destroy()
      resolve({ bytes: Buffer.concat(chunks), closed, from })
    }
    const cancel = patience(3, () => finish(false))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => finish(true)).on('error', () => finish(true))
    socket.on('connect', () => {
      from = String(socket.localPort)
      // Somebody may have had this port before, and left before the answer.
      calls.delete(from)
      for (const piece of pieces.slice(0, -1)) socket.write(piece)
      socket.end(pieces.at(-1) as Buffer)
    })
  })
}

/** The head of the response behind interim ones. */
function finalHead(bytes: Buffer): string {
  let text = bytes.toString('latin1')
  while (/^HTTP\/1\.1 1\d\d /.test(text)) text = text.slice(text.indexOf('\r\n\r\n') + 4)
  return text.slice(0, Math.max(0, text.indexOf('\r\n\r\n')))
}

/** Everything that came must be whole responses, but for the last, which may be cut. */
function responsesIn(bytes: Buffer, methods: readonly string[], closed: boolean) {
  const responses: { status: number; application: boolean; close: boolean }[] = []
  let called = 0
  for (let rest = bytes; rest.length > 0;) {
    // The method that the application saw; of what is refused HEAD has no body either, which the next line must tell.
    const head = finalHead(rest)
    const application = /^X-Application: called$/m.test(head.split('\r\n').join('\n'))
    const method = application ? (methods[called++] ?? 'GET') : 'GET'
    const parsed = parseResponse(rest, method, closed)
    assert.ok(parsed !== undefined, 'an unfinished head')
    const { response, size } = parsed
    responses.push({ status: response.status, application, close: response.headers['connection'] === 'close' })
    if (!response.complete) break
    rest = rest.subarray(size)
  }
  return responses
}

function check({ bytes, closed, from }: Outcome): void {
  const called = calls.get(from) ?? []
  calls.delete(from)
  // A HEAD that is refused has no body though its length is told: only the end of it all can be looked at.
  const text = bytes.toString('latin1')
  assert.ok(text === '' || text.startsWith('HTTP/1.1 '), 'bytes that are no response')
  const responses = responsesIn(bytes, called, closed)
  const answered = responses.filter(({ application }) => application).length
  assert.equal(called.length, answered, `the application was called ${called.length} times and answered ${answered}`)
  for (const [index, { status, application, close }] of responses.entries()) {
    assert.ok(status >= 100 && status < 600)
    if (application) assert.equal(status, 200)
    // What is refused ends the connection.
    else if (status >= 400) assert.ok(close && index === responses.length - 1, `${status} and the connection goes on`)
  }
}

test(
  `HTTP/1.1 lives through ${fuzzSeconds} s of changed requests, from seed ${fuzzSeed}`,
  { timeout: (fuzzSeconds + 60) * 1000 },
  async (t) => {
    const random = new Random(fuzzSeed)
    const end = performance.now() + fuzzSeconds * 1000
    let sent = 0
    let refused = 0
    while (performance.now() < end) {
      const cases = Array.from({ length: 40 }, () => {
        const bytes = mutate(random, random.pick(corpus), corpus)
        const cut = random.below(bytes.length + 1)
        return random.below(2) === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]
      })
      const outcomes = await Promise.all(cases.map(send))
      for (const [index, outcome] of outcomes.entries()) {
        // It has become HTTP/2, which has a fuzzer of its own.
        if (
          Buffer.concat(cases[index] as Buffer[])
            .toString('latin1')
            .startsWith(PREFACE)
        )
          continue
        try {
          check(outcome)
        } catch (error) {
          const shown = JSON.stringify(Buffer.concat(cases[index] as Buffer[]).toString('latin1'))
          const answer = JSON.stringify(outcome.bytes.toString('latin1'))
          throw new Error(`Seed ${fuzzSeed}: ${(error as Error).message}\n${shown}\n${answer}`, { cause: error })
        }
        if (/^HTTP\/1\.1 [45]/.test(outcome.bytes.toString('latin1', 0, 12))) refused++
      }
      sent += cases.length
      logger.records.length = 0
      pool.jobs.length = 0
    }
    t.diagnostic(`${sent} cases from seed ${fuzzSeed}, ${refused} refused`)
    assert.ok(sent >= 100 && refused > sent / 10 && refused < sent, `${sent} sent, ${refused} refused`)
    const { bytes } = await send([corpus[0] as Buffer])
    assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK[^]*hello 0$/)
  },
)
