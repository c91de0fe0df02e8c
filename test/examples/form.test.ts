import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

const png = Buffer.from('89504e470d0a1a0a', 'hex')

test('examples/form takes entries with pictures, remembers the name, and redirects', async (t) => {
  const server = await startProgram(`${root}/examples/form/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const form = new FormData()
  form.append('name', 'Zoë <b>')
  form.append('text', 'Hello')
  form.append('picture', new File([png], 'me.png', { type: 'text/html' }))
  const posted = await fetch(server.url, { method: 'POST', body: form, redirect: 'manual' })
  assert.deepEqual([posted.status, posted.headers.get('location')], [303, '/'])
  const cookie = posted.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.equal(cookie, `name=${encodeURIComponent('Zoë <b>')}`)
  const page = await (await fetch(server.url, { headers: { cookie } })).text()
  assert.match(page, /<b>Zoë &lt;b&gt;<\/b>: Hello <img src="pictures\/0"/)
  assert.match(page, /value="Zoë &lt;b&gt;"/)
  const picture = await fetch(`${server.url}/pictures/0`)
  assert.deepEqual([picture.headers.get('content-type'), picture.headers.get('x-content-type-options')], ['image/png', 'nosniff'])
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png)
  assert.equal((await fetch(`${server.url}/pictures/1`)).status, 404)
})

test('examples/form refuses large files and broken forms, and serves on', async (t) => {
  const server = await startProgram(`${root}/examples/form/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const large = new FormData()
  large.append('picture', new File([Buffer.alloc(550 * 1024)], 'large.png'))
  assert.equal((await fetch(server.url, { method: 'POST', body: large })).status, 413)
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' }
  assert.equal((await fetch(server.url, { method: 'POST', body: '--b\r\n', headers })).status, 400)
  assert.equal((await fetch(server.url, { headers: { cookie: 'name=%zz' } })).status, 200)
})
