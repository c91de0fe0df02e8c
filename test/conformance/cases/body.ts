/** "Specification Details", "Buffering and Streaming": the application's result. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'

export const bodyCases: Cases = {
  'result: any iterable of bytes': async (server) => {
    const connection = await server.connect()
    for (const kind of server.language.results.whole) {
      const response = await connection.ask(`/app/result?kind=${kind}`).response()
      assert.deepEqual([response.status, response.text, response.complete], [200, 'abc', true], kind)
    }
  },

  'result: an empty one has a head and no body': async (server) => {
    const connection = await server.connect()
    for (const kind of server.language.results.empty) {
      const response = await connection.ask(`/app/result?kind=${kind}`).response()
      assert.deepEqual([response.status, response.text, response.complete], [200, '', true], kind)
      assert.equal(response.headers['content-type'], 'text/plain')
    }
  },

  'result: what is not bytes: 500, and the connection lives': async (server) => {
    const connection = await server.connect()
    const { wrong } = server.language.results
    for (const kind of wrong) {
      const response = await connection.ask(`/app/result?kind=${kind}`).response()
      assert.equal(response.status, 500, kind)
      assert.match(response.text, /<h1>Internal Server Error</)
      assert.doesNotMatch(response.text, /TypeError/)
    }
    await server.logged(/TypeError/)
    assert.equal(server.records.filter(({ level }) => level === 'error').length, wrong.length)
  },

  'result: large blocks arrive whole': async (server) => {
    assert.equal((await server.ask('/app/result?kind=large-one')).text, 'x'.repeat(300_000))
    const many = 'x'.repeat(100_000) + 'y'.repeat(100_000) + 'z'.repeat(100_000)
    assert.equal((await server.ask('/app/result?kind=large-many')).text, many)
  },

  'result: one block gets a Content-Length, more are chunked': async (server) => {
    for (const [kind, length] of [
      ...server.language.results.onePiece.map((kind) => [kind, '3'] as const),
      ['large-one', '300000'],
      ['empty-list', '0'],
      ['empty-block', '0'],
    ] as const) {
      const { headers } = await server.ask(`/app/result?kind=${kind}`)
      assert.deepEqual([headers['content-length'], headers['transfer-encoding']], [length, undefined], kind)
    }
    for (const kind of ['generator', 'large-many']) {
      const { headers } = await server.ask(`/app/result?kind=${kind}`)
      assert.deepEqual([headers['content-length'], headers['transfer-encoding']], [undefined, 'chunked'], kind)
    }
  },

  'result: HTTP/1.0 without Content-Length ends with the connection': async (server) => {
    const connection = await server.connect()
    const response = await connection
      .ask('/app/result?kind=generator', { version: '1.0', headers: ['Connection: keep-alive'] })
      .response()
    assert.deepEqual([response.text, response.headers['transfer-encoding']], ['abc', undefined])
    assert.equal((await connection.closed()).length, 0)
  },

  'result: the head leaves with the first block that is not empty, each block at once': async (server) => {
    const of = server.name()
    const gate = server.gate()
    const connection = await server.connect()
    connection.ask(`/app/gated?of=${of}&gate=${gate}`)
    await server.noted(of, 1)
    assert.equal(connection.pending.length, 0)
    await server.openGate(gate)
    assert.match(await connection.receives(/first/), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n5\r\nfirst\r\n$/)
    await server.openGate(gate)
    const response = await connection.response()
    assert.deepEqual([response.text, response.chunks], ['firstsecond', [5, 6]])
  },

  'result: a block waits for nothing that comes behind it': async (server) => {
    const gate = server.gate()
    const connection = await server.connect()
    connection.ask(`/app/gated-burst?gate=${gate}`)
    await connection.receives(/fourth/)
    await server.openGate(gate)
    assert.equal((await connection.response()).text, 'first second third fourth last')
  },

  'result: what is written leaves before write returns to a waiting application': async (server) => {
    const gate = server.gate()
    const connection = await server.connect()
    connection.ask(`/app/gated-write?gate=${gate}`)
    assert.match(await connection.receives(/first/), /first\r\n$/)
    await server.openGate(gate)
    assert.equal((await connection.response()).text, 'firstsecond')
  },

  'close(): once, after a result that is iterated to its end': async (server) => {
    for (const kind of ['normal', 'empty']) {
      const of = server.name()
      await server.ask(`/app/closing?kind=${kind}&of=${of}`)
      assert.deepEqual(await server.settled(of, 1), ['close'], kind)
    }
  },

  'close(): once, when iteration raises or gives what is not bytes': async (server) => {
    for (const kind of ['raise-first', 'raise-later', 'text']) {
      const of = server.name()
      const response = await server.ask(`/app/closing?kind=${kind}&of=${of}`)
      assert.equal(response.status, kind === 'raise-later' ? 200 : 500)
      assert.equal(response.complete, kind !== 'raise-later')
      assert.deepEqual(await server.settled(of, 1), ['close'], kind)
    }
  },

  'close(): once, when start_response was never called': async (server) => {
    const of = server.name()
    assert.equal((await server.ask(`/app/close-without-start?of=${of}`)).status, 500)
    assert.deepEqual(await server.settled(of, 1), ['close'])
  },

  'close(): once, when the client has gone': async (server) => {
    for (const [path, note] of [
      ['closing?kind=endless', 'close'],
      ['closing-generator?', 'finally'],
    ] as const) {
      const of = server.name()
      const connection = await server.connect()
      connection.ask(`/app/${path}&of=${of}`)
      await connection.receives(/xxxx/)
      connection.destroy()
      assert.deepEqual(await server.settled(of, 1), [note])
    }
    assert.doesNotMatch(server.log, /^error/m)
  },

  'close(): once, when the client went before the first block': async (server) => {
    const of = server.name()
    const gate = server.gate()
    const connection = await server.connect()
    connection.ask(`/app/gated-closing?of=${of}&gate=${gate}`)
    await server.noted(of, 1)
    connection.reset()
    await server.openGate(gate)
    assert.deepEqual(await server.settled(of, 2), ['waits', 'close'])
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
  },

  'write(): after the response it reaches nobody': async (server) => {
    const connection = await server.connect()
    for (const kind of ['list', 'generator']) {
      const of = server.name()
      const gate = server.gate()
      const response = await connection.ask(`/app/writes-later?kind=${kind}&of=${of}&gate=${gate}`).response()
      assert.equal(response.text, 'abc')
      const second = server.gate()
      const waiting = connection.ask(`/app/answers-late?gate=${second}`)
      await server.openGate(gate)
      await server.noted(of, 1)
      await server.openGate(second)
      assert.equal((await waiting.response()).text, 'late')
      assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    }
  },

  'close(): once, for HEAD, also of an endless result': async (server) => {
    const connection = await server.connect()
    for (const kind of ['normal', 'empty', 'endless']) {
      const of = server.name()
      const response = await connection.ask(`/app/closing?kind=${kind}&of=${of}`, { method: 'HEAD' }).response('HEAD')
      assert.equal(response.status, 200)
      assert.deepEqual(await server.settled(of, 1), ['close'], kind)
    }
    assert.equal(connection.pending.length, 0)
  },

  'close(): what it raises is an error of the application': async (server) => {
    const of = server.name()
    const begun = await server.ask(`/app/close-raises?begun&of=${of}`)
    assert.deepEqual([begun.status, begun.complete], [200, false])
    await server.ask(`/app/close-raises?of=${of}`)
    assert.deepEqual(await server.settled(of, 2), ['close', 'close'])
    await server.logged(/LookupError: raised by close/)
  },
}
