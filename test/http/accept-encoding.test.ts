import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acceptedEncodings } from '#src/http/accept-encoding.ts'

const offered = ['br', 'zstd', 'gzip'] as const

for (const [field, accepted] of [
  [undefined, []],
  ['', []],
  ['gzip', ['gzip']],
  ['gzip, deflate, br, zstd', ['br', 'zstd', 'gzip']],
  ['gzip;q=1.0, br;q=0.5', ['gzip', 'br']],
  ['gzip; q=0, br', ['br']],
  ['GZIP;Q=0.3 , x-unknown', ['gzip']],
  ['x-gzip', ['gzip']],
  ['*', ['br', 'zstd', 'gzip']],
  ['*;q=0.1, gzip', ['gzip', 'br', 'zstd']],
  ['*;q=0', []],
  ['br;q=0, *', ['zstd', 'gzip']],
  ['identity', []],
  ['identity;q=0', []],
  ['identity, gzip;q=0.5', []],
  ['identity;q=0.5, gzip;q=0.5', ['gzip']],
  ['gzip;q=2, br;q=x, zstd;q=0.1234', []],
  ['gzip;foo=1;q=0.2', ['gzip']],
] as const) {
  test(`acceptedEncodings for ${JSON.stringify(field)}`, () => {
    assert.deepEqual(acceptedEncodings(field, offered), accepted)
  })
}

test('acceptedEncodings takes no time for a field that was made to take time', () => {
  const begun = process.cpuUsage()
  for (const field of [`gzip;q=${' '.repeat(60_000)}x`, `gzip;${' '.repeat(60_000)}x`, ','.repeat(60_000), 'a;'.repeat(30_000)]) {
    acceptedEncodings(field, offered)
  }
  assert.ok(process.cpuUsage(begun).user < 500_000)
})

test('acceptedEncodings gives some of what is offered, whatever the field', () => {
  fc.assert(
    fc.property(fc.string(), (field) => {
      const accepted = acceptedEncodings(field, offered)
      assert.equal(new Set(accepted).size, accepted.length)
      assert.ok(accepted.every((coding) => offered.includes(coding)))
    }),
  )
})
