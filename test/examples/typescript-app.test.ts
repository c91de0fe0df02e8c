import assert from 'node:assert/strict'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram, startWeb } from '../support/server.ts'

test('examples/typescript-app runs by plait web', async (t) => {
  const server = await startWeb(['--wsgi', './app.ts#application'], { cwd: `${root}/examples/typescript-app` })
  t.after(() => server.stop())
  const text = async (target: string, init?: RequestInit): Promise<string> => (await fetch(server.url + target, init)).text()
  assert.equal(await text('/'), 'Hello, world!\n')
  assert.equal(await text('/count', { method: 'POST', body: 'one\ntwo and three' }), '1: 4 bytes\n2: 13 bytes\n2 lines\n')
  assert.equal(await text('/prime?1000'), '1009\n')
  const leaving = new AbortController()
  const clock = await fetch(`${server.url}/clock`, { signal: leaving.signal })
  const reader = (clock.body as ReadableStream<Uint8Array>).getReader()
  assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /^data: \d{4}-/)
  leaving.abort()
  assert.equal((await fetch(`${server.url}/none`)).status, 404)
})

test('examples/typescript-app runs as a program, and calls a function in a thread', async (t) => {
  const server = await startProgram(`${root}/examples/typescript-app/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  assert.equal(await (await fetch(`${server.url}/app`)).text(), 'Hello, world!\n')
  const words = await fetch(`${server.url}/words`, { method: 'POST', body: 'To be, or not to be' })
  assert.deepEqual(((await words.json()) as unknown[]).slice(0, 2), [
    ['to', 2],
    ['be', 2],
  ])
})
