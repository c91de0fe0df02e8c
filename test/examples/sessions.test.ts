import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser } from '../support/browser.ts'
import { root } from '../support/paths.ts'
import { noRedis, startRedis } from '../support/redis.ts'
import { startProgram } from '../support/server.ts'

const program = `${root}/examples/sessions/serve.mjs`

test('examples/sessions counts the visits of each visitor, until they are to be forgotten', async (t) => {
  const server = await startProgram(program, { PORT: '0' })
  t.after(() => server.stop())
  const [one, other] = [new Browser(server.url), new Browser(server.url)]
  assert.match((await one.visit({ path: '/' })).text, /been here once\./)
  assert.match((await one.visit({ path: '/' })).text, /been here 2 times\./)
  assert.match((await other.visit({ path: '/' })).text, /been here once\./)
  const forgotten = await one.visit({ method: 'POST', path: '/forget', body: '' })
  assert.deepEqual([forgotten.status, forgotten.header('location')], [303, '/'])
  assert.equal(one.cookies.size, 0)
  assert.match((await one.visit({ path: '/' })).text, /been here once\./)
  assert.match((await other.visit({ path: '/' })).text, /been here 2 times\./)
})

test('examples/sessions: with Redis a restart forgets nobody', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t)
  const cookies = new Map<string, string>()
  for (const visits of ['once', '2 times']) {
    const server = await startProgram(program, { PORT: '0', REDIS: `unix://${redis.socket}` })
    const browser = new Browser(server.url)
    for (const [name, value] of cookies) browser.cookies.set(name, value)
    assert.match((await browser.visit({ path: '/' })).text, new RegExp(`been here ${visits}\\.`))
    for (const [name, value] of browser.cookies) cookies.set(name, value)
    await server.stop()
  }
})
