import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { Logger } from '#src/log/logger.ts'
import { Clock } from '#src/testing/clock.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost, type MemoryRun } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const one = resolveApplication('one.application')
const two = resolveApplication('two.application')
const nothing = (): void => undefined
const sink = outcomeSink(nothing)

/** A pool of two threads with hosts in memory; `warnings` of its log. */
function makePool(options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const warnings: string[] = []
  const logger: Logger = { debug: nothing, info: nothing, error: nothing, warn: (message: string) => void warnings.push(message) }
  const pool = new ThreadPool({
    maxThreads: 2,
    clock,
    logger,
    createHost: (hostOptions) => {
      const host = new MemoryHost(hostOptions)
      hosts.push(host)
      return host
    },
    ...options,
  })
  const submit = (application = one): unknown => pool.submit(application, { environ: [], body: undefined }, sink)
  const runs = (): MemoryRun[] => hosts.flatMap((host) => host.runs)
  const open = (run: MemoryRun | undefined, headers: readonly string[] = []): void =>
    run?.sink.respond({ status: 200, reason: 'OK', headers }, new Uint8Array(1), false)
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) clock.advance(1)
  }
  const ready = async (): Promise<void> => {
    for (const host of hosts) host.ready()
    await settle()
  }
  const counts = (): number[] => {
    const { working, streams, queued } = pool.statistics()
    return [working, streams, queued]
  }
  const advance = (seconds: number): void => clock.advance(seconds)
  return { pool, hosts, warnings, submit, runs, open, pass, advance, ready, counts }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('ThreadPool takes its permit back from a response that is open for 5 s, and the host gets a thread for it', async () => {
  const { hosts, submit, runs, open, pass, ready, counts } = makePool()
  for (let index = 0; index < 5; index++) submit()
  await ready()
  assert.deepEqual(counts(), [2, 0, 3])
  open(runs()[0])
  pass(5)
  assert.deepEqual(counts(), [2, 0, 3])
  pass(1)
  assert.deepEqual(counts(), [2, 1, 2])
  assert.deepEqual([hosts[0]?.threads, hosts[0]?.streams, hosts[0]?.permits], [3, 1, 3])
  runs()[0]?.finish()
  assert.deepEqual(counts(), [2, 0, 2])
  assert.deepEqual([hosts[0]?.threads, hosts[0]?.streams, hosts[0]?.permits], [2, 0, 2])
  while (runs().length > 0) runs()[0]?.finish()
  assert.deepEqual([...counts(), hosts[0]?.permits], [0, 0, 0, 0])
})

test('ThreadPool takes its permits back from server-sent events at once, and lets those in that wait', async () => {
  const { submit, runs, open, ready, counts, advance } = makePool()
  for (let index = 0; index < 20; index++) submit()
  await ready()
  const begin = (): void => {
    for (const run of runs()) open(run, ['content-type', 'Text/Event-Stream; charset=utf-8'])
  }
  begin()
  advance(1)
  assert.deepEqual(counts(), [2, 2, 16])
  for (let tenths = 0; tenths < 9; tenths++) {
    begin()
    advance(0.1)
  }
  // Nobody waits any more: there is time.
  assert.deepEqual(counts(), [2, 18, 0])
  begin()
  advance(1)
  assert.deepEqual(counts(), [0, 20, 0])
})

test('ThreadPool takes its permit back from a response that waits for its client at two looks in a row', async () => {
  const { submit, runs, open, pass, ready, counts } = makePool()
  submit()
  submit()
  await ready()
  const [first, second] = runs() as [MemoryRun, MemoryRun]
  open(first)
  first.waitsForClient = true
  // It has sent nothing: its client is slow to send a body.
  second.waitsForClient = true
  pass(1)
  first.waitsForClient = false
  pass(1)
  first.waitsForClient = true
  pass(1)
  assert.deepEqual(counts(), [2, 0, 0])
  pass(1)
  assert.deepEqual(counts(), [1, 1, 0])
})

test('ThreadPool looks on while a job waits in its host for a thread', async () => {
  const { hosts, submit, runs, open, pass, ready, counts } = makePool()
  submit()
  await ready()
  const [host] = hosts as [MemoryHost]
  const sinks = host.sinks.bind(host)
  host.sinks = () => []
  pass(5)
  host.sinks = sinks
  open(runs()[0], ['Content-Type', 'text/event-stream'])
  pass(1)
  assert.deepEqual(counts(), [0, 1, 0])
})

test('ThreadPool leaves its permit to a request that computes and has sent nothing', async () => {
  const { submit, pass, ready, counts } = makePool()
  for (let index = 0; index < 3; index++) submit()
  await ready()
  pass(60)
  // The one that waited has been refused by then.
  assert.deepEqual(counts().slice(0, 2), [2, 0])
})

test('ThreadPool lets responses beyond maxStreams keep their permits, says so once, and takes the next when one leaves', async () => {
  const { submit, runs, open, pass, ready, counts, warnings } = makePool({ maxStreams: 3 })
  for (let index = 0; index < 6; index++) submit()
  await ready()
  for (let seconds = 0; seconds < 20; seconds++) {
    for (const run of runs()) open(run)
    pass(1)
  }
  assert.deepEqual(counts(), [2, 3, 1])
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] as string, /^3 responses stay open, as many as maxStreams allows/)
  runs()[0]?.finish()
  pass(1)
  assert.deepEqual(counts(), [2, 3, 0])
  assert.equal(warnings.length, 1)
})

test('ThreadPool has no streams where it has one thread, unless it is told: applications count on not being called twice at a time', async () => {
  for (const [maxStreams, streams] of [
    [undefined, 0],
    [1, 1],
  ] as const) {
    const { hosts, submit, runs, open, pass, ready, counts, warnings } = makePool({
      maxThreads: 1,
      ...(maxStreams === undefined ? {} : { maxStreams }),
    })
    submit()
    await ready()
    open(runs()[0])
    pass(10)
    assert.deepEqual([...counts(), hosts[0]?.options.maxStreams], [1 - streams, streams, 0, streams])
    assert.deepEqual(warnings, [])
  }
})

test('ThreadPool counts the streams of a host that is replaced until they end there', async () => {
  const { pool, hosts, submit, runs, open, pass, ready, counts } = makePool()
  submit()
  await ready()
  open(runs()[0])
  pass(7)
  const reloaded = pool.reload()
  hosts[1]?.ready()
  await reloaded
  assert.deepEqual([...counts(), hosts[0]?.state], [0, 1, 0, 'draining'])
  submit()
  assert.deepEqual([...counts(), hosts[1]?.permits], [1, 1, 0, 1])
  hosts[0]?.die('was ended', new PlaitError('PLAIT_HOST_ENDED', 'ended'))
  assert.deepEqual(counts(), [1, 0, 0])
})

test('ThreadPool gives the permit of a new stream to a job that waits in the same host', async () => {
  const { hosts, submit, runs, open, pass, ready, counts } = makePool()
  submit()
  await ready()
  const [host] = hosts as [MemoryHost]
  host.roomAhead = 8
  submit()
  submit()
  host.roomAhead = 0
  open(runs()[0])
  pass(7)
  assert.deepEqual([...counts(), host.permits, host.inFlight], [2, 1, 0, 3, 3])
  while (runs().length > 0) runs()[0]?.finish()
  assert.deepEqual([...counts(), host.permits], [0, 0, 0, 0])
})

test('ThreadPool counts exactly, whatever happens to streams and hosts', async () => {
  const step = fc.constantFrom('submit', 'other', 'open', 'finish', 'second', 'second', 'die', 'grow', 'shrink', 'abandon')
  let seen = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(100)), { maxLength: 120 }), async (steps) => {
      const { pool, hosts, submit, runs, open, pass, ready } = makePool({ maxStreams: 4, processes: 2, queueTimeout: 0 })
      submit(one)
      submit(two)
      await ready()
      for (const [what, which] of steps) {
        const run = runs()[which % Math.max(1, runs().length)]
        if (what === 'submit') submit(one)
        if (what === 'other') submit(two)
        if (what === 'open') open(run, which % 2 === 0 ? ['Content-Type', 'text/event-stream'] : [])
        if (what === 'finish') run?.finish()
        if (what === 'second') pass(1)
        if (what === 'die') run?.host.die('died', new PlaitError('PLAIT_HOST_LOST', 'died'))
        if (what === 'grow') pool.adjustPoolSize(0, 3)
        if (what === 'shrink') pool.adjustPoolSize(0, 2)
        if (what === 'abandon') run?.sink.data(new Uint8Array(1))
        const { working, streams } = pool.statistics()
        const living = hosts.filter(({ state }) => state !== 'gone')
        assert.equal(working + streams, runs().length)
        assert.equal(
          living.reduce((sum, { permits }) => sum + permits, 0),
          working + streams,
        )
        assert.equal(
          living.reduce((sum, host) => sum + host.streams, 0),
          streams,
        )
        assert.ok(streams <= 4)
      }
      seen = Math.max(seen, pool.statistics().streams)
      for (let rounds = 0; rounds < 50; rounds++) {
        pass(1)
        await ready()
        while (runs().length > 0) runs()[0]?.finish()
      }
      const { working, streams, queued } = pool.statistics()
      assert.deepEqual([working, streams, queued], [0, 0, 0])
      for (const host of hosts) assert.deepEqual([host.permits, host.streams], [0, 0])
    }),
    { numRuns: 200 },
  )
  assert.ok(seen > 0)
})
