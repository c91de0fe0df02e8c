import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from '#src/hosts/worker/pace.ts'

function quickPace(): Pace {
  const pace = new Pace()
  for (let count = 0; count < 20; count++) pace.worked(16, 0.4)
  return pace
}

test('Pace is quick only when enough requests are known to be', () => {
  const pace = new Pace()
  pace.worked(16, 0.4)
  assert.equal(pace.isQuick, false)
  assert.equal(quickPace().isQuick, true)
})

test('Pace is not quick with requests that take longer, and one that the system has put aside does not count for more than a few', () => {
  const slow = quickPace()
  for (let count = 0; count < 10; count++) slow.worked(1, 5)
  assert.equal(slow.isQuick, false)
  const disturbed = quickPace()
  disturbed.worked(1, 10_000)
  for (let count = 0; count < 3; count++) disturbed.worked(16, 0.4)
  assert.equal(disturbed.isQuick, true)
})

test('Pace forgives a request that got stuck after a while, later each time, within a limit', () => {
  const pace = quickPace()
  const recovers = (): number => {
    pace.gotStuck()
    assert.equal(pace.isQuick, false)
    let jobs = 0
    while (!pace.isQuick) {
      pace.worked(1, 0.02)
      jobs++
    }
    return jobs
  }
  assert.deepEqual([recovers(), recovers(), recovers()], [32, 64, 128])
  for (let count = 0; count < 5; count++) recovers()
  assert.equal(recovers(), 512)
  pace.worked(5000, 20)
  assert.equal(recovers(), 32)
})
