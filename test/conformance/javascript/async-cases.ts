/** Beyond PEP 3333: promises and asynchronous iterables. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Cases } from '../case.ts'
import type { ConformingServer } from '../conforming-server.ts'

interface Summary {
  size: number
  digest: string
  after: string[]
}

/** Reads a body without blocking the thread, and compares it. */
async function readLater(server: ConformingServer, target: string, body: Buffer): Promise<void> {
  const found = await server.report<Summary>(target, { method: 'POST', body })
  const digest = createHash('sha256').update(body).digest('hex')
  assert.deepEqual([found.size, found.digest, found.after], [body.length, digest, ['', '', '']], target)
}

export const asyncCases: Cases = {
  'promise: the application may wait before it answers': async (server) => {
    const [of, gate] = [server.name(), server.gate()]
    const connection = await server.connect()
    connection.ask(`/app/promised-late?of=${of}&gate=${gate}`)
    await server.noted(of, 1)
    assert.equal(connection.pending.length, 0)
    await server.openGate(gate)
    assert.equal((await connection.response()).text, 'late')
  },

  'promise: startResponse and write may be called whenever it goes on': async (server) => {
    const response = await server.ask('/app/starts-late')
    assert.deepEqual([response.status, response.reason, response.text], [503, 'Busy', 'written twice and given'])
  },

  'promise: one that is rejected is an error of the application': async (server) => {
    for (const at of ['call', 'next']) {
      server.beginCase()
      assert.equal((await server.ask(`/app/rejects?at=${at}`)).status, 500, at)
      await server.logged(/LookupError: a rejected mishap/)
    }
    server.beginCase()
    const response = await server.ask('/app/rejects?at=later')
    assert.deepEqual([response.status, response.text, response.complete], [200, 'begun', false])
    await server.logged(/after its response had begun[^]*LookupError: a rejected mishap/)
    assert.doesNotMatch(server.log, /thread/i)
  },

  'promise: the client may leave while it waits': async (server) => {
    const [of, gate] = [server.name(), server.gate()]
    const connection = await server.connect()
    connection.ask(`/app/promised-late?of=${of}&gate=${gate}`)
    await server.noted(of, 1)
    connection.reset()
    await server.openGate(gate)
    assert.deepEqual(await server.settled(of, 1), ['called'])
    assert.doesNotMatch(server.log, /^error/m)
  },

  'async iterable: the head leaves with the first block, each block at once': async (server) => {
    const [of, gate] = [server.name(), server.gate()]
    const connection = await server.connect()
    connection.ask(`/app/gated-later?of=${of}&gate=${gate}`)
    await server.noted(of, 1)
    assert.equal(connection.pending.length, 0)
    await server.openGate(gate)
    await connection.receives(/first/)
    await server.openGate(gate)
    const response = await connection.response()
    assert.deepEqual([response.text, response.chunks], ['firstsecond', [5, 6]])
  },

  'async iterable: one that waits for ever ends when the client goes': async (server) => {
    const of = server.name()
    const connection = await server.connect()
    connection.ask(`/app/never-later?of=${of}`)
    await server.noted(of, 1)
    connection.reset()
    assert.deepEqual((await server.settled(of, 3)).toSorted(), ['called', 'close', 'return'])
    assert.doesNotMatch(server.log, /^error/m)
  },

  'async iterable: an endless one waits for a slow client, and ends when it goes': async (server) => {
    const of = server.name()
    const connection = await server.connect()
    connection.ask(`/app/endless-later?of=${of}`)
    await connection.receives(/xxxx/)
    connection.socket.pause()
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
    connection.destroy()
    assert.deepEqual(await server.settled(of, 1), ['finally'])
    assert.doesNotMatch(server.log, /^error/m)
  },

  'wsgi.input: every way to read it without blocking the thread': async (server) => {
    for (const size of [1000, 200_000, 3_000_000]) {
      const body = Buffer.from(Uint8Array.from({ length: size }, (_, at) => at % 251))
      for (const place of ['app', 'stream']) {
        for (const reader of ['async-read', 'async-7', 'async-zero', 'async-iteration', 'async-mixed'])
          await readLater(server, `/${place}/read?with=${reader}`, body)
      }
    }
  },

  'wsgi.input: a streamed body can be answered while it arrives, without blocking the thread': async (server) => {
    const connection = await server.connect()
    connection.ask('/stream/echo-later', { method: 'POST', headers: ['Transfer-Encoding: chunked'] })
    for (const word of ['one', 'two', 'three']) {
      connection.send(`${(word.length + 1).toString(16)}\r\n${word}\n\r\n`)
      await connection.receives(new RegExp(word.toUpperCase()))
    }
    connection.send('0\r\n\r\n')
    assert.equal((await connection.response()).text, 'ONE\nTWO\nTHREE\n')
  },

  'wsgi.input: a body that breaks off rejects what waits for it': async (server) => {
    const of = server.name()
    const connection = await server.connect()
    connection.ask(`/stream/body-error-later?of=${of}`, { method: 'POST', headers: ['Content-Length: 100'] }).send('short')
    await server.noted(of, 1)
    connection.destroy()
    assert.deepEqual(await server.settled(of, 2), ['called', 'broken off'])
  },
}
