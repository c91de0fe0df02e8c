import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/virtual-hosts serves each host its own site', async (t) => {
  const server = await startProgram(`${root}/examples/virtual-hosts/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const ask = async (
    host: string,
    path: string,
  ): Promise<[status: number | undefined, text: string, location: string | undefined]> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get(`${server.url}${path}`, { headers: { Host: host } }, resolve).on('error', reject),
    )
    return [answer.statusCode, await text(answer), answer.headers.location]
  }
  assert.match((await ask('shop.localhost', '/'))[1], /<h1>Shop<\/h1>/)
  const [status, , location] = await ask('SHOP.localhost:8080', '/basket')
  assert.deepEqual([status, location], [308, '/cart.html'])
  assert.match((await ask('blog.localhost', '/'))[1], /<h1>Blog<\/h1>/)
  assert.match((await ask('blog.localhost', '/archive/first'))[1], /<h1>The first article<\/h1>/)
  assert.match((await ask('anna.people.localhost', '/any/path'))[1], /This is anna's page/)
  assert.equal((await ask('127.0.0.1', '/'))[0], 302)
})
