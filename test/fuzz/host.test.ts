/** The host's end of the wire, with frames that are broken: it ends by itself. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { marshalSample } from '#src/wire/environ-encoding.ts'
import { encodeCount, encodeFrame, Flag, ToHost } from '#src/wire/frame.ts'
import { RequestBatch } from '#src/wire/request-batch.ts'
import { root } from '../support/paths.ts'
import { mutate } from './mutate.ts'
import { patience } from './patience.ts'
import { Random, fuzzSeconds, fuzzSeed } from './random.ts'

/** The id of the first job of a host: generation 1 of slot 0. */
const FIRST = 65_536

function requests(id: number): Buffer {
  const batch = new RequestBatch(false)
  batch.add(id, ['REQUEST_METHOD', 'POST', 'PATH_INFO', '/', 'QUERY_STRING', '', 'wsgi.url_scheme', 'http'], { kind: 'stream' })
  return Buffer.concat(batch.take())
}

const toHost: readonly Buffer[] = [
  requests(FIRST),
  encodeFrame(ToHost.INPUT, FIRST, 'hello'),
  encodeFrame(ToHost.INPUT, FIRST, '', Flag.INPUT_END),
  encodeCount(ToHost.CREDIT, FIRST, 10),
  encodeFrame(ToHost.ABANDON, FIRST),
  encodeCount(ToHost.THREADS, 0, 2),
  encodeFrame(ToHost.FILE_TAKEN, FIRST),
]

function initialFrame(): Buffer {
  const settings = JSON.stringify({
    application: 'wire:application',
    parent: process.pid,
    minThreads: 0,
    maxThreads: 2,
    multithread: true,
    multiprocess: false,
    responseWindow: 1024,
    inputWindow: 1024,
  })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(Buffer.byteLength(settings))
  return encodeFrame(ToHost.INIT, 0, Buffer.concat([length, Buffer.from(settings), marshalSample()]))
}

/** Runs a host with these bytes behind its first frame, then closes the wire. Gives how it ended. */
function runHost(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('python3', [`${root}/python/host.py`], {
      cwd: `${root}/test/fixtures/hardening`,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    const wire = child.stdio[3] as Socket
    wire.on('error', () => undefined).resume()
    wire.write(initialFrame())
    wire.end(bytes)
    const cancel = patience(30, () => child.kill('SIGKILL'))
    child.on('exit', (code, signal) => {
      cancel()
      wire.destroy()
      resolve(String(code ?? signal))
    })
  })
}

test(
  `a host that gets changed frames ends by itself, from seed ${fuzzSeed}`,
  { timeout: (fuzzSeconds + 60) * 1000 },
  async (t) => {
    const random = new Random(fuzzSeed)
    const end = performance.now() + fuzzSeconds * 1000
    let count = 0
    while (performance.now() < end) {
      const cases = Array.from({ length: 4 }, () => mutate(random, Buffer.concat(toHost), toHost))
      count += cases.length
      const ends = await Promise.all(cases.map(runHost))
      for (const [index, how] of ends.entries()) {
        assert.match(how, /^[01]$/, `Seed ${fuzzSeed}: it ended with ${how}\n${(cases[index] as Buffer).toString('hex')}`)
      }
    }
    t.diagnostic(`${count} cases from seed ${fuzzSeed}`)
  },
)
