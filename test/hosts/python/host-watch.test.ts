import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { HostWatch } from '#src/hosts/python/host-watch.ts'
import { RecordingLogger } from '#src/testing.ts'

/** A watch over a host of which the test says what it does. */
function watch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const logger = new RecordingLogger()
  const reader = { idle: true, chunks: 0, frames: 0 }
  const jobs = { size: 0 }
  const activity = { state: 'S', ticks: 1000 }
  const killed: string[] = []
  const one = new HostWatch({ id: 'a#1', logger, reader, jobs }, 5000, () => ({ ...activity }))
  one.begin({ pid: 1, kill: (reason) => void killed.push(reason) })
  /** Looks that happen; what the host does between them. */
  const looks = (count: number, between: () => void = () => undefined): void => {
    for (let look = 0; look < count; look++) {
      between()
      t.mock.timers.tick(5000)
    }
  }
  const said = (): string[] => logger.records.map(({ level, message }) => `${level} ${message}`)
  return { one, reader, jobs, activity, killed, looks, said }
}

test('HostWatch leaves a host alone that owes nothing, or is silent in its application', (t) => {
  const { jobs, killed, looks, said } = watch(t)
  looks(100)
  jobs.size = 3
  looks(1000)
  assert.deepEqual([killed, said()], [[], []])
})

test('HostWatch kills a host that is silent inside a frame for 30 s, not before', (t) => {
  const { reader, jobs, killed, looks } = watch(t)
  jobs.size = 1
  looks(3)
  Object.assign(reader, { idle: false, chunks: 1 })
  // It saw it come, and then nothing.
  looks(6)
  assert.deepEqual(killed, [])
  looks(1)
  assert.match(killed.join(), /^was killed: it began to say something, and did not come to its end for \d\d s$/)
  looks(100)
  assert.equal(killed.length, 1, 'and is over then')
})

test('HostWatch does so without a request too: nobody could get one', (t) => {
  const { reader, killed, looks } = watch(t)
  Object.assign(reader, { idle: false, chunks: 1 })
  looks(7)
  assert.equal(killed.length, 1)
})

test('HostWatch gives a host in a frame five minutes while it says a little, computes, or swaps', (t) => {
  for (const between of ['says', 'computes', 'swaps']) {
    t.mock.timers.reset()
    const { reader, jobs, activity, killed, looks } = watch(t)
    jobs.size = 1
    Object.assign(reader, { idle: false, chunks: 1 })
    looks(59, () => {
      if (between === 'says') reader.chunks++
      if (between === 'computes') activity.ticks += 400
      if (between === 'swaps') activity.state = 'D'
    })
    assert.deepEqual(killed, [], between)
    looks(7)
    assert.equal(killed.length, 1, between)
  }
})

test('HostWatch does not mind a host that is in another frame at each look', (t) => {
  const { reader, jobs, killed, looks } = watch(t)
  jobs.size = 1
  reader.idle = false
  looks(200, () => {
    reader.chunks++
    reader.frames++
  })
  assert.deepEqual(killed, [])
})

test('HostWatch says once that a host is stopped, and kills it after 30 s', (t) => {
  const { one, jobs, activity, killed, looks, said } = watch(t)
  activity.state = 'T'
  looks(10)
  assert.deepEqual([one.isStopped, said()], [false, []])
  jobs.size = 2
  looks(1)
  assert.equal(one.isStopped, true)
  assert.deepEqual(said(), [
    'warn Host a#1 is stopped (SIGSTOP): 2 requests wait for it; if it does not go on in 30 s, it is replaced',
  ])
  looks(5)
  assert.deepEqual(killed, [])
  looks(1)
  assert.deepEqual(killed, ['was killed: it has been stopped (SIGSTOP) for 30 s'])
  assert.equal(said().length, 1)
})

test('HostWatch lets a host that was stopped go on, and a debugger take its time', (t) => {
  const { one, reader, jobs, activity, killed, looks, said } = watch(t)
  jobs.size = 1
  activity.state = 't'
  looks(500)
  assert.deepEqual([one.isStopped, killed], [true, []])
  activity.state = 'S'
  reader.chunks++
  assert.equal(one.isStopped, false, 'at once')
  looks(1)
  for (let round = 0; round < 3; round++) {
    activity.state = 'T'
    looks(5)
    activity.state = 'S'
    looks(1)
  }
  assert.deepEqual(killed, [])
  assert.match(said()[0] ?? '', /^warn Host a#1 is held by a debugger: 1 request waits for it$/)
  assert.deepEqual(said().filter((line) => line === 'info Host a#1 goes on').length, 4)
})
