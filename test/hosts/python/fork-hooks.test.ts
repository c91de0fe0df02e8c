import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../support/until.ts'
import { keepersOf, servePreloaded } from './serve-preloaded.ts'

const linux = { skip: process.platform !== 'linux', timeout: 90_000 }

test('preFork runs in the template before each fork, postFork in the main thread of each host', linux, async (t) => {
  const server = await servePreloaded(t, {
    application: { preFork: 'stock:before_fork', postFork: 'stock:after_fork' },
    pool: { processes: 2 },
  })
  await server.ask('/')
  const hosts = await server.hosts(2)
  const template = String(server.template())
  assert.deepEqual(server.notes('before'), [template, template])
  assert.deepEqual(server.notes('after').toSorted(), hosts.map((pid) => `${pid} True`).toSorted())
})

test('postFork may start threads: those that an import may not leave running', linux, async (t) => {
  const server = await servePreloaded(t, { application: { postFork: 'stock:with_threads' } })
  assert.equal((await server.ask('/')).status, 200)
  assert.equal(server.notes('imported').length, 1)
})

test('preFork that leaves a thread running is told, and no host is forked', linux, async (t) => {
  const server = await servePreloaded(t, { application: { preFork: 'stock:with_threads' } })
  await assert.rejects(
    server.resource.prepare(),
    /The hook --pre-fork of "stock\.application" failed: left threads running: poller$/,
  )
})

for (const hook of ['preFork', 'postFork'] as const) {
  const option = hook === 'preFork' ? 'pre-fork' : 'post-fork'
  test(`${hook} that raises keeps a host from starting, and its traceback is shown`, linux, async (t) => {
    const server = await servePreloaded(t, { application: { [hook]: 'stock:failing' } })
    await assert.rejects(server.resource.prepare(), (error: Error & { detail?: string }) => {
      assert.equal(error.message, `The hook --${option} of "stock.application" failed: LookupError: no database here`)
      assert.match(error.detail ?? '', /stock\.py", line \d+, in failing\n[^]*LookupError: no database here$/)
      return true
    })
    await until('nothing is left', () => keepersOf(process.pid).length === 0)
  })

  test(`${hook} that is not there is told`, linux, async (t) => {
    const server = await servePreloaded(t, { application: { [hook]: 'stock:no_such_hook' } })
    await assert.rejects(
      server.resource.prepare(),
      new RegExp(`The hook --${option} of "stock\\.application" failed: 'stock' has no attribute 'no_such_hook'$`),
    )
  })
}

test('postFork runs in each process without preload too, and its exception is shown likewise', async (t) => {
  const server = await servePreloaded(t, {
    application: { preload: false, postFork: 'stock:after_fork' },
    pool: { processes: 2 },
  })
  await server.ask('/')
  const hosts = await server.hosts(2)
  assert.deepEqual(server.notes('after').toSorted(), hosts.map((pid) => `${pid} True`).toSorted())
  const failing = await servePreloaded(t, { application: { preload: false, postFork: 'stock:failing' } })
  await assert.rejects(
    failing.resource.prepare(),
    /The hook --post-fork of "stock\.application" failed: LookupError: no database here/,
  )
})
