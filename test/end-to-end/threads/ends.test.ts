import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pause, until } from '../../support/until.ts'
import { kinds, Load, serveKind, threadKinds, type KindServer } from './kinds.ts'

const notesOf = (server: KindServer): Map<string, number> => {
  const runs = new Map<string, number>()
  for (const id of server.notes()) runs.set(id, (runs.get(id) ?? 0) + 1)
  return runs
}

for (const kind of threadKinds) {
  test(`a thread that ends, ${kind.name}: its GET runs once more and no further, its POST gets 502, no other request notices`, async (t) => {
    const server = await serveKind(t, kind, { options: ['--threads', '4'] })
    const load = new Load(server, 8)
    for (let round = 0; round < 5; round++) {
      assert.match(await server.ask(`/die?ms=20`), /^502 /)
      assert.match(await server.ask(`/die?ms=20`, { method: 'POST' }), /^502 /)
    }
    const ids = Array.from({ length: 20 }, (_, number) => `post-${number}`)
    const posts = Promise.all(ids.map((id) => server.ask(`/note?ms=50&id=${id}`, { method: 'POST' })))
    assert.match(await server.ask(`/die`), /^502 /)
    const answers = await posts
    assert.deepEqual(answers, ids)
    assert.deepEqual(await load.end(), [])
    const runs = notesOf(server)
    assert.deepEqual(
      [...runs.values()],
      Array.from({ length: 20 }, () => 1),
      'no POST ran twice',
    )
    // Each GET of /die was met twice.
    assert.equal(server.log().split('ended with exit code 3').length - 1 >= 5 * 3 + 2, true)
  })

  test(`plait web --timeout, ${kind.name}: 504, and the log has the request and the stack; others go on`, async (t) => {
    const server = await serveKind(t, kind, { options: ['--threads', '3', '--timeout', '1'] })
    const load = new Load(server, 2)
    assert.match(await server.ask('/loop'), /^504 /)
    await until('the stack is in the log', () => kind.loops.test(server.log()))
    assert.match(server.log(), /\/loop/)
    assert.deepEqual(await load.end(), [])
  })

  test(`plait web --max-requests and --max-age, ${kind.name}: threads are replaced under load, and no request fails`, async (t) => {
    const server = await serveKind(t, kind, { options: ['--threads', '3', '--max-requests', '20', '--max-rss', '1G'] })
    const load = new Load(server, 4)
    await until('it was replaced twice', () => server.log().split('takes its place').length > 2, 60)
    assert.deepEqual(await load.end(), [])
    assert.match(server.log(), /has answered \d+ requests: /)
    assert.equal(server.log().split('--max-rss) means nothing').length, 2, 'said once')
  })

  test(`SIGTERM, ${kind.name}: what runs comes to its end`, async (t) => {
    const server = await serveKind(t, kind, { options: ['--threads', '3'] })
    const slow = [1, 2, 3].map((number) => server.ask(`/note?ms=1500&id=${number}`))
    await until('they run', () => server.notes().length === 3, 60)
    const stopped = server.stop()
    assert.deepEqual(await Promise.all(slow), ['1', '2', '3'])
    await stopped
    assert.equal(await server.exited, 0)
  })
}

for (const kind of kinds) {
  for (const endless of kind.endless) {
    test(`plait web --start-timeout, ${kind.name}: a new version whose import never ends (${endless}) leaves the old one as it is`, async (t) => {
      // Long enough for an interpreter in WebAssembly on a busy machine.
      const seconds = kind.name === 'pyodide' ? 15 : 4
      const server = await serveKind(t, kind, { options: ['--start-timeout', String(seconds)] })
      server.write('2', endless)
      process.kill(server.pid, 'SIGHUP')
      await until('it is given up', () => /Not reloaded, the old code goes on/.test(server.log()), 60)
      assert.match(server.log(), new RegExp(`was not imported within ${seconds} s`))
      if (kind.name === 'python') await until('the stack is there', () => /app\.py", line 3 in <module>/.test(server.log()))
      if (endless === 'for (;;);') await until('the stack is there', () => /app\.ts:3:/.test(server.log()))
      assert.equal(await server.ask('/'), 'version 1')
      server.write('3')
      process.kill(server.pid, 'SIGHUP')
      await until('the next version answers', async () => (await server.ask('/')) === 'version 3', 60)
    })
  }
}

test('SIGQUIT, javascript: the log has the stack of each thread and what it runs, and everything goes on', async (t) => {
  const [kind] = threadKinds
  assert.ok(kind !== undefined)
  const server = await serveKind(t, kind, { options: ['--threads', '3', '--timeout', '10'] })
  const slow = server.ask('/note?ms=6000&id=slow')
  const looping = server.ask('/loop')
  await until('it runs', () => server.notes().length === 1)
  await until('both stacks are there', async () => {
    process.kill(server.pid, 'SIGQUIT')
    await pause(0.4)
    const sleeps = /in GET \/note:\n(?:.*\n)?\s+at application \(\S+app\.ts:11:/.test(server.log())
    return sleeps && /in GET \/loop:\n\s+at runForEver \(\S+app\.ts:6:/.test(server.log())
  })
  assert.equal(await slow, 'slow')
  assert.match(await looping, /^504 /)
})
