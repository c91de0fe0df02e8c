import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'

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
