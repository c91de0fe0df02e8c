import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import { Clock } from '#src/testing/clock.ts'
import type { RecycleOptions } from '#src/threadpool/recycling.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost } from './memory-host.ts'

const application = resolveApplication('one.application')

async function makePool(recycle: RecycleOptions, options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const createHost: ThreadPoolOptions['createHost'] = (hostOptions) => {
    const host = new MemoryHost(hostOptions)
    hosts.push(host)
    return host
  }
  const pool = new ThreadPool({ clock, createHost, recycle, gracefulTimeout: 7, ...options })
  void pool.prepare(application)
  await settle(hosts)
  return { pool, hosts, clock }
}

/** Hosts that start become ready, and promises run. */
async function settle(hosts: readonly MemoryHost[]): Promise<void> {
  for (let count = -1; count !== hosts.length;) {
    count = hosts.length
    for (const host of hosts) if (host.state === 'starting') host.ready()
    await turn()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const states = (hosts: readonly MemoryHost[]): string[] => hosts.map(({ state }) => state)

test('ThreadPool replaces a host that has answered maxRequests: another one is ready first', async () => {
  const { hosts, clock } = await makePool({ maxRequests: 100 })
  const [host] = hosts as [MemoryHost]
  host.served = 99
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 1)
  host.served = 100
  clock.advance(1)
  await turn()
  assert.deepEqual(states(hosts), ['ready', 'starting'])
  await settle(hosts)
  assert.deepEqual(states(hosts), ['gone', 'ready'])
  assert.equal(host.grace, 7)
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 2)
})

test('ThreadPool replaces one host after the other', async () => {
  const { hosts, clock } = await makePool({ maxAge: 60 }, { processes: 3 })
  assert.equal(hosts.length, 3)
  clock.advance(59)
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 4, 'one at a time')
  for (let count = 0; count < 3; count++) {
    await settle(hosts)
    clock.advance(1)
    await turn()
  }
  await settle(hosts)
  assert.deepEqual(states(hosts), ['gone', 'gone', 'gone', 'ready', 'ready', 'ready'])
})

test('ThreadPool gives each host up to maxRequestsJitter more', async () => {
  const { hosts, clock } = await makePool({ maxRequests: 100, maxRequestsJitter: 50 })
  const [host] = hosts as [MemoryHost]
  host.served = 99
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 1)
  host.served = 150
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 2)
})

test('ThreadPool replaces a host beyond maxRSS, and ends one beyond maxRSSHard', async () => {
  const { hosts, clock } = await makePool({ maxRSS: 100 << 20, maxRSSHard: 200 << 20 })
  const [host] = hosts as [MemoryHost]
  host.resident = 100 << 20
  clock.advance(1)
  await turn()
  assert.equal(hosts.length, 1)
  host.resident = 101 << 20
  clock.advance(1)
  await settle(hosts)
  assert.deepEqual([states(hosts), host.grace], [['gone', 'ready'], 7])
  const next = hosts[1] as MemoryHost
  next.resident = 201 << 20
  clock.advance(1)
  await settle(hosts)
  assert.deepEqual([states(hosts), next.grace], [['gone', 'gone', 'ready'], 0])
  assert.equal(next.why, 'because it has 201 MiB of memory, and may have no more than 200 MiB')
})

test('ThreadPool keeps a host whose successor cannot import the application', async () => {
  const { hosts, clock } = await makePool({ maxRequests: 1 })
  const [host] = hosts as [MemoryHost]
  host.served = 1
  clock.advance(1)
  await turn()
  hosts[1]?.fail(new PlaitError('PLAIT_APPLICATION', 'no such module'))
  await turn()
  assert.equal(host.state, 'ready')
  clock.advance(1)
  await settle(hosts)
  assert.deepEqual([hosts.length, host.state, hosts[2]?.state], [3, 'gone', 'ready'])
})

test('ThreadPool refuses limits that make no sense', () => {
  for (const recycle of [{ maxRequests: -1 }, { maxAge: Number.NaN }, { maxRSS: Infinity }]) {
    assert.throws(() => new ThreadPool({ recycle }), { code: 'PLAIT_CONFIGURATION' })
  }
})
