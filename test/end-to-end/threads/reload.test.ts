import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { pause, until } from '../../support/until.ts'
import { Load, serveKind, threadKinds } from './kinds.ts'

for (const kind of threadKinds) {
  // An interpreter in WebAssembly takes a while to start.
  const rounds = kind.name === 'pyodide' ? 2 : 10

  for (const processes of kind.name === 'pyodide' ? ['1'] : ['1', '2']) {
    test(`SIGHUP ${rounds} times under load, ${kind.name} with --processes ${processes}: no request fails, no connection is refused`, async (t) => {
      const server = await serveKind(t, kind, { options: ['--threads', '3', '--processes', processes] })
      const load = new Load(server)
      for (let round = 2; round < rounds + 2; round++) {
        server.write(String(round))
        process.kill(server.pid, 'SIGHUP')
        await until('the new version answers', () => load.answers.has(`version ${round}`), 60)
        await until('the reload is over', () => server.log().split(/ha(?:s|ve) taken over/).length === round, 60)
      }
      assert.deepEqual(await load.end(), [])
      assert.doesNotMatch(server.log(), /another one starts|exceeded/)
    })
  }

  test(`SIGHUP, ${kind.name}: a new version that does not import leaves the old one as it is, and the log says why`, async (t) => {
    const server = await serveKind(t, kind)
    server.write('2', kind.missing.statement)
    process.kill(server.pid, 'SIGHUP')
    await until('the failure is in the log', () => /Not reloaded, the old code goes on/.test(server.log()), 60)
    await until('and the reason', () => kind.missing.said.test(server.log()))
    assert.equal(await server.ask('/'), 'version 1')
    server.write('3')
    process.kill(server.pid, 'SIGHUP')
    await until('the next version answers', async () => (await server.ask('/')) === 'version 3', 60)
  })

  test(`plait web --reload, ${kind.name}: a file that changes is loaded anew`, async (t) => {
    const server = await serveKind(t, kind, { options: ['--reload'] })
    assert.equal(await server.ask('/'), 'version 1')
    // Files are watched from the first look.
    await pause(1)
    server.write('2')
    await until('the new version answers', async () => (await server.ask('/')) === 'version 2', 60)
    server.write('3', kind.missing.statement)
    await until('the page says what is missing', async () => /nothing.of.that.name/.test(await server.ask('/')), 60)
    server.write('4')
    await until('the mended version answers', async () => (await server.ask('/')) === 'version 4', 60)
  })
}

test('plait web --reload, javascript: a file that the application imports counts', async (t) => {
  const [kind] = threadKinds
  assert.ok(kind !== undefined)
  const server = await serveKind(t, kind, { options: ['--reload'] })
  assert.equal(await server.ask('/'), 'version 1')
  await pause(1)
  writeFileSync(`${server.folder}/part.ts`, 'export const part: number = 1')
  server.write('2', `import './part.ts'`)
  await until('the new version answers', async () => (await server.ask('/')) === 'version 2')
  await pause(1)
  writeFileSync(`${server.folder}/part.ts`, `throw new Error('a part is broken')`)
  await until('the page says so', async () => /a part is broken/.test(await server.ask('/')))
})

test('JavaScriptHost: a thread that begins after the file has changed runs what the others run, until there is a reload', async (t) => {
  const [kind] = threadKinds
  assert.ok(kind !== undefined)
  const server = await serveKind(t, kind, { options: ['--threads', '6'] })
  assert.equal(await server.ask('/'), 'version 1')
  server.write('2')
  const answers = await Promise.all(Array.from({ length: 6 }, () => server.ask('/?ms=300')))
  assert.deepEqual(new Set(answers), new Set(['version 1']))
  process.kill(server.pid, 'SIGHUP')
  await until('the new version answers', async () => (await server.ask('/')) === 'version 2')
})
