import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { Job, Outcome, RunningJob } from '#src/hosts/host.ts'
import { silentLogger } from '#src/log/logger.ts'
import { Clock } from '#src/testing/clock.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { MemoryHost, type MemoryRun } from './memory-host.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

const application = resolveApplication('one.application')
const lost = new PlaitError('PLAIT_HOST_LOST', 'gone', { status: 502 })
const head = { status: 200, reason: 'OK', headers: [] }

interface Submitted {
  running: RunningJob
  outcome: Outcome | 'running'
}

/** A pool with one host in memory that is ready. */
async function makePool(options: ThreadPoolOptions = {}) {
  const hosts: MemoryHost[] = []
  const clock = new Clock()
  const lines: string[] = []
  const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) }
  const createHost: ThreadPoolOptions['createHost'] = (hostOptions) => {
    const host = new MemoryHost(hostOptions)
    hosts.push(host)
    return host
  }
  const pool = new ThreadPool({ clock, logger, createHost, ...options })
  const submit = (job: Partial<Job> = {}): Submitted => {
    const submitted: Submitted = { running: undefined as unknown as RunningJob, outcome: 'running' }
    const finished = (outcome: Outcome): void => void (submitted.outcome = outcome)
    submitted.running = pool.submit(
      application,
      { environ: [], body: undefined, repeatable: true, ...job },
      outcomeSink(finished),
    )
    return submitted
  }
  void pool.prepare(application)
  const ready = async (): Promise<MemoryHost> => {
    const host = hosts.at(-1) as MemoryHost
    host.ready()
    await new Promise((resolve) => setImmediate(resolve))
    return host
  }
  const host = await ready()
  /** The host dies, and the next is ready. */
  const replace = async (error = lost): Promise<MemoryHost> => {
    hosts.at(-1)?.die('was killed', error)
    clock.advance(11)
    return ready()
  }
  return { pool, host, submit, replace, clock, lines }
}

function codeOf({ outcome }: Submitted): string | undefined {
  return outcome instanceof PlaitError ? outcome.code : outcome
}

test('ThreadPool runs a repeatable job once more when its host dies, before those that wait', async () => {
  const { pool, submit, replace, lines } = await makePool({ maxThreads: 1 })
  const first = submit({ environ: ['PATH_INFO', '/first'] })
  submit({ environ: ['PATH_INFO', '/second'] })
  const next = await replace()
  assert.equal(codeOf(first), 'running')
  assert.deepEqual(
    next.runs.map(({ job }) => job.environ[1]),
    ['/first'],
  )
  next.runs[0]?.finish()
  assert.equal(codeOf(first), undefined)
  assert.equal(pool.statistics().repeated, 1)
  assert.equal(pool.statistics().applications[0]?.repeated, 1)
  assert.deepEqual(lines, [
    '1 request of a safe method runs once more, because their host in one.application died before they had an answer',
  ])
})

test('ThreadPool never runs a job for a third time', async () => {
  const { pool, submit, replace } = await makePool()
  const poison = submit()
  await replace()
  const third = await replace()
  assert.equal(codeOf(poison), 'PLAIT_HOST_LOST')
  assert.deepEqual(third.runs, [])
  assert.deepEqual([pool.statistics().working, pool.statistics().queued], [0, 0])
})

const steps: readonly [what: string, job: Partial<Job>, step: (run: MemoryRun, running: RunningJob) => void][] = [
  ['is not repeatable', { repeatable: false }, () => undefined],
  ['says nothing about it', { repeatable: undefined as never }, () => undefined],
  ['has sent its head', {}, ({ sink }) => sink.respond(head, new Uint8Array(0), false)],
  ['has sent early hints', {}, ({ sink }) => sink.earlyHints([])],
  ['reads its streamed body', { body: { kind: 'stream' } }, ({ sink }) => sink.inputWanted(1)],
  ['was given some of its streamed body', { body: { kind: 'stream' } }, (_, running) => running.input(new Uint8Array(1))],
  ['has a spooled body', { body: { kind: 'file', path: '/nowhere', size: 1 } }, () => undefined],
  ['lost its client', {}, (_, running) => running.abandon()],
]
for (const [what, job, step] of steps) {
  test(`ThreadPool does not run a job again that ${what}`, async () => {
    const { submit, replace, host } = await makePool()
    const submitted = submit(job)
    step(host.runs[0] as MemoryRun, submitted.running)
    const next = await replace()
    assert.equal(codeOf(submitted), 'PLAIT_HOST_LOST')
    assert.deepEqual(next.runs, [])
  })
}

test('ThreadPool does not run a job again when the server ended its host', async () => {
  const { submit, replace } = await makePool()
  const submitted = submit()
  const next = await replace(new PlaitError('PLAIT_HOST_ENDED', 'was ended', { status: 502 }))
  assert.equal(codeOf(submitted), 'PLAIT_HOST_ENDED')
  assert.deepEqual(next.runs, [])
})

test('ThreadPool does not run a job again when it stops', async () => {
  const { pool, submit, host } = await makePool()
  const submitted = submit()
  const stopped = pool.stop()
  host.die('was killed', lost)
  await stopped
  assert.equal(codeOf(submitted), 'PLAIT_HOST_LOST')
})

test('ThreadPool gives a job that had not begun to the next host, and does not count that as its second run', async () => {
  const { pool, submit, replace, host } = await makePool()
  const submitted = submit({ repeatable: false })
  const [run] = host.runs.splice(0)
  host.state = 'gone'
  run?.sink.returned()
  const next = await replace()
  assert.equal(codeOf(submitted), 'running')
  assert.equal(next.runs.length, 1)
  assert.equal(pool.statistics().repeated, 0)
})

test('ThreadPool does not give a job on that had not begun when its client has left', async () => {
  const { pool, submit, replace, host } = await makePool()
  const submitted = submit()
  submitted.running.abandon()
  const [run] = host.runs.splice(0)
  host.state = 'gone'
  run?.sink.returned()
  const next = await replace()
  assert.deepEqual(next.runs, [])
  assert.deepEqual([codeOf(submitted), pool.statistics().working], [undefined, 0])
})

test('ThreadPool lets a job that runs once more wait for queueTimeout, counted anew, and no longer', async () => {
  const { submit, clock, host } = await makePool({ queueTimeout: 30, maxThreads: 1 })
  const again = submit()
  clock.advance(20)
  const waiting = submit()
  clock.advance(5)
  host.die('was killed', lost)
  clock.advance(25)
  assert.deepEqual([codeOf(again), codeOf(waiting)], ['running', 'PLAIT_QUEUE_TIMEOUT'])
  clock.advance(5)
  assert.equal(codeOf(again), 'PLAIT_QUEUE_TIMEOUT')
})
