import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import { checkPreload } from '#src/hosts/python/preload/check-preload.ts'
import { socketFolder } from '#src/hosts/python/preload/socket-folder.ts'
import { isAlive } from '../../support/processes.ts'
import { findPythons } from '../../support/pythons.ts'
import { folderWith } from '../../cli/run-plait.ts'
import { until } from '../../support/until.ts'
import { keepersOf, proportionalMemory, servePreloaded } from './serve-preloaded.ts'

const options = { skip: process.platform !== 'linux', timeout: 90_000 }
const wrong = (message: RegExp) => (error: unknown) =>
  error instanceof PlaitError && error.code === 'PLAIT_CONFIGURATION' && message.test(error.message)

test('preload: four hosts share the memory of one import', options, async (t) => {
  const server = await servePreloaded(t, { pool: { processes: 4 } })
  await server.ask('/')
  const hosts = await server.hosts(4)
  assert.equal(server.notes('imported').length, 1)
  const memory = hosts.map(proportionalMemory)
  t.diagnostic(`4 hosts: ${memory.map((one) => one.toFixed(1)).join(', ')} MiB`)
  // Each of them alone would have more than 50.
  assert.ok(memory.reduce((sum, one) => sum + one) < 100, memory.join(' '))
  assert.ok(Number((await server.ask('/frozen')).text) > 1000)
  // Nothing is left of it.
  const all = [...keepersOf(process.pid), server.template(), ...hosts]
  await server.stop()
  assert.deepEqual(all.filter(isAlive), [])
})

for (const python of process.platform === 'linux' ? findPythons() : []) {
  test(`preload on CPython ${python.version}: random numbers differ, of Python and of OpenSSL`, options, async (t) => {
    const server = await servePreloaded(t, { application: { python: python.path }, pool: { processes: 2, maxThreads: 2 } })
    await server.ask('/')
    await server.hosts(2)
    const answers = await until('both hosts have answered', async () => {
      const texts = (await Promise.all([server.ask('/random'), server.ask('/random')])).map(({ text }) => text.split(' '))
      return texts[0]?.[0] === texts[1]?.[0] ? undefined : texts
    })
    assert.equal(new Set(answers.map(([, number]) => number)).size, 2)
    assert.equal(new Set(answers.map(([, , bytes]) => bytes)).size, 2)
    assert.equal(server.notes('imported').length, 1)
  })
}

test(
  'preload: a host that is killed is replaced by a fork, not by an import; its death is told with its signal',
  options,
  async (t) => {
    const server = await servePreloaded(t)
    const before = Number((await server.ask('/')).text)
    process.kill(before, 'SIGKILL')
    const now = await until('another one answers', async () => {
      const { status, text } = await server.ask('/')
      return status === 200 && Number(text) !== before && Number(text)
    })
    assert.ok(isAlive(now))
    assert.equal(server.notes('imported').length, 1)
    assert.match(
      server.log(),
      /#1 was killed by SIGKILL \(by hand, or by the system for lack of memory\); another one starts now/,
    )
  },
)

test(
  'preload: an import that leaves threads running is told with their names, and hosts are started as programs',
  options,
  async (t) => {
    const server = await servePreloaded(t, {
      application: { application: 'stocked_by_thread.application' },
      pool: { processes: 2 },
    })
    assert.equal((await server.ask('/')).status, 200)
    const hosts = await server.hosts(2)
    await until('the template is gone', () => keepersOf(process.pid).length === 0)
    assert.equal(server.notes('imported').length, 3)
    assert.ok(hosts.every((pid) => !server.notes('imported')[0]?.includes(String(pid))))
    assert.match(
      server.log(),
      /stocked_by_thread\.application is not preloaded: its import started a thread \(poller\), and a forked process would be without it\. Start it in a function for --post-fork\./,
    )
  },
)

test('preload: an application that cannot be imported is told as without it, and nothing is left', options, async (t) => {
  const server = await servePreloaded(t, { application: { application: 'stock.no_such_name' } })
  await assert.rejects(server.resource.prepare(), /'stock' has no attribute 'no_such_name'/)
  await until('the template is gone', () => keepersOf(process.pid).length === 0)
})

test('preload: an import that ends its process is told with its signal, and not tried again by itself', options, async (t) => {
  const server = await servePreloaded(t, { application: { application: 'deadly_import.application' } })
  await assert.rejects(
    server.resource.prepare(),
    /^PlaitError: The template process of deadly_import\.application was killed by SIGSEGV$/,
  )
  assert.equal(server.notes('imported').length, 1)
  await until('nothing is left', () => keepersOf(process.pid).length === 0)
})

test('preload: a pool that is stopped while the template imports leaves nothing', options, async (t) => {
  const server = await servePreloaded(t, { application: { application: 'slow_import.application' } })
  const prepared = server.resource.prepare()
  prepared.catch(() => undefined)
  await until('it imports', () => server.notes('slow').length > 0)
  await server.stop()
  await assert.rejects(prepared)
  assert.deepEqual(keepersOf(process.pid), [])
  assert.equal(isAlive(Number(server.notes('slow')[0])), false)
})

test('preload: max-requests replaces a host by a fork', options, async (t) => {
  const server = await servePreloaded(t, { pool: { recycle: { maxRequests: 1 } } })
  const before = Number((await server.ask('/')).text)
  await until('another host answers', async () => Number((await server.ask('/')).text) !== before)
  assert.equal(server.notes('imported').length, 1)
})

test('preload is for processes of Python on Linux', () => {
  const reject = (spec: Parameters<typeof resolveApplication>[0], message: RegExp): void =>
    assert.throws(() => resolveApplication(spec), wrong(message))
  assert.throws(
    () => checkPreload('foo.application', { preload: true }, undefined, 'darwin'),
    wrong(/^Cannot run foo\.application: preload needs Linux, and this is darwin$/),
  )
  checkPreload('foo.application', { postFork: 'foo:hook' }, 'python', 'darwin')
  reject(
    { application: './app.ts#application', postFork: 'foo:hook' },
    /postFork is for processes of Python, and it runs in javascript$/,
  )
  reject(
    { application: 'foo.application', preFork: 'foo:hook' },
    /preFork is called before a fork, and only with preload there is one$/,
  )
  if (process.platform !== 'linux') return
  reject({ application: './app.ts#application', preload: true }, /preload is for processes of Python, and it runs in javascript$/)
  reject({ application: 'foo.application', runIn: 'pyodide', preload: true }, /and it runs in pyodide$/)
})

test('preload: the socket lies in a folder of its own whose path is short enough, or that is told', (t) => {
  const long = `${folderWith(t, { [`${'x'.repeat(100)}/file`]: '' })}/${'x'.repeat(100)}`
  assert.equal(socketFolder([long, '/tmp']).base, '/tmp')
  assert.throws(() => socketFolder([long]), wrong(/^Cannot preload: .* set TMPDIR to a shorter one$/))
})
