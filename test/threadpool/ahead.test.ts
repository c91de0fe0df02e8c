import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { HostSink, Outcome } from '#src/hosts/host.ts'
import { ThreadPool } from '#src/threadpool/thread-pool.ts'
import { MemoryHost, type MemoryRun } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const one = resolveApplication('one.application')
const two = resolveApplication('two.application')

/** A pool of two permits, with hosts that are ready; `outcomes` in the order in which jobs ended. */
async function readyPool() {
  const hosts: MemoryHost[] = []
  const pool = new ThreadPool({
    maxThreads: 2,
    createHost: (options) => {
      const host = new MemoryHost(options)
      hosts.push(host)
      return host
    },
  })
  const outcomes: [path: string, outcome: string][] = []
  const submit = (path: string, application = one) => {
    const finished = (outcome: Outcome): void => void outcomes.push([path, outcome instanceof PlaitError ? outcome.code : 'well'])
    return pool.submit(application, { environ: ['PATH_INFO', path], body: undefined }, outcomeSink(finished))
  }
  for (const application of [one, two]) {
    const prepared = pool.prepare(application)
    hosts.at(-1)?.ready()
    await prepared
  }
  const [first, second] = hosts as [MemoryHost, MemoryHost]
  const paths = (host: MemoryHost): string[] => host.runs.map(({ job }) => job.environ[1] as string)
  const giveBack = (host: MemoryHost, path: string): void => {
    const run = host.runs[paths(host).indexOf(path)] as MemoryRun
    host.runs.splice(host.runs.indexOf(run), 1)
    const sink = run.sink as HostSink
    sink.returned()
  }
  return { pool, first, second, submit, outcomes, paths, giveBack }
}

test('ThreadPool gives a host jobs ahead of permits while it has room, and no more permits than there are', async () => {
  const { pool, first, submit, paths } = await readyPool()
  first.roomAhead = 8
  for (const path of ['/1', '/2', '/3', '/4']) submit(path)
  assert.deepEqual(paths(first), ['/1', '/2', '/3', '/4'])
  assert.deepEqual([first.permits, pool.statistics().working, pool.statistics().queued], [2, 2, 0])
  first.roomAhead = 0
  submit('/5')
  assert.equal(pool.statistics().queued, 1)
})

test('ThreadPool keeps the permit of a job that ends for one that waits in the same host', async () => {
  const { pool, first, second, submit, paths } = await readyPool()
  first.roomAhead = 8
  for (const path of ['/1', '/2', '/3']) submit(path)
  first.roomAhead = 0
  submit('/other', two)
  first.runs[0]?.finish()
  // /3 has it now: the other application waits on.
  assert.deepEqual([first.permits, second.permits, pool.statistics().working], [2, 0, 2])
  first.runs[0]?.finish()
  assert.deepEqual([paths(first), paths(second)], [['/3'], ['/other']])
  assert.deepEqual([first.permits, second.permits, pool.statistics().working], [1, 1, 2])
})

test('ThreadPool puts a job that is given back before all others', async () => {
  const { pool, first, second, submit, outcomes, paths, giveBack } = await readyPool()
  first.roomAhead = 8
  for (const path of ['/1', '/2', '/3', '/4']) submit(path)
  first.roomAhead = 0
  submit('/late', two)
  giveBack(first, '/4')
  giveBack(first, '/3')
  assert.deepEqual([paths(first), pool.statistics().queued], [['/1', '/2'], 3])
  first.runs[0]?.finish()
  assert.deepEqual(paths(first), ['/2', '/3'])
  first.runs[0]?.finish()
  first.runs[0]?.finish()
  assert.deepEqual([paths(first), paths(second)], [['/4'], ['/late']])
  first.runs[0]?.finish()
  second.runs[0]?.finish()
  assert.equal(outcomes.length, 5)
  assert.deepEqual([first.permits, second.permits, pool.statistics().working], [0, 0, 0])
})

test('ThreadPool refuses a job that is given back when its client has gone, or when it has stopped', async () => {
  const { pool, first, submit, outcomes, giveBack } = await readyPool()
  first.roomAhead = 8
  const jobs = ['/1', '/2', '/3', '/4'].map((path) => submit(path))
  first.roomAhead = 0
  giveBack(first, '/3')
  jobs[2]?.abandon()
  assert.deepEqual(outcomes, [['/3', 'PLAIT_CLIENT_GONE']])
  void pool.stop()
  giveBack(first, '/4')
  assert.deepEqual(outcomes.at(-1), ['/4', 'PLAIT_POOL_STOPPED'])
})
