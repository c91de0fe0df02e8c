import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { folderWith } from '../cli/run-plait.ts'
import { ask } from '../support/ask.ts'
import { Browser } from '../support/browser.ts'
import { childrenOf } from '../support/processes.ts'
import { startPlait } from '../support/server.ts'
import { pause, until } from '../support/until.ts'

/** An application that says which version of it is loaded, and can take its time. */
const source = (version: string): string => `import time
def application(environ, start_response):
    time.sleep(int(environ["QUERY_STRING"] or 0) / 1000)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"version ${version}"]
`

for (const processes of [1, 2]) {
  test(`SIGHUP ten times under load, with --processes ${processes}: no request fails, no connection is refused`, async (t) => {
    const folder = folderWith(t, { 'app.py': source('0') })
    const server = await startPlait({ application: 'app', folder, options: ['--processes', String(processes)] })
    t.after(() => server.stop())
    let over = false
    const seen = new Map<string, number>()
    const kept = new Agent({ keepAlive: true })
    const client = async (name: number): Promise<void> => {
      for (let number = 0; !over; number++) {
        // Half of them with a connection for each request: none of these may be refused.
        const answer = await ask(`${server.url}/?${5 + ((name * 31 + number * 67) % 196)}`, {
          agent: name % 2 === 0 ? kept : new Agent(),
        })
        seen.set(answer, (seen.get(answer) ?? 0) + 1)
      }
    }
    const clients = Array.from({ length: 16 }, (_, name) => client(name))
    for (let round = 1; round <= 10; round++) {
      writeFileSync(`${folder}/app.py`, source(String(round)))
      process.kill(server.pid, 'SIGHUP')
      await until(
        'the new hosts have taken over',
        () => server.log().split('have taken over').length + server.log().split('has taken over').length - 2 === round,
      )
      await until('the new version answers', () => seen.has(`version ${round}`))
    }
    over = true
    await Promise.all(clients)
    kept.destroy()
    const failed = [...seen].filter(([answer]) => !/^version \d+$/.test(answer))
    assert.deepEqual(failed, [])
    t.diagnostic(`${[...seen.values()].reduce((sum, count) => sum + count, 0)} requests over 11 versions`)
    await until('the old processes are gone', () => childrenOf(server.pid).length === processes)
    assert.doesNotMatch(server.log(), /another one starts/)
  })
}

test('SIGHUP with code that does not import: the old code goes on, and the log says why', async (t) => {
  const folder = folderWith(t, { 'app.py': source('1') })
  const server = await startPlait({ application: 'app', folder })
  t.after(() => server.stop())
  writeFileSync(`${folder}/app.py`, 'import nothing_of_that_name\n')
  process.kill(server.pid, 'SIGHUP')
  await until('the failure is in the log', () => /Not reloaded, the old code goes on/.test(server.log()))
  assert.match(server.log(), /app\.py", line 1[^]*No module named 'nothing_of_that_name'/)
  assert.equal((await new Browser(server.url).visit({ path: '/' })).text, 'version 1')
  writeFileSync(`${folder}/app.py`, source('2'))
  process.kill(server.pid, 'SIGHUP')
  await until('the new code answers', async () => (await new Browser(server.url).visit({ path: '/' })).text === 'version 2')
})

test('SIGHUP: a request that outlasts the graceful timeout gets 502, once', async (t) => {
  const folder = folderWith(t, { 'app.py': source('1') })
  const server = await startPlait({ application: 'app', folder, options: ['--graceful-timeout', '0.5'] })
  t.after(() => server.stop())
  const slow = ask(`${server.url}/?60000`)
  await pause(0.3)
  process.kill(server.pid, 'SIGHUP')
  assert.match(await slow, /^502 /)
})

test('SIGTERM ends a server that is reloading and draining', async (t) => {
  const folder = folderWith(t, { 'app.py': source('1') })
  const server = await startPlait({ application: 'app', folder, options: ['--graceful-timeout', '1'] })
  t.after(() => server.stop())
  void ask(`${server.url}/?60000`)
  await pause(0.3)
  process.kill(server.pid, 'SIGHUP')
  await until('it has reloaded', () => /has taken over/.test(server.log()))
  const children = childrenOf(server.pid)
  await server.stop()
  assert.equal(await server.exited, 0)
  for (const child of children) assert.throws(() => process.kill(child, 0))
})

test('plait web --reload loads the application anew when a file changes that it imported, and shows why it does not import', async (t) => {
  const folder = folderWith(t, { 'app.py': `import part\n${source('1')}`, 'part.py': '', 'unused.py': '', 'page.html': 'a' })
  const server = await startPlait({
    application: 'app',
    folder,
    options: ['--reload', '--reload-extra', `${folder}/*.html`],
  })
  t.after(() => server.stop())
  const page = async (): Promise<string> => (await new Browser(server.url).visit({ path: '/' })).text
  const lines = (): number => server.log().split('changed: reloading').length - 1
  // Files are watched from the first look.
  await pause(1)
  writeFileSync(`${folder}/unused.py`, 'x = 1\n')
  writeFileSync(`${folder}/part.py`, 'raise ValueError("no <parts>")\n')
  await until('the page shows the traceback', async () => /ValueError: no &lt;parts&gt;/.test(await page()))
  assert.doesNotMatch(server.log(), /unused/)
  writeFileSync(`${folder}/part.py`, 'import lazily\n')
  await until('the page names the module', async () => /No module named .{1,10}lazily/.test(await page()))
  writeFileSync(`${folder}/part.py`, '')
  await until('it serves again', async () => (await page()) === 'version 1')
  // Each page asked for an import of its own meanwhile: changes may have been told together.
  await until('the change was noticed', () => lines() >= 1)
  await pause(1)
  const before = lines()
  writeFileSync(`${folder}/page.html`, 'b')
  await until('a template counts', () => lines() > before)
})

test('plait web --reload starts with an application that does not import, and serves it when it does', async (t) => {
  const folder = folderWith(t, { 'app.py': 'def application(\n' })
  const server = await startPlait({ application: 'app', folder, options: ['--reload'] })
  t.after(() => server.stop())
  const visit = (): Promise<{ text: string }> => new Browser(server.url).visit({ path: '/' })
  assert.match((await visit()).text, /SyntaxError/)
  writeFileSync(`${folder}/app.py`, source('1'))
  await until('it serves', async () => (await visit()).text === 'version 1')
})
