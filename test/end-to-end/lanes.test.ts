import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serveLanes, takesLessThan } from './serve-lanes.ts'

test('slow reports cannot starve logins: they have a lane of their own', async (t) => {
  const served = await serveLanes(t, { maxThreads: 4 }, { limits: { '/reports': { maxRunning: 2, maxQueue: 10 } } })
  // Written in whatever way.
  const ways = ['/reports', '//reports', '/Reports', '/%72eports', '/reports/x', '/./reports']
  const reports = Array.from({ length: 12 }, (_, number) => served.text(`${ways[number % ways.length]}?${served.hold}`))
  await until('all are there', () => served.pool.statistics().lanes[0]?.queued === 10)
  await takesLessThan(100, async () => assert.match(await served.text('/login'), /^login/))
  // One more than may wait.
  const refused = await fetch(`${served.url}/reports`)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5'])
  served.release()
  const texts = await Promise.all(reports)
  // The application counts for itself: never three, over all ways to write the path that it takes for the same.
  for (const text of texts) assert.match(text, /^(?:reports|Reports|\.) [12]$/)
  await until('the lane is empty', () => served.pool.statistics().lanes.length === 0)
})

test('a request that waits too long in its lane gets 503, and a path has a deadline of its own', async (t) => {
  const limits = { '/reports': { maxRunning: 1, queueTimeout: 0.3, timeout: 0 }, '/slow': { timeout: 0 } }
  const served = await serveLanes(t, { maxThreads: 4 }, { timeout: 1, limits })
  const slow = served.text('/slow?seconds=1.5')
  const [first] = (await served.clients(1, `/reports?${served.hold}`)) as [RawClient]
  await until('it runs', () => served.pool.statistics().lanes[0]?.running === 1)
  const begun = performance.now()
  assert.match(await served.text('/reports'), /^503/)
  assert.ok(performance.now() - begun >= 290)
  served.release()
  await first.receives(/^HTTP\/1\.1 200 /)
  assert.match(await slow, /^slow/)
  assert.match(await served.text('/page?seconds=60'), /^504/)
})
