/** "Error Handling", and what a host outlives. */
import assert from 'node:assert/strict'
import type { Case, Cases } from '../case.ts'
import type { Language, Raised } from '../language.ts'

/** A failure in the call, after start_response, and at the first next. */
function fails(kind: string, { shown, ...more }: Raised): Case {
  return async (server) => {
    const { innerTrace } = server.language
    const frame = 'frame' in more ? more.frame : 'raise'
    const connection = await server.connect()
    for (const at of ['call', 'started', 'next']) {
      server.beginCase()
      const response = await connection.ask(`/app/raises?at=${at}&kind=${kind}`).response()
      assert.equal(response.status, 500, at)
      assert.equal(response.headers['x-mine'], undefined)
      assert.doesNotMatch(response.text, /mishap|Traceback|apps\.(py|ts)/)
      await server.logged(/error WSGI application error before its response/)
      assert.ok(server.log.includes(shown), `${at}: ${server.log}`)
      if (frame !== undefined) assert.match(server.log, server.language.frame(frame))
      assert.equal(server.records.filter(({ level }) => level === 'error').length, 1)
      assert.doesNotMatch(server.log, innerTrace)
      assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    }
  }
}

/** For the kinds of failures that a language has. */
export function troubleCases({ raised }: Language): Cases {
  const each = Object.entries(raised).map(
    ([kind, one]) =>
      [`errors: ${kind} before output: 500, a traceback in the log, and the host lives`, fails(kind, one)] as const,
  )
  return { ...Object.fromEntries(each), ...everywhere }
}

const everywhere: Cases = {
  'errors: after output the connection is cut, no last chunk': async (server) => {
    for (const kind of server.language.raisedLate) {
      server.beginCase()
      const connection = await server.connect()
      connection.ask(`/app/raises?at=later&kind=${kind}`)
      const received = (await connection.closed()).toString('latin1')
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n5\r\nbegun\r\n$/)
      await server.logged(/after its response had begun/)
      assert.match(server.log, server.language.frame('\\w+'))
    }
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
  },

  'errors: StopIteration of a callable is an error too': async (server) => {
    assert.equal((await server.ask('/app/raises?at=call&kind=stop')).status, 500)
    assert.equal((await server.ask('/app/hello')).text, 'Hello')
  },

  'output: what is printed and logged reaches the log': async (server) => {
    const word = server.name()
    assert.equal((await server.ask(`/app/prints?word=${word}`)).text, 'ok')
    for (const line of ['printed', 'to stderr', 'logged']) await server.logged(new RegExp(`${word} ${line}`))
  },

  'output: what is written to descriptor 1 reaches the log': async (server) => {
    const word = server.name()
    assert.equal((await server.ask(`/app/prints-raw?word=${word}`)).text, 'ok')
    await server.logged(new RegExp(`${word} raw`))
  },

  'plait.client_disconnected: false, then true once the client has gone': async (server) => {
    const of = server.name()
    const connection = await server.connect()
    connection.ask(`/app/gone?of=${of}`)
    await server.noted(of, 1)
    connection.reset()
    assert.deepEqual(await server.noted(of, 2), ['before False', 'after True'])
    assert.doesNotMatch(server.log, /^error/m)
  },

  'a client that has closed its own direction still gets its answer': async (server) => {
    const gate = server.gate()
    const connection = await server.connect()
    connection.ask(`/app/answers-late?gate=${gate}`).socket.end()
    await server.openGate(gate)
    const response = await connection.response()
    assert.deepEqual([response.text, response.complete], ['late', true])
  },

  'fork: a child that exits later neither answers nor ends anything': async (server) => {
    const gate = server.gate()
    const connection = await server.connect()
    const child = JSON.parse((await connection.ask(`/app/forks?how=exit&gate=${gate}`).response()).text) as number
    assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    await server.openGate(gate)
    assert.equal(await server.report<number>(`/app/waits?pid=${child}`), 0)
    for (let turn = 0; turn < 5; turn++) assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    assert.equal(connection.pending.length, 0)
  },

  'fork: a child that comes back from the application ends there': async (server) => {
    const connection = await server.connect()
    for (const how of ['return', 'blocks', 'write', 'raise', 'sys-exit']) {
      const child = JSON.parse((await connection.ask(`/app/forks?how=${how}`).response()).text) as number
      await server.report<number>(`/app/waits?pid=${child}`)
      for (let turn = 0; turn < 5; turn++) assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
      assert.equal(connection.pending.length, 0)
    }
  },
}
