/** Bodies in pieces of one byte: what looks like a megabyte must cost no more than one, and nobody else anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { Flag, frame, FrameClient, Type } from '../support/http2-frames.ts'
import { until } from '../support/until.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

const COUNT = 1_000_000
const AT_ONCE = 1000
const linux = { skip: process.platform !== 'linux', timeout: 120_000 }

/** Seconds of processor time, and the most memory that it ever had, in MiB. */
function costOf(pid: number): { cpu: number; memory: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, memory: Number(peak) / 1024 }
}

/** A client that asks for a small page again and again, until `stop`; gives how many it got. */
function neighbour(server: FlowServer): { stop(): Promise<number> } {
  let stopped = false
  const asking = (async () => {
    let pages = 0
    while (!stopped) {
      const begun = performance.now()
      assert.equal(await server.page('/hello'), 'hello')
      assert.ok(performance.now() - begun < 5000, 'a page took longer than 5 s')
      pages++
    }
    return pages
  })()
  asking.catch(() => undefined)
  return {
    stop: () => {
      stopped = true
      return asking
    },
  }
}

async function sendChunks(server: FlowServer): Promise<string> {
  const client = await server.client()
  client.socket.write('POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunks = '1\r\nx\r\n'.repeat(AT_ONCE)
  for (let sent = 0; sent < COUNT; sent += AT_ONCE) if (!client.socket.write(chunks)) await once(client.socket, 'drain')
  client.socket.write('0\r\n\r\n')
  await client.receives(/\r\n\r\n\d+$/, 60)
  return client.received.slice(client.received.lastIndexOf('\n') + 1)
}

/** What WINDOW_UPDATE and SETTINGS have allowed for a stream so far, beyond what there is at first. */
function windowOf(client: FrameClient, stream: number): number {
  const update = (sum: number, { payload }: { payload: Buffer }): number => sum + payload.readUInt32BE(0)
  return 65_535 + client.of(Type.WINDOW_UPDATE, stream).reduce(update, 0)
}

async function sendFrames(server: FlowServer, t: TestContext): Promise<string> {
  const client = await FrameClient.connect(server.url)
  t.after(() => client.destroy())
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/upload'],
    [':authority', 'a'],
  ] as const
  client.head(1, fields, false)
  const one = frame(Type.DATA, 0, 1, 'x')
  for (let sent = 0; sent < COUNT;) {
    const room = Math.min(windowOf(client, 0), windowOf(client, 1)) - sent
    const count = Math.min(AT_ONCE, COUNT - sent, room)
    assert.equal(client.ended, false, 'the connection goes on')
    if (count > 0) {
      sent += count
      if (client.socket.write(Buffer.concat(Array.from({ length: count }, () => one)))) continue
      await once(client.socket, 'drain')
    } else await new Promise((resolve) => setTimeout(resolve, 1))
  }
  client.send(frame(Type.DATA, Flag.END_STREAM, 1))
  await until('the answer', () => client.of(Type.DATA, 1).length > 0, 60)
  return Buffer.concat(client.of(Type.DATA, 1).map(({ payload }) => payload)).toString()
}

for (const mode of ['buffer', 'stream']) {
  test(
    `a million chunks, and frames of HTTP/2, of one byte cost seconds and no memory, with --request-body ${mode} (B10, E11)`,
    linux,
    async (t) => {
      const server = await serveFlow({ options: ['--request-body', mode] })
      t.after(server.stop)
      assert.equal(await server.page('/hello'), 'hello')
      for (const send of [sendChunks, sendFrames]) {
        const before = costOf(server.pid)
        const others = neighbour(server)
        const answer = await send(server, t).finally(() => others.stop())
        assert.equal(answer, String(COUNT))
        assert.ok((await others.stop()) > 0)
        const { cpu, memory } = costOf(server.pid)
        assert.ok(cpu - before.cpu < 15, `${cpu - before.cpu} s`)
        assert.ok(memory - before.memory < 64, `${memory - before.memory} MiB`)
      }
    },
  )
}

test(
  'bodies of one-byte chunks that nobody reads yet cost what they have in bytes, not in chunks (B10, E11)',
  linux,
  async (t) => {
    const server = await serveFlow({ options: ['--request-body', 'stream', '--threads', '1', '--graceful-timeout', '0.1'] })
    t.after(server.stop)
    const first = await server.client()
    first.get('/sleep?seconds=30')
    await until('the only thread to be taken', () => server.notes().includes('sleeping'))
    const before = costOf(server.pid)
    const chunks = '1\r\nx\r\n'.repeat(60_000)
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.client()))
    for (const { socket } of clients) {
      socket.write(`POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
    }
    // All that the server takes: behind that it reads no further.
    await until('it to be quiet', async () => {
      const { cpu } = costOf(server.pid)
      await new Promise((resolve) => setTimeout(resolve, 500))
      return costOf(server.pid).cpu - cpu < 0.05
    })
    const grown = costOf(server.pid).memory - before.memory
    assert.ok(grown < 80, `${grown} MiB`)
  },
)
