import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Clock } from '#src/testing.ts'

test('Clock starts at 0 and moves only by advance (I155)', () => {
  const clock = new Clock()
  assert.equal(clock.seconds(), 0)
  clock.advance(1.5)
  assert.equal(clock.seconds(), 1.5)
})

test('Clock.advance runs due calls in order of time, equal times in order of calling (I155)', () => {
  const clock = new Clock()
  const ran: string[] = []
  clock.callLater(2, () => ran.push('two'))
  clock.callLater(1, () => ran.push('one'))
  clock.callLater(1, () => ran.push('one again'))
  clock.callLater(3, () => ran.push('three'))
  clock.advance(2)
  assert.deepEqual(ran, ['one', 'one again', 'two'])
  clock.advance(1)
  assert.equal(ran.at(-1), 'three')
})

test('Clock.advance runs calls that were scheduled meanwhile when they are due (I155)', () => {
  const clock = new Clock()
  const ran: string[] = []
  clock.callLater(1, () => {
    ran.push('outer')
    clock.callLater(0, () => ran.push('inner'))
    clock.callLater(1, () => ran.push('later'))
  })
  clock.advance(1)
  assert.deepEqual(ran, ['outer', 'inner'])
})

test('Clock.pump advances step by step (I155)', () => {
  const clock = new Clock()
  const times: number[] = []
  const again = (): void => {
    times.push(clock.seconds())
    clock.callLater(1, again)
  }
  clock.callLater(1, again)
  clock.pump([1, 1, 1])
  assert.deepEqual(times, [1, 2, 3])
})

test('Clock.callLater gives a call that can be cancelled, put off and asked (I155)', () => {
  const clock = new Clock()
  let ran = 0
  const call = clock.callLater(5, () => ran++)
  assert.equal(call.getTime(), 5)
  assert.equal(call.active(), true)
  clock.advance(4)
  call.reset(5)
  clock.advance(4)
  assert.equal(ran, 0)
  clock.advance(1)
  assert.equal(ran, 1)
  assert.equal(call.active(), false)
  const cancelled = clock.callLater(1, () => ran++)
  cancelled.cancel()
  cancelled.cancel()
  clock.advance(2)
  assert.equal(ran, 1)
})

test('Clock.getDelayedCalls gives what lies ahead, soonest first (I155)', () => {
  const clock = new Clock()
  const late = clock.callLater(9, () => undefined)
  const soon = clock.callLater(3, () => undefined)
  assert.deepEqual(clock.getDelayedCalls(), [soon, late])
  soon.cancel()
  assert.deepEqual(clock.getDelayedCalls(), [late])
})

test('Clock.callLater refuses a negative delay', () => {
  assert.throws(() => new Clock().callLater(-1, () => undefined), RangeError)
})
