/** Beyond PEP 3333: a string is a block of UTF-8 text. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'

const word = 'na\u00efve \u20ac \u{1f600} '

export const textCases: Cases = {
  'text: a string is a block of UTF-8, given or written': async (server) => {
    const given = await server.ask('/app/letters')
    assert.equal(given.body.toString('utf8'), word.repeat(3))
    const written = await server.ask('/app/letters?write')
    assert.equal(written.body.toString('utf8'), word.repeat(4))
    assert.equal(written.headers['content-type'], 'text/plain; charset=utf-8')
  },

  'text: Content-Length of a string counts its bytes': async (server) => {
    const { headers } = await server.ask('/app/result?kind=text')
    assert.equal(headers['content-length'], '3')
    const promised = await server.ask('/app/starts-late')
    assert.equal(promised.text, 'written twice and given')
  },

  'startResponse: null in place of an error is none': async (server) => {
    assert.equal((await server.ask('/app/keyword-and-list?null')).text, 'Hello')
  },
}
