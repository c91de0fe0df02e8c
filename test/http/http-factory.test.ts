import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'
import { MemoryReactor } from '#src/testing/memory-reactor.ts'

test('HTTPFactory refuses limits that are no numbers, or below 0', () => {
  const names = [
    'headTimeout',
    'bodyTimeout',
    'writeTimeout',
    'idleTimeout',
    'maxHeadSize',
    'maxFields',
    'maxTarget',
    'maxStreams',
  ]
  for (const name of names) {
    for (const value of [Number.NaN, -1, '5', null]) {
      const make = (): HTTPFactory => new HTTPFactory(() => undefined, { [name]: value } as HTTPOptions)
      assert.throws(make, { code: 'PLAIT_CONFIGURATION', message: new RegExp(`option ${name}`) })
    }
    assert.ok(new HTTPFactory(() => undefined, { [name]: 1 } as HTTPOptions))
  }
})

test('HTTPFactory takes no connection any more whose handshake ended after all others were cut', async () => {
  const reactor = new MemoryReactor()
  const factory = new HTTPFactory(() => undefined)
  const info = { peer: { type: 'UNIX', name: '' }, host: { type: 'UNIX', name: '' }, secure: false } as const
  factory.startFactory(reactor)
  const [before, after] = [new PassThrough(), new PassThrough()]
  factory.connectionMade(before, info)
  const aborted = new AbortController()
  const stopped = factory.stopFactory(reactor, aborted.signal)
  aborted.abort()
  factory.connectionMade(after, info)
  assert.deepEqual([before.destroyed, after.destroyed], [true, true])
  await stopped
})
