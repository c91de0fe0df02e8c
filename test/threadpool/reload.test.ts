import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { Outcome } from '#src/hosts/host.ts'
import { Clock } from '#src/testing/clock.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const application = resolveApplication('one.application')
const broken = new PlaitError('PLAIT_APPLICATION', 'no such module', { status: 500 })

function makePool(options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const createHost: ThreadPoolOptions['createHost'] = (hostOptions) => {
    const host = new MemoryHost(hostOptions)
    hosts.push(host)
    return host
  }
  const pool = new ThreadPool({ clock, createHost, gracefulTimeout: 7, ...options })
  const outcomes: (Outcome | 'running')[] = []
  const submit = (): void => {
    const index = outcomes.push('running') - 1
    const finished = (outcome: Outcome): void => void (outcomes[index] = outcome)
    pool.submit(application, { environ: [], body: undefined }, outcomeSink(finished))
  }
  return { pool, hosts, clock, outcomes, submit }
}

/** Hosts that start become ready, and promises run. */
async function settle(hosts: readonly MemoryHost[]): Promise<void> {
  for (let count = -1; count !== hosts.length;) {
    count = hosts.length
    for (const host of hosts) if (host.state === 'starting') host.ready()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('ThreadPool.reload lets new hosts take over when all of them are ready; the old ones finish what they have', async () => {
  const { pool, hosts, submit, outcomes } = makePool({ processes: 2 })
  submit()
  await settle(hosts)
  const reloaded = pool.reload()
  await turn()
  hosts[2]?.ready()
  await turn()
  submit()
  assert.deepEqual(
    hosts.map((host) => host.runs.length),
    [1, 1, 0, 0],
    'one new host is ready: not yet',
  )
  hosts[3]?.ready()
  await reloaded
  submit()
  assert.deepEqual(
    hosts.map((host) => host.runs.length),
    [1, 1, 1, 0],
  )
  assert.deepEqual(
    hosts.map(({ state, grace }) => [state, grace]),
    [
      ['draining', 7],
      ['draining', 7],
      ['ready', undefined],
      ['ready', undefined],
    ],
  )
  hosts[0]?.runs[0]?.finish()
  assert.deepEqual(outcomes, [undefined, 'running', 'running'])
})

test('ThreadPool.reload keeps the old hosts when the application cannot be imported any more', async () => {
  const { pool, hosts, submit } = makePool()
  submit()
  await settle(hosts)
  const reloaded = pool.reload()
  await turn()
  hosts[1]?.fail(broken)
  await assert.rejects(reloaded, broken)
  submit()
  assert.equal(hosts[0]?.runs.length, 2)
  assert.equal(hosts.length, 2)
})

test('ThreadPool.reload keeps no new host when one of them fails', async () => {
  const { pool, hosts, submit } = makePool({ processes: 2 })
  submit()
  await settle(hosts)
  const reloaded = pool.reload()
  await turn()
  hosts[2]?.ready()
  await turn()
  hosts[3]?.fail(broken)
  await assert.rejects(reloaded, broken)
  assert.deepEqual(
    hosts.slice(0, 3).map(({ state }) => state),
    ['ready', 'ready', 'gone'],
  )
})

test('ThreadPool.reload with show tells every request why, until the application can be imported', async () => {
  const { pool, hosts, submit, outcomes } = makePool()
  submit()
  await settle(hosts)
  hosts[0]?.runs[0]?.finish()
  const reloaded = pool.reload({ onFailure: 'show' })
  await turn()
  hosts[1]?.fail(broken)
  await assert.rejects(reloaded, broken)
  assert.equal(hosts[0]?.state, 'gone')
  submit()
  await turn()
  hosts[2]?.fail(broken)
  await turn()
  assert.equal(outcomes[1], broken)
  const again = pool.reload({ onFailure: 'show' })
  await settle(hosts)
  await again
  submit()
  assert.equal(hosts.at(-1)?.runs.length, 1)
})

test('ThreadPool.reload called while it goes on means one more behind it, however often', async () => {
  const { pool, hosts, submit } = makePool()
  submit()
  await settle(hosts)
  const all = [pool.reload(), pool.reload(), pool.reload()]
  await settle(hosts)
  await Promise.all(all)
  assert.equal(hosts.length, 3)
})

test('ThreadPool.reload before the first request has nothing to do', async () => {
  const { pool, hosts } = makePool()
  await pool.reload()
  assert.equal(hosts.length, 0)
})

test('ThreadPool does not replace an old host that dies after the new ones took over', async () => {
  const { pool, hosts, submit, clock } = makePool()
  submit()
  await settle(hosts)
  hosts[0]?.die('was killed', new PlaitError('PLAIT_HOST_LOST', 'gone'))
  const reloaded = pool.reload()
  await settle(hosts)
  await reloaded
  clock.advance(60)
  await settle(hosts)
  assert.equal(hosts.filter(({ state }) => state === 'ready').length, 1)
})

test('ThreadPool does not try again when a replacement fails after others have taken over', async () => {
  const { pool, hosts, submit, clock } = makePool()
  submit()
  await settle(hosts)
  hosts[0]?.die('was killed', new PlaitError('PLAIT_HOST_LOST', 'gone'))
  clock.advance(1)
  await turn()
  const replacement = hosts[1]
  const reloaded = pool.reload()
  await turn()
  hosts[2]?.ready()
  await reloaded
  replacement?.fail(broken)
  for (const _ of [1, 2]) {
    await turn()
    clock.advance(60)
  }
  await settle(hosts)
  assert.equal(hosts.length, 3)
})
