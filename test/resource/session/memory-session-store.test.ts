import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemorySessionStore } from '#src/resource/session/memory-session-store.ts'
import { SessionRecord } from '#src/resource/session/session-store.ts'
import { MemoryReactor, RecordingLogger } from '#src/testing.ts'

function storeOf(maxSessions = 100): {
  store: MemorySessionStore
  reactor: MemoryReactor
  ended: string[]
  make(uid: string, timeout?: number): void
} {
  const reactor = new MemoryReactor()
  const store = new MemorySessionStore(reactor, { maxSessions })
  const ended: string[] = []
  const make = (uid: string, timeout = 10): void => {
    const record = new SessionRecord()
    record.notifyOnExpire(() => ended.push(uid))
    store.create(uid, record, timeout)
  }
  return { store, reactor, ended, make }
}

test('MemorySessionStore ends what is not used, on time, and tells (B91)', () => {
  const { store, reactor, ended, make } = storeOf()
  make('a')
  reactor.advance(6)
  make('b')
  assert.notEqual(store.get('a', 10), undefined)
  reactor.advance(9.9)
  assert.deepEqual(ended, [])
  reactor.advance(1.2)
  assert.deepEqual(ended.toSorted(), ['a', 'b'])
  assert.equal(store.size, 0)
  assert.deepEqual(reactor.getDelayedCalls(), [])
})

test('MemorySessionStore never gives what has ended, though nobody has looked yet', () => {
  const { store, reactor, make } = storeOf()
  make('short', 0.2)
  reactor.advance(0.2)
  assert.equal(store.size, 1)
  assert.equal(store.get('short', 10), undefined)
  assert.equal(store.touch('short', 10), false)
  assert.equal(store.set('short'), false)
})

test('MemorySessionStore has one timer, whatever it keeps, and looks for the shortest first', () => {
  const { reactor, ended, make } = storeOf()
  make('long', 1000)
  for (let number = 0; number < 50; number++) make(`s${number}`, 10 + number / 100)
  assert.equal(reactor.getDelayedCalls().length, 1)
  reactor.advance(12)
  assert.equal(ended.length, 50)
  assert.equal(reactor.getDelayedCalls().length, 1)
  reactor.advance(1000)
  assert.equal(ended.length, 51)
})

test('MemorySessionStore: beyond its bound those end first that never came back, then those not used for longest', () => {
  const { store, ended, make } = storeOf(4)
  for (const uid of ['known 1', 'known 2', 'known 3']) {
    make(uid)
    store.get(uid, 10)
  }
  store.get('known 1', 10)
  for (let number = 0; number < 1000; number++) make(`flood ${number}`)
  assert.equal(store.size, 4)
  assert.equal(ended.length, 999)
  assert.ok(ended.every((uid) => uid.startsWith('flood')))
  store.get('flood 999', 10)
  make('next')
  assert.equal(ended.at(-1), 'known 2')
})

test('MemorySessionStore.destroy forgets, and tells nobody', () => {
  const { store, ended, make } = storeOf()
  make('a')
  store.destroy('a')
  store.destroy('a')
  assert.equal(store.get('a', 10), undefined)
  assert.deepEqual(ended, [])
})

test('MemorySessionStore logs a callback that throws, and calls the others', () => {
  const logger = new RecordingLogger()
  const reactor = new MemoryReactor({ logger })
  const store = new MemorySessionStore(reactor)
  const record = new SessionRecord()
  let called = 0
  record.notifyOnExpire(() => {
    throw new Error('a bad callback')
  })
  record.notifyOnExpire(() => called++)
  store.create('a', record, 5)
  reactor.advance(6)
  assert.equal(called, 1)
  assert.match(String(logger.of('error')[0]?.fields['error']), /a bad callback/)
})
