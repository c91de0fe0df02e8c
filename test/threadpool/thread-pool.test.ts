import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { Job, Outcome, RunningJob } from '#src/hosts/host.ts'
import { Clock } from '#src/testing/clock.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost, type MemoryRun } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const one = resolveApplication('one.application')
const two = resolveApplication('two.application')

/** A pool whose hosts are in memory; `settle` lets promises run. */
function makePool(options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const pool = new ThreadPool({
    clock,
    createHost: (hostOptions) => {
      const host = new MemoryHost(hostOptions)
      hosts.push(host)
      return host
    },
    ...options,
  })
  const runs = (): MemoryRun[] => hosts.flatMap((host) => host.runs)
  return { pool, hosts, clock, runs }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

interface Submitted {
  running: RunningJob
  outcome: Outcome | 'running'
}

function submit(pool: ThreadPool, application = one, path = '/', more: Partial<Job> = {}): Submitted {
  const submitted: Submitted = { running: undefined as unknown as RunningJob, outcome: 'running' }
  const finished = (outcome: Outcome): void => void (submitted.outcome = outcome)
  submitted.running = pool.submit(application, { environ: ['PATH_INFO', path], body: undefined, ...more }, outcomeSink(finished))
  return submitted
}

function codeOf(submitted: Submitted): string | undefined {
  return submitted.outcome instanceof PlaitError ? submitted.outcome.code : undefined
}

test('ThreadPool refuses sizes that make no sense', () => {
  for (const options of [
    { minThreads: 3, maxThreads: 2 },
    { maxThreads: 0 },
    { minThreads: -1 },
    { processes: 0 },
    { maxThreads: 1.5 },
    { maxQueue: -1 },
  ]) {
    assert.throws(() => new ThreadPool(options), { code: 'PLAIT_CONFIGURATION' }, JSON.stringify(options))
  }
})

test('ThreadPool starts nothing before the first request, and one host first', async () => {
  const { pool, hosts } = makePool({ processes: 3 })
  assert.equal(hosts.length, 0)
  const submitted = submit(pool)
  assert.equal(hosts.length, 1)
  assert.equal(submitted.outcome, 'running')
  hosts[0]?.ready()
  await settle()
  assert.equal(hosts.length, 3)
  assert.equal(hosts[0]?.runs.length, 1)
})

test('ThreadPool never runs more than maxThreads, over all applications', async () => {
  const { pool, hosts, runs } = makePool({ maxThreads: 4 })
  const submitted = Array.from({ length: 100 }, (_, index) => submit(pool, index % 2 === 0 ? one : two))
  for (const host of hosts) host.ready()
  await settle()
  let most = 0
  let finished = 0
  while (runs().length > 0) {
    most = Math.max(most, runs().length)
    assert.equal(pool.statistics().working, runs().length)
    runs()[finished % runs().length]?.finish()
    finished++
  }
  assert.deepEqual([most, finished], [4, 100])
  assert.equal(
    submitted.every(({ outcome }) => outcome === undefined),
    true,
  )
})

test('ThreadPool runs what waits in the order in which it came, over all applications', async () => {
  const { pool, hosts, runs } = makePool({ maxThreads: 1 })
  for (const host of [submit(pool, one, '/0'), submit(pool, two, '/1'), submit(pool, one, '/2'), submit(pool, two, '/3')])
    assert.ok(host)
  for (const host of hosts) host.ready()
  await settle()
  const order: string[] = []
  for (let run = runs()[0]; run !== undefined; run = runs()[0]) {
    order.push(run.job.environ[1] as string)
    run.finish()
  }
  assert.deepEqual(order, ['/0', '/1', '/2', '/3'])
})

test('ThreadPool lets an application that starts slowly hold up nobody else', async () => {
  const { pool, hosts } = makePool({ maxThreads: 2 })
  submit(pool, one)
  submit(pool, two)
  hosts[1]?.ready()
  await settle()
  assert.equal(hosts[1]?.runs.length, 1)
  submit(pool, two)
  assert.equal(hosts[1]?.runs.length, 2)
})

test('ThreadPool gives a request to the host with the fewest', async () => {
  const { pool, hosts } = makePool({ processes: 2, maxThreads: 4 })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  hosts[1]?.ready()
  await settle()
  for (let index = 0; index < 3; index++) submit(pool)
  assert.deepEqual(
    hosts.map((host) => host.runs.length),
    [2, 2],
  )
})

test('ThreadPool refuses with 503 when the queue is full', () => {
  const { pool } = makePool({ maxThreads: 1, maxQueue: 2 })
  const submitted = [submit(pool), submit(pool), submit(pool)]
  assert.deepEqual(submitted.map(codeOf), [undefined, undefined, 'PLAIT_POOL_FULL'])
  assert.ok(submitted[2]?.outcome instanceof PlaitError)
  assert.equal(submitted[2].outcome.status, 503)
})

test('ThreadPool refuses with 503 what has waited longer than queueTimeout', async () => {
  const { pool, hosts, clock, runs } = makePool({ maxThreads: 1, queueTimeout: 30 })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  const early = submit(pool)
  clock.advance(20)
  const late = submit(pool)
  clock.advance(10)
  assert.deepEqual([codeOf(early), codeOf(late)], ['PLAIT_QUEUE_TIMEOUT', undefined])
  clock.advance(19)
  assert.equal(codeOf(late), undefined)
  clock.advance(1)
  assert.equal(codeOf(late), 'PLAIT_QUEUE_TIMEOUT')
  runs()[0]?.finish()
  assert.deepEqual([pool.statistics().working, pool.statistics().queued], [0, 0])
})

test('ThreadPool takes the request of a client that left out of the queue', async () => {
  const { pool, hosts, runs } = makePool({ maxThreads: 1 })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  const left = submit(pool, one, '/left')
  submit(pool, one, '/stayed')
  left.running.abandon()
  left.running.abandon()
  assert.equal(codeOf(left), 'PLAIT_CLIENT_GONE')
  assert.equal(pool.statistics().queued, 1)
  runs()[0]?.finish()
  assert.equal(runs()[0]?.job.environ[1], '/stayed')
})

test('ThreadPool tells the host when the client of a running request left', async () => {
  const { pool, hosts } = makePool()
  const submitted = submit(pool)
  hosts[0]?.ready()
  await settle()
  submitted.running.abandon()
  assert.equal(hosts[0]?.runs[0]?.abandoned, true)
})

test('ThreadPool.adjustPoolSize starts what waits at once, and never cuts what runs', async () => {
  const { pool, hosts, runs } = makePool({ maxThreads: 1 })
  for (let index = 0; index < 5; index++) submit(pool)
  hosts[0]?.ready()
  await settle()
  assert.equal(runs().length, 1)
  pool.adjustPoolSize(0, 4)
  assert.deepEqual([runs().length, hosts[0]?.threads], [4, 4])
  pool.adjustPoolSize(0, 2)
  assert.equal(runs().length, 4)
  runs()[0]?.finish()
  assert.deepEqual([runs().length, pool.statistics().queued], [3, 1])
  assert.throws(() => pool.adjustPoolSize(3, 2), { code: 'PLAIT_CONFIGURATION' })
})

test('ThreadPool tells every waiting request why the application cannot be loaded, and tries again with the next', async () => {
  const { pool, hosts } = makePool()
  const submitted = [submit(pool), submit(pool)]
  hosts[0]?.fail(new PlaitError('PLAIT_APPLICATION', 'no such module', { status: 500 }))
  await settle()
  assert.deepEqual(submitted.map(codeOf), ['PLAIT_APPLICATION', 'PLAIT_APPLICATION'])
  const again = submit(pool)
  hosts[1]?.ready()
  await settle()
  assert.equal(hosts[1]?.runs.length, 1)
  assert.equal(again.outcome, 'running')
})

test('ThreadPool.prepare is rejected with the reason', async () => {
  const { pool, hosts } = makePool()
  const prepared = pool.prepare(one)
  hosts[0]?.fail(new PlaitError('PLAIT_APPLICATION', 'no such module'))
  await assert.rejects(prepared, { code: 'PLAIT_APPLICATION' })
})

test('ThreadPool replaces a host that died: at once, then with growing delays', async () => {
  const { pool, hosts, clock } = makePool()
  const submitted = submit(pool)
  hosts[0]?.ready()
  await settle()
  const lost = new PlaitError('PLAIT_HOST_LOST', 'gone', { status: 502 })
  hosts[0]?.die('was killed', lost)
  assert.equal(submitted.outcome, lost)
  assert.equal(pool.statistics().working, 0)
  clock.advance(0)
  assert.equal(hosts.length, 2)
  hosts[1]?.ready()
  await settle()
  hosts[1]?.die('was killed', lost)
  clock.advance(0.09)
  assert.equal(hosts.length, 2)
  clock.advance(0.02)
  assert.equal(hosts.length, 3)
})

test('ThreadPool complains of no host that a signal to all processes has ended while it started: another one starts', async () => {
  const logger = new RecordingLogger()
  const { pool, hosts, clock } = makePool({ processes: 2, logger })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  hosts[1]?.fail(new PlaitError('PLAIT_HOST_LOST', 'The Python process of one.application (host b) was killed by SIGTERM'))
  await settle()
  clock.advance(0)
  assert.equal(hosts.length, 3)
  const told = logger.records.filter(({ message }) => message.includes('SIGTERM'))
  assert.deepEqual(
    told.map(({ level, message }) => [level, message.replace(/^.*was/, 'was')]),
    [['warn', 'was killed by SIGTERM, which came before it could ignore that; another one starts now']],
  )
})

test('ThreadPool keeps requests that wait while a dead host is replaced', async () => {
  const { pool, hosts, clock } = makePool({ maxThreads: 1 })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  const waiting = submit(pool)
  hosts[0]?.die('was killed', new PlaitError('PLAIT_HOST_LOST', 'gone'))
  clock.advance(0)
  assert.equal(waiting.outcome, 'running')
  hosts[1]?.ready()
  await settle()
  assert.equal(hosts[1]?.runs.length, 1)
})

test('ThreadPool.stop refuses what waits and what comes', async () => {
  const { pool, hosts } = makePool({ maxThreads: 1 })
  submit(pool)
  hosts[0]?.ready()
  await settle()
  const waiting = submit(pool)
  const stopped = pool.stop({ timeout: 1 })
  assert.equal(pool.stop(), stopped)
  await stopped
  assert.deepEqual([codeOf(waiting), codeOf(submit(pool))], ['PLAIT_POOL_STOPPED', 'PLAIT_POOL_STOPPED'])
  await assert.rejects(pool.prepare(one), { code: 'PLAIT_POOL_STOPPED' })
})

test('ThreadPool.statistics counts threads, working, waiting, queued and served', async () => {
  const { pool, hosts, runs } = makePool({ maxThreads: 2, name: 'pool' })
  for (let index = 0; index < 3; index++) submit(pool)
  hosts[0]?.ready()
  await settle()
  runs()[0]?.finish()
  const { applications, ...figures } = pool.statistics()
  assert.deepEqual(figures, { threads: 2, working: 2, waiting: 0, queued: 0, served: 1, repeated: 0, streams: 0, lanes: [] })
  assert.deepEqual(applications[0]?.hosts[0], {
    id: 'pool/one.application#1',
    state: 'ready',
    pid: undefined,
    inFlight: 2,
    served: 1,
  })
})
