import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { serveFlow } from '../../end-to-end/serve-flow.ts'
import { Browser } from '../../support/browser.ts'
import { childrenOf, isAlive } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { folderWith } from '../../cli/run-plait.ts'
import { keepersOf, servePreloaded, templateOf } from './serve-preloaded.ts'

const options = { skip: process.platform !== 'linux', timeout: 90_000 }

test(
  'preload: SIGKILL of the template under load: no request fails, hosts go on, another template is there',
  options,
  async (t) => {
    const server = await servePreloaded(t, { pool: { processes: 2 } })
    await server.ask('/')
    const hosts = await server.hosts(2)
    let over = false
    const statuses: number[] = []
    const client = async (): Promise<void> => {
      while (!over) statuses.push((await server.ask('/nap')).status)
    }
    const clients = Array.from({ length: 8 }, client)
    await until('requests run', () => server.pool.statistics().working > 0)
    const first = server.template()
    process.kill(first, 'SIGKILL')
    await until('another template has imported', () => server.notes('imported').length === 2)
    over = true
    await Promise.all(clients)
    assert.deepEqual(
      statuses.filter((status) => status !== 200),
      [],
    )
    assert.deepEqual(await server.hosts(2), hosts)
    assert.match(
      server.log(),
      /The template process of stock\.application was killed by SIGKILL .*; the processes forked from it go on, another one starts now/,
    )
    // How a host of the first one ends is known all the same, and it has a successor.
    process.kill(hosts[0] as number, 'SIGTERM')
    process.kill(hosts[0] as number, 'SIGSEGV')
    await until('its end is told', () => server.log().includes('#1 was killed by SIGSEGV'))
    const fresh = await server.hosts(2)
    assert.ok(!fresh.includes(hosts[0] as number))
    assert.equal(server.notes('imported').length, 2)
    process.kill(hosts[1] as number, 'SIGKILL')
    await until('the first keeper has nobody left', () => keepersOf(process.pid).length === 1)
  },
)

test('preload: a template that dies while a host is wanted is replaced for it', options, async (t) => {
  const server = await servePreloaded(t)
  await server.ask('/')
  const [host = 0] = await server.hosts(1)
  process.kill(server.template(), 'SIGKILL')
  process.kill(host, 'SIGKILL')
  await until('another host answers', async () => (await server.ask('/')).status === 200)
  await until('the first keeper has nobody left', () => keepersOf(process.pid).length === 1)
})

test('preload: SIGKILL of the keeper ends its hosts, and others take their place', options, async (t) => {
  const server = await servePreloaded(t)
  const before = Number((await server.ask('/')).text)
  const [keeper = 0] = keepersOf(process.pid)
  process.kill(keeper, 'SIGKILL')
  await until('the host is gone', () => !isAlive(before))
  assert.equal((await server.ask('/')).status, 200)
  assert.match(server.log(), /#1 was ended with its keeper, which was killed by SIGKILL/)
})

for (const [what, page] of [
  ['idle', undefined],
  ['in C code that holds the GIL', '/regex'],
] as const) {
  test(`preload: SIGKILL of the server ends a host that is ${what}, also one whose template is dead`, options, async (t) => {
    const server = await serveFlow({ options: ['--preload'] })
    t.after(server.stop)
    const host = await server.hostPid()
    process.kill(templateOf(server.pid), 'SIGKILL')
    const others = await until('another template is there', () => {
      const [first = 0, second] = keepersOf(server.pid)
      return second !== undefined && childrenOf(second).length > 0 && [first, second, ...childrenOf(second)]
    })
    if (page !== undefined) {
      const client = await server.client()
      client.get(page)
      await until('the application is in the C code', () => server.notes().includes('matching'))
    }
    const all = [host, ...others]
    t.after(() => all.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')))
    assert.equal(all.filter(isAlive).length, 4)
    process.kill(server.pid, 'SIGKILL')
    assert.equal(await server.exited, 'SIGKILL')
    await until('nothing is left', () => !all.some(isAlive), 5)
  })
}

test('preload: signals to the whole process group end the server in order, after the request that runs', options, async (t) => {
  const server = await serveFlow({ options: ['--preload'], ownGroup: true })
  t.after(server.stop)
  const slow = server.page('/nap?ms=400&id=slow')
  await until('it runs', () => server.notes().length > 0)
  const all = keepersOf(server.pid).flatMap((keeper) => [keeper, ...childrenOf(keeper)])
  process.kill(-server.pid, 'SIGTERM')
  assert.equal(await slow, 'slow')
  assert.equal(await server.exited, 0)
  assert.deepEqual(all.filter(isAlive), [])
})

test(
  'preload with --timeout: 504, the stack of the thread, an exception in it, and another process without an import',
  options,
  async (t) => {
    const server = await serveFlow({ options: ['--preload', '--timeout', '0.5', '--graceful-timeout', '1'] })
    t.after(server.stop)
    const before = await server.hostPid()
    assert.equal((await new Browser(server.url).visit({ path: '/hang?seconds=60' })).status, 504)
    await until('the application was interrupted', () => server.notes().some((note) => note.startsWith('RequestTimedOut in ')))
    assert.match(server.log(), /GET \/hang\?seconds=60[^]*Thread plait-\d+[^]*flow\.py", line \d+, in hang\n/)
    const second = await server.hostPid()
    assert.notEqual(second, before)
    await until('the old process has left', () => !isAlive(before))
    // In C code that holds the GIL: the stacks come by SIGQUIT.
    assert.equal((await new Browser(server.url).visit({ path: '/regex' })).status, 504)
    await until('the stacks are in the log', () => /in regex|in fullmatch|re\/__init__|sre_/.test(server.log()))
    await until('the old process is killed', () => !isAlive(second))
  },
)

test('preload: a reload forks from a new import; one that fails keeps the old hosts', options, async (t) => {
  const cwd = folderWith(t, { 'page.py': page('old') })
  const server = await servePreloaded(t, { application: { application: 'page.application', cwd }, pool: { processes: 2 } })
  assert.equal((await server.ask('/')).text, 'old')
  await server.hosts(2)
  const first = server.template()
  writeFileSync(`${cwd}/page.py`, page('new, and longer'))
  await server.pool.reload()
  assert.equal((await server.ask('/')).text, 'new, and longer')
  await until('the old template and its hosts have left', () => keepersOf(process.pid).length === 1)
  assert.equal(isAlive(first), false)
  const template = server.template()
  writeFileSync(`${cwd}/page.py`, 'raise LookupError("half saved")\n')
  await assert.rejects(server.pool.reload(), /raised an exception while it was imported: LookupError: half saved/)
  assert.equal((await server.ask('/')).text, 'new, and longer')
  await until('the failed template has left', () => keepersOf(process.pid).length === 1)
  assert.equal(server.template(), template)
  // Replaced by the code that serves, whatever lies on the disk.
  const [host = 0] = await server.hosts(2)
  process.kill(host, 'SIGKILL')
  await until('it is replaced', async () => !(await server.hosts(2)).includes(host))
  assert.equal((await server.ask('/')).text, 'new, and longer')
})

test('preload: reloads and deaths of hosts under load: no request fails', options, async (t) => {
  const server = await servePreloaded(t, { pool: { processes: 2 } })
  await server.ask('/')
  let over = false
  const statuses: number[] = []
  const client = async (): Promise<void> => {
    while (!over) statuses.push((await server.ask('/nap')).status)
  }
  const clients = Array.from({ length: 8 }, client)
  for (let round = 1; round <= 4; round++) {
    const host = await until('requests run in a host', () => {
      const hosts = server.pool.statistics().applications.flatMap((one) => one.hosts)
      return hosts.find(({ state, inFlight }) => state === 'ready' && inFlight > 0)?.pid
    })
    process.kill(host, 'SIGKILL')
    // What ran in it runs in hosts that leave now: no request meets two deaths, which would rightly fail.
    await until('it is replaced', async () => !(await server.hosts(2)).includes(host))
    await server.pool.reload()
  }
  over = true
  await Promise.all(clients)
  assert.deepEqual(
    statuses.filter((status) => status !== 200),
    [],
  )
  assert.ok(server.pool.statistics().repeated > 0)
  assert.equal(server.notes('imported').length, 5)
  await until('all that went before has left', () => keepersOf(process.pid).length === 1)
  await server.hosts(2)
})

const page = (text: string): string =>
  `def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${text}"]\n`
