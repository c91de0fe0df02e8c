/** Under the validator of the language's own library: it watches both sides. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'

export const validatedCases: Cases = {
  'validator: finds nothing wrong with environ and calls': async (server) => {
    const connection = await server.connect()
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const target of ['/valid/environ', '/valid/hello?a=1', '/valid/at-first-next', '/valid/result?kind=generator']) {
        const response = await connection.ask(target, { method }).response(method)
        assert.ok(response.status < 300, `${method} ${target}: ${response.text}\n${server.log}`)
      }
    }
    assert.doesNotMatch(server.log, /AssertionError|WSGIWarning/)
    assert.doesNotMatch(server.log, server.language.frame('\\w+'))
  },

  'validator: finds nothing wrong with request bodies': async (server) => {
    const connection = await server.connect()
    for (const body of ['', 'small', 'x'.repeat(200_000), 'line\n'.repeat(500_000)]) {
      for (const reader of ['read-7', 'iteration']) {
        const response = await connection.ask(`/valid/numbered?n=1&with=${reader}`, { method: 'GET' }).response()
        assert.equal(response.status, 500, 'numbered calls read() without a size, which the validator refuses')
        const read = await connection.ask(`/valid/validated-read?with=${reader}`, { method: 'POST', body }).response()
        assert.deepEqual([read.status, read.text], [200, String(body.length)])
      }
    }
  },

  'validator: finds nothing wrong with streamed results, errors and files': async (server) => {
    const connection = await server.connect()
    assert.equal((await connection.ask('/valid/write-first?of=x').response()).text, 'one two three four five')
    assert.equal((await connection.ask('/valid/result?kind=holes').response()).text, 'abc')
    assert.equal((await connection.ask(`/valid/file?kind=small&folder=${server.folder}`).response()).text, 'small')
    assert.equal((await connection.ask(`/valid/file?kind=real&folder=${server.folder}`).response()).body.length, 300_000)
    assert.equal((await connection.ask('/valid/exc-info-alone').response()).status, 503)
    assert.doesNotMatch(server.log, /AssertionError|WSGIWarning/)
  },
}
