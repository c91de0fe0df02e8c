import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/guarded shows its folder to members only', async (t) => {
  const server = await startProgram(`${root}/examples/guarded/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const get = (path: string, password?: string): Promise<Response> => {
    const headers = password === undefined ? {} : { Authorization: `Basic ${btoa(`alice:${password}`)}` }
    return fetch(server.url + path, { headers })
  }
  assert.match(await (await get('/')).text(), /Members/)
  const asked = await get('/members/whoami')
  assert.deepEqual([asked.status, asked.headers.get('www-authenticate')], [401, 'Basic realm="Members", charset="UTF-8"'])
  assert.equal((await get('/members/', 'wrong')).status, 401)
  assert.match(await (await get('/members/', 'open sesame')).text(), /<h1>Members<\/h1>/)
  assert.equal(await (await get('/members/whoami', 'open sesame')).text(), 'alice')
})
