import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { JobSink, RunningJob } from '#src/hosts/host.ts'
import { Clock } from '#src/testing/clock.ts'
import { Lane } from '#src/threadpool/lane.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost, type MemoryRun } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const one = resolveApplication('one.application')

interface Submitted {
  readonly path: string
  running: RunningJob
  /** `running`, `well`, or the code of an error. */
  outcome: string
  seemsGone: boolean
}

/** A pool of four threads with a host in memory. */
function makePool(options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const pool = new ThreadPool({
    maxThreads: 4,
    clock,
    createHost: (hostOptions) => {
      const host = new MemoryHost(hostOptions)
      hosts.push(host)
      return host
    },
    ...options,
  })
  const submit = (path: string, lane?: Lane, more: { repeatable?: boolean } = {}): Submitted => {
    const submitted: Submitted = { path, running: undefined as unknown as RunningJob, outcome: 'running', seemsGone: false }
    const sink: JobSink = {
      ...outcomeSink((outcome) => void (submitted.outcome = outcome instanceof PlaitError ? outcome.code : 'well')),
      get seemsGone() {
        return submitted.seemsGone
      },
    }
    submitted.running = pool.submit(one, { environ: ['PATH_INFO', path], body: undefined, lane, ...more }, sink)
    return submitted
  }
  const runs = (): MemoryRun[] => hosts.flatMap((host) => host.runs)
  const paths = (): string[] => runs().map(({ job }) => job.environ[1] as string)
  const finish = (path: string): void => runs()[paths().indexOf(path)]?.finish()
  const ready = async (): Promise<void> => {
    for (const host of hosts) host.ready()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { pool, hosts, clock, submit, runs, paths, finish, ready }
}

test('Lane refuses limits that make no sense', () => {
  for (const limits of [
    { maxRunning: 0 },
    { maxRunning: 1.5 },
    { maxRunning: Number.NaN },
    { maxRunning: 1, maxQueue: -1 },
    { maxRunning: 1, queueTimeout: -1 },
  ]) {
    assert.throws(
      () => new Lane('/reports', limits),
      { code: 'PLAIT_CONFIGURATION', message: /\/reports/ },
      JSON.stringify(limits),
    )
  }
})

test('ThreadPool runs no more of a lane than it may, and nobody else waits for those behind', async () => {
  const { pool, submit, paths, finish, ready } = makePool()
  const lane = new Lane('/reports', { maxRunning: 2 })
  for (const path of ['/r1', '/r2', '/r3', '/r4']) submit(path, lane)
  submit('/login')
  await ready()
  assert.deepEqual(paths(), ['/r1', '/r2', '/login'])
  assert.deepEqual(pool.statistics().lanes, [{ lane: '/reports', running: 2, queued: 2 }])
  assert.equal(pool.statistics().queued, 0)
  submit('/login2')
  assert.deepEqual(paths(), ['/r1', '/r2', '/login', '/login2'])
  finish('/login')
  assert.deepEqual(paths(), ['/r1', '/r2', '/login2'])
  finish('/r1')
  assert.deepEqual(paths(), ['/r2', '/login2', '/r3'])
  for (const path of ['/r2', '/r3', '/r4', '/login2']) finish(path)
  assert.deepEqual(pool.statistics().lanes, [])
})

test('ThreadPool keeps the turn of a request that has waited in its lane', async () => {
  const { submit, paths, finish, ready } = makePool({ maxThreads: 1 })
  const lane = new Lane('/reports', { maxRunning: 1 })
  for (const path of ['/r1', '/r2']) submit(path, lane)
  for (const path of ['/a', '/b']) submit(path)
  submit('/r3', lane)
  submit('/c')
  await ready()
  const order: string[] = []
  for (let path = paths()[0]; path !== undefined; path = paths()[0]) {
    order.push(path)
    finish(path)
  }
  // In the order in which they came, although /r2 and /r3 were let in later.
  assert.deepEqual(order, ['/r1', '/r2', '/a', '/b', '/r3', '/c'])
})

test('ThreadPool refuses with 503 what the queue of a lane does not hold; the queue of the pool is another', async () => {
  const { submit, finish, ready } = makePool({ maxQueue: 1 })
  const lane = new Lane('/reports', { maxRunning: 1, maxQueue: 2 })
  const reports = ['/r1', '/r2', '/r3', '/r4'].map((path) => submit(path, lane))
  await ready()
  assert.deepEqual(
    reports.map(({ outcome }) => outcome),
    ['running', 'running', 'running', 'PLAIT_POOL_FULL'],
  )
  for (const path of ['/a', '/b', '/c']) assert.equal(submit(path).outcome, 'running')
  const [waits, refused] = [submit('/d'), submit('/e')]
  assert.deepEqual([waits.outcome, refused.outcome], ['running', 'PLAIT_POOL_FULL'])
  finish('/a')
  finish('/d')
  assert.equal(waits.outcome, 'well')
})

test('ThreadPool refuses with 503 what has waited too long in a lane, and lets a lane have its own patience', async () => {
  const { clock, submit, paths, finish, ready } = makePool({ maxThreads: 1, queueTimeout: 10 })
  const hasty = new Lane('/hasty', { maxRunning: 1, queueTimeout: 5 })
  const patient = new Lane('/patient', { maxRunning: 1, queueTimeout: 60 })
  const usual = new Lane('/usual', { maxRunning: 1 })
  submit('/runs', hasty)
  await ready()
  const waiting = { hasty: submit('/h', hasty), inPool: submit('/p1', patient), patient: submit('/p2', patient) }
  submit('/u1', usual)
  const unlucky = submit('/u2', usual)
  const outcomes = (): string[] => [...Object.values(waiting), unlucky].map(({ outcome }) => outcome)
  clock.advance(4.9)
  assert.deepEqual(outcomes(), ['running', 'running', 'running', 'running'])
  clock.advance(0.2)
  assert.deepEqual(outcomes(), ['PLAIT_QUEUE_TIMEOUT', 'running', 'running', 'running'])
  clock.advance(10)
  assert.deepEqual(outcomes(), ['PLAIT_QUEUE_TIMEOUT', 'running', 'running', 'PLAIT_QUEUE_TIMEOUT'])
  clock.advance(44)
  finish('/runs')
  finish('/p1')
  assert.deepEqual([paths(), outcomes()[2]], [['/p2'], 'running'])
  finish('/p2')
  assert.equal(outcomes()[2], 'well')
})

test('ThreadPool lets a client leave the queue of a lane, and its place', async () => {
  const { pool, submit, paths, finish, ready } = makePool({ maxThreads: 1 })
  const lane = new Lane('/reports', { maxRunning: 2, maxQueue: 1 })
  submit('/r1', lane)
  await ready()
  const inPool = submit('/r2', lane)
  const inLane = submit('/r3', lane)
  inLane.running.abandon()
  assert.equal(inLane.outcome, 'PLAIT_CLIENT_GONE')
  const next = submit('/r4', lane)
  inPool.running.abandon()
  assert.deepEqual([inPool.outcome, next.outcome], ['PLAIT_CLIENT_GONE', 'running'])
  assert.deepEqual(pool.statistics().lanes, [{ lane: '/reports', running: 2, queued: 0 }])
  finish('/r1')
  assert.deepEqual(paths(), ['/r4'])
})

test('ThreadPool lets those who seem to have gone wait while there is room, and gives their places to others when there is none', async () => {
  const { submit, ready } = makePool({ maxThreads: 1, maxQueue: 2 })
  const lane = new Lane('/reports', { maxRunning: 1, maxQueue: 2 })
  submit('/r1', lane)
  await ready()
  for (const which of [lane, undefined]) {
    const [gone, stays] = [submit('/gone', which), submit('/stays', which)]
    gone.seemsGone = true
    assert.equal(gone.outcome, 'running')
    const [next, refused] = [submit('/next', which), submit('/refused', which)]
    assert.deepEqual([gone.outcome, stays.outcome, next.outcome], ['PLAIT_POOL_FULL', 'running', 'running'])
    assert.equal(refused.outcome, 'PLAIT_POOL_FULL')
  }
})

test('ThreadPool tells all of a lane when the application cannot be loaded, however many there are', async () => {
  const { hosts, submit } = makePool({ maxQueue: 50_000 })
  const lane = new Lane('/reports', { maxRunning: 1 })
  const all = Array.from({ length: 20_000 }, () => submit('/r', lane))
  hosts[0]?.fail(new PlaitError('PLAIT_APPLICATION', 'no such module'))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(new Set(all.map(({ outcome }) => outcome)), new Set(['PLAIT_APPLICATION']))
  assert.equal(lane.isEmpty, true)
  // And the next one tries again.
  assert.equal(submit('/r', lane).outcome, 'running')
  assert.equal(hosts.length, 2)
})

test('ThreadPool.stop refuses what waits in lanes, not what waits there for another pool', async () => {
  const first = makePool({ maxThreads: 1 })
  const second = makePool({ maxThreads: 1 })
  const lane = new Lane('/shared', { maxRunning: 1 })
  first.submit('/f1', lane)
  await first.ready()
  const [mine, other] = [first.submit('/f2', lane), second.submit('/s1', lane)]
  void first.pool.stop()
  assert.deepEqual([mine.outcome, other.outcome], ['PLAIT_POOL_STOPPED', 'running'])
  first.finish('/f1')
  await second.ready()
  assert.deepEqual(second.paths(), ['/s1'])
})

test('ThreadPool keeps the place of a request that runs once more', async () => {
  const { hosts, clock, submit, paths, ready } = makePool()
  const lane = new Lane('/reports', { maxRunning: 1 })
  submit('/r1', lane, { repeatable: true })
  await ready()
  submit('/r2', lane)
  hosts[0]?.die('died', new PlaitError('PLAIT_HOST_LOST', 'died'))
  clock.advance(0)
  await ready()
  assert.deepEqual([paths(), lane.running], [['/r1'], 1])
})

test('ThreadPool counts lanes exactly, whatever happens', async () => {
  const step = fc.constantFrom('report', 'report', 'export', 'other', 'finish', 'finish', 'abandon', 'second', 'die')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(100)), { maxLength: 100 }), async (steps) => {
      const { pool, clock, submit, runs, paths, ready } = makePool({ maxQueue: 5, queueTimeout: 4 })
      const reports = new Lane('/report', { maxRunning: 2, maxQueue: 3 })
      const exports = new Lane('/export', { maxRunning: 3, queueTimeout: 2 })
      const all: Submitted[] = []
      for (const [what, which] of steps) {
        if (what === 'report') all.push(submit('/report', reports, { repeatable: which % 2 === 0 }))
        if (what === 'export') all.push(submit('/export', exports))
        if (what === 'other') all.push(submit('/other'))
        const run = runs()[which % Math.max(1, runs().length)]
        if (what === 'finish') run?.finish()
        if (what === 'abandon') all[which % Math.max(1, all.length)]?.running.abandon()
        if (what === 'second') clock.advance(1)
        if (what === 'die') run?.host.die('died', new PlaitError('PLAIT_HOST_LOST', 'died'))
        await ready()
        for (const [lane, most] of [
          [reports, 2],
          [exports, 3],
        ] as const) {
          const running = paths().filter((path) => path === lane.name).length
          assert.ok(running <= lane.running && lane.running <= most, `${running} of ${lane.name} run`)
          // Nobody waits for a place that is free.
          assert.ok(lane.queue.size === 0 || lane.running === most)
        }
      }
      for (let rounds = 0; rounds < 100; rounds++) {
        clock.advance(1)
        await ready()
        while (runs().length > 0) runs()[0]?.finish()
      }
      assert.equal(all.filter(({ outcome }) => outcome === 'running').length, 0)
      const { working, queued, lanes } = pool.statistics()
      assert.deepEqual([working, queued, lanes], [0, 0, []])
    }),
    { numRuns: 100 },
  )
})
