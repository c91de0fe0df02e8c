/** A bounded part of `npm run chaos`, Plait alone: nothing is lost, and something was there to lose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chaos, linux } from './run-chaos.ts'

for (const scenario of ['crash', 'crash-1']) {
  test(`chaos ${scenario}: SIGKILL of a host each second fails no GET, and runs no POST twice`, linux, async (t) => {
    const { asked, lost, count, remark } = await chaos(scenario, 6)
    t.diagnostic(remark)
    assert.equal(lost, 0, remark)
    assert.ok(asked > 100, remark)
    assert.ok(count('kills') >= 3, remark)
    assert.ok(count('running') >= count('kills') && count('running') > 6, remark)
    assert.ok(count('getsTwice') > 0, remark)
    assert.equal(count('postsTwice'), 0, remark)
    // Between the server's own mark and the first line of the application lies a moment in which it may be killed.
    assert.ok(count('postsUnheard') <= 1, remark)
  })
}

test('chaos reload: ten reloads under load fail no request, and refuse no connection', linux, async (t) => {
  const { asked, lost, count, remark } = await chaos('reload', 20)
  t.diagnostic(`${asked} requests; ${remark}`)
  assert.deepEqual([lost, count('refused'), count('reloads'), count('versions')], [0, 0, 10, 11], remark)
  assert.ok(asked > 100)
})

test('chaos overload: what is too much gets 503 with Retry-After soon, and a health check notices nothing', linux, async (t) => {
  const { lost, count, remark } = await chaos('overload', 3)
  t.diagnostic(remark)
  assert.equal(lost, 0, remark)
  assert.ok(count('served') > 20 && count('refused') > 100, remark)
  assert.equal(count('withoutRetryAfter'), 0, remark)
  // Far from the seconds that the others wait, on a machine that is busy.
  assert.ok(count('refusedMedian') < 500, remark)
  assert.ok(count('checks') > 3, remark)
  assert.equal(count('checksFailed'), 0, remark)
})

test(
  'chaos stuck: with --timeout, requests that never end take no thread for long, and nothing from others',
  linux,
  async (t) => {
    const { asked, lost, count, remark } = await chaos('stuck', 4)
    t.diagnostic(remark)
    assert.equal(lost, 0, remark)
    assert.ok(asked > 20, remark)
    assert.deepEqual([count('hangs'), count('timedOut'), count('threadsBack')], [4, 4, 4], remark)
  },
)

test('chaos stop: SIGTERM under load loses nothing that was asked before', linux, async (t) => {
  const { lost, count, remark } = await chaos('stop', 2)
  t.diagnostic(remark)
  assert.equal(lost, 0, remark)
  assert.ok(count('running') > 5, remark)
  assert.equal(count('exitCode'), 0)
})
