/** Floods of HTTP/2 by clients that come again as soon as they are closed: the server lives, its memory is bounded, and others get their pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { block, Flag, frame, FrameClient, Type } from '../support/http2-frames.ts'
import { residentMemory } from '../support/processes.ts'
import { pause } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

const SECONDS = 2
const ATTACKERS = 8
/** MiB. A hundred thousand streams a second, which are garbage at once, let node:http2 take 200; it stays at that. */
const MOST_GROWTH = 400
const linux = { skip: process.platform !== 'linux', timeout: 120_000 }

type Flood = (round: number) => Buffer[]

const fields = (method: string, path: string): Buffer =>
  block([
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'shop.example'],
  ])
const head = fields('GET', '/hello')
const posted = fields('POST', '/upload')
const times = (count: number, bytes: Buffer): Buffer[] => Array.from({ length: count }, () => bytes)

/** What each sends in a round. Rounds begin with 0 on a new connection. */
const floods: Readonly<Record<string, Flood>> = {
  'streams that are reset at once (E3)': (round) =>
    Array.from({ length: 20 }, (_, index) => 1 + 2 * (round * 20 + index)).flatMap((stream) => [
      frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream, head),
      frame(Type.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8])),
    ]),
  'a head without end (E4)': (round) =>
    round === 0
      ? [frame(Type.HEADERS, Flag.END_STREAM, 1, head)]
      : times(10, frame(Type.CONTINUATION, 0, 1, block([['x', 'y'.repeat(4000)]]))),
  'PING (E5)': () => times(100, frame(Type.PING, 0, 0, Buffer.alloc(8))),
  'SETTINGS (E5)': () => times(100, frame(Type.SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 9]))),
  'empty DATA (E5)': (round) =>
    round === 0 ? [frame(Type.HEADERS, Flag.END_HEADERS, 1, posted)] : times(100, frame(Type.DATA, 0, 1)),
  'streams whose bodies stop before their end (E11)': (round) =>
    round < 100
      ? [frame(Type.HEADERS, Flag.END_HEADERS, 1 + 2 * round, posted), frame(Type.DATA, 0, 1 + 2 * round, Buffer.alloc(4000))]
      : [],
}

async function attack(url: string, flood: Flood, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const client = await FrameClient.connect(url)
    for (let round = 0; !client.ended && !until.aborted; round++) {
      client.send(...flood(round))
      // Who is not read does not send on either.
      await pause(client.socket.writableLength > 1_000_000 ? 0.05 : 0.001)
    }
    client.destroy()
  }
}

for (const [name, flood] of Object.entries(floods)) {
  test(`${ATTACKERS} clients of HTTP/2 that flood a server with ${name} leave others their pages`, linux, async (t) => {
    const server = await serveFlow({ options: ['--threads', '4', '--graceful-timeout', '0.5'] })
    t.after(server.stop)
    assert.equal(await server.page('/hello'), 'hello')
    const before = residentMemory(server.pid)
    const stop = new AbortController()
    const attacks = Array.from({ length: ATTACKERS }, () => attack(server.url, flood, stop.signal))
    const end = performance.now() + SECONDS * 1000
    let asked = 0
    for (; performance.now() < end || asked < 5; asked++) {
      const begun = performance.now()
      assert.equal(await server.page('/hello'), 'hello')
      assert.ok(performance.now() - begun < 10_000)
      await pause(0.01)
    }
    const grown = residentMemory(server.pid) - before
    stop.abort()
    await Promise.all(attacks)
    t.diagnostic(`${asked} pages, ${Math.round(grown)} MiB more`)
    assert.ok(grown < MOST_GROWTH, `${grown} MiB`)
    assert.equal(await server.page('/hello'), 'hello')
    assert.equal(/^.*(?: ERROR: |Unhandled|Uncaught).*$/m.exec(server.log())?.[0], undefined)
  })
}
