import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { serveLanes, timesOf } from './serve-lanes.ts'

test('slow reports cannot starve logins: they have a lane of their own', async (t) => {
  const served = await serveLanes(t, { maxThreads: 4 }, { limits: { '/reports': { maxRunning: 2, maxQueue: 10 } } })
  // Written in whatever way.
  const ways = ['/reports', '//reports', '/Reports', '/%72eports', '/reports/x', '/./reports']
  const reports = Array.from({ length: 12 }, (_, number) => served.text(`${ways[number % ways.length]}?seconds=0.3`))
  await until('all are there', () => served.pool.statistics().lanes[0]?.queued === 10)
  const times = await timesOf(20, async () => assert.match(await served.text('/login'), /^login/))
  assert.ok((times[18] as number) < 250, `p95 was ${times[18]} ms`)
  // One more than may wait.
  const refused = await fetch(`${served.url}/reports`)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5'])
  const texts = await Promise.all(reports)
  // The application counts for itself: never three, over all ways to write the path that it takes for the same.
  for (const text of texts) assert.match(text, /^(?:reports|Reports|\.) [12]$/)
  await until('the lane is empty', () => served.pool.statistics().lanes.length === 0)
})

test('a request that waits too long in its lane gets 503, and a path has a deadline of its own', async (t) => {
  const limits = { '/reports': { maxRunning: 1, queueTimeout: 0.3 }, '/slow': { timeout: 0 } }
  const served = await serveLanes(t, { maxThreads: 4 }, { timeout: 1, limits })
  const slow = served.text('/slow?seconds=2')
  const first = served.text('/reports?seconds=0.8')
  await until('it runs', () => served.pool.statistics().lanes[0]?.running === 1)
  const begun = performance.now()
  assert.match(await served.text('/reports'), /^503/)
  assert.ok(performance.now() - begun >= 290)
  assert.match(await first, /^reports/)
  assert.match(await served.text('/page?seconds=60'), /^504/)
  assert.match(await slow, /^slow/)
})
