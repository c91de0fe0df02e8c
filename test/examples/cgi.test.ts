import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/cgi runs shell, Python and Perl', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-cgi-example-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startProgram(`${root}/examples/cgi/serve.mjs`, { PORT: '0', GUEST_BOOK: `${folder}/book` })
  t.after(() => server.stop())
  const guests = `${server.url}/cgi-bin/guests`
  const signed = await fetch(guests, { method: 'POST', body: 'Ada was here' })
  assert.deepEqual([signed.redirected, await signed.text()], [true, 'Ada was here\n'])
  await fetch(guests, { method: 'POST', body: 'Grace too' })
  assert.equal(await (await fetch(`${guests}?Grace`)).text(), 'Grace too\n')

  const pieces: string[] = []
  const { body } = await fetch(`${server.url}/cgi-bin/clock`)
  assert.ok(body)
  for await (const piece of body.pipeThrough(new TextDecoderStream())) pieces.push(piece)
  assert.equal(pieces.join(''), 'tick 1\ntick 2\ntick 3\n')
  assert.ok(pieces.length > 1, 'it was streamed')

  const page = await fetch(`${server.url}/pages/hello.pl/there`)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.match(await page.text(), /Hello from Perl.*\n.*: \/there/)
})
