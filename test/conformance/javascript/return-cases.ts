/** Beyond PEP 3333: `return()` of an iterator that is not iterated to its end, beside `close()`. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'

/** Both, in any order, each once. */
const both = ['close', 'return']

export const returnCases: Cases = {
  'return(): not called after a result that is iterated to its end; close() is': async (server) => {
    for (const later of ['', '&later']) {
      const of = server.name()
      assert.equal((await server.ask(`/app/returning?of=${of}${later}`)).text, 'ab')
      assert.deepEqual(await server.settled(of, 1), ['close'])
    }
  },

  'return(): once, and close() once, when a block is none': async (server) => {
    for (const later of ['', '&later']) {
      for (const kind of ['wrong', 'wrong-first']) {
        const of = server.name()
        const response = await server.ask(`/app/returning?kind=${kind}&of=${of}${later}`)
        assert.equal(response.status, kind === 'wrong' ? 200 : 500)
        assert.equal(response.complete, kind !== 'wrong')
        assert.deepEqual((await server.settled(of, 2)).toSorted(), both, `${kind}${later}`)
      }
    }
    await server.logged(/TypeError/)
  },

  'return(): once, and close() once, when startResponse was never called': async (server) => {
    for (const later of ['', '&later']) {
      const of = server.name()
      assert.equal((await server.ask(`/app/returning?unstarted&of=${of}${later}`)).status, 500)
      assert.deepEqual((await server.settled(of, 2)).toSorted(), both)
    }
  },

  'return(): once, and close() once, when the client has gone': async (server) => {
    for (const later of ['', '&later']) {
      const of = server.name()
      const connection = await server.connect()
      connection.ask(`/app/returning?kind=endless&of=${of}${later}`)
      await connection.receives(/xxxx/)
      connection.destroy()
      assert.deepEqual((await server.settled(of, 2)).toSorted(), both)
    }
    assert.doesNotMatch(server.log, /^error/m)
  },

  'return(): not called where next() raised: the iterator is over': async (server) => {
    for (const later of ['', '&later']) {
      const of = server.name()
      assert.equal((await server.ask(`/app/returning?fails=next&of=${of}${later}`)).complete, false)
      assert.deepEqual(await server.settled(of, 1), ['close'])
      await server.logged(/LookupError: raised by next/)
    }
  },

  'return(): what it raises hides nothing that went wrong before, and close() is called': async (server) => {
    for (const later of ['', '&later']) {
      server.beginCase()
      const of = server.name()
      assert.equal((await server.ask(`/app/returning?kind=wrong-first&fails=return&of=${of}${later}`)).status, 500)
      assert.deepEqual((await server.settled(of, 2)).toSorted(), both)
      await server.logged(/TypeError/)
      assert.doesNotMatch(server.log, /raised by return/)
    }
  },
}
