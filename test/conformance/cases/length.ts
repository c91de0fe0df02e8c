/** "Handling the Content-Length Header"; RFC 9110 sections 8.6 and 9.3.2: how long a body is. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'

const shapes = ['length?kind=list', 'length?kind=blocks', 'write-length?']

export const lengthCases: Cases = {
  'Content-Length: of the application, sent as it is': async (server) => {
    const connection = await server.connect()
    for (const shape of shapes) {
      const response = await connection.ask(`/app/${shape}&declared=12&gives=12`).response()
      assert.deepEqual([response.text.length, response.headers['content-length']], [12, '12'], shape)
      assert.equal(response.headers['transfer-encoding'], undefined)
    }
  },

  'Content-Length: surplus is cut, and the connection goes on': async (server) => {
    const connection = await server.connect()
    for (const shape of shapes) {
      const response = await connection.ask(`/app/${shape}&declared=5&gives=20000`).response()
      assert.deepEqual([response.text, response.complete], ['xxxxx', true], shape)
      assert.equal((await connection.ask('/app/hello').response()).text, 'Hello', shape)
    }
    await server.logged(/warn The application gave more bytes/)
  },

  'Content-Length: 0 with a body': async (server) => {
    const connection = await server.connect()
    for (const shape of shapes) {
      const response = await connection.ask(`/app/${shape}&declared=0&gives=9`).response()
      assert.deepEqual([response.text, response.complete], ['', true], shape)
    }
  },

  'Content-Length: too few bytes cut the connection, and the log says so': async (server) => {
    for (const shape of shapes) {
      server.beginCase()
      const connection = await server.connect()
      const response = await connection.ask(`/app/${shape}&declared=10&gives=4`).ask('/app/hello').response()
      assert.deepEqual([response.complete, response.text], [false, 'xxxx'], shape)
      assert.equal((await connection.closed()).length, 0)
      await server.logged(/too short/)
    }
  },

  'HEAD: the head of GET and no body': async (server) => {
    const connection = await server.connect()
    const whole = await connection.ask('/app/result?kind=one', { method: 'HEAD' }).response('HEAD')
    assert.deepEqual([whole.status, whole.headers['content-length']], [200, '3'])
    const blocks = await connection.ask('/app/result?kind=generator', { method: 'HEAD' }).response('HEAD')
    assert.equal(blocks.headers['content-length'], undefined)
    const declared = await connection.ask('/app/length?kind=list&declared=100&gives=100', { method: 'HEAD' }).response('HEAD')
    assert.equal(declared.headers['content-length'], '100')
    const none = await connection.ask('/app/length?kind=blocks&declared=100&gives=0', { method: 'HEAD' }).response('HEAD')
    assert.equal(none.headers['content-length'], '100')
    assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    assert.doesNotMatch(server.log, /^(error|warn)/m)
  },

  '204 and 304: no body, whatever the application gives': async (server) => {
    const connection = await server.connect()
    for (const line of ['204 No Content', '304 Not Modified']) {
      for (const kind of ['list', 'blocks']) {
        const of = server.name()
        const response = await connection.ask(`/app/bodyless?kind=${kind}&of=${of}&line=${encodeURIComponent(line)}`).response()
        assert.equal(`${response.status} ${response.reason}`, line)
        assert.equal(response.headers['transfer-encoding'], undefined)
        assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
        if (kind === 'blocks') assert.deepEqual(await server.settled(of, 1), ['close'])
      }
    }
  },

  '204 has no Content-Length, 304 may have that of the page': async (server) => {
    const connection = await server.connect()
    const gone = await connection.ask('/app/bodyless?kind=list&line=204%20No%20Content&length=16').response()
    assert.equal(gone.headers['content-length'], undefined)
    const same = await connection.ask('/app/bodyless?kind=list&line=304%20Not%20Modified&length=16').response()
    assert.equal(same.headers['content-length'], '16')
    assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
  },
}
