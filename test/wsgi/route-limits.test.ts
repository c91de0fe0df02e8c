import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RouteLimits, type RequestLimits } from '#src/wsgi/route-limits.ts'
import type { MemoryJob } from '#src/testing.ts'
import type { LaneJob } from '#src/threadpool/lane.ts'
import { serveWSGI } from './serve-wsgi.ts'

const limits = { '/reports': { maxRunning: 2, timeout: 120 }, '/caf%C3%A9/menu': { maxRunning: 1 } }

/** The lane that an application's request to `target` counts in, and its time limit. */
async function routeOf(target: string, options: RequestLimits = {}): Promise<string> {
  const served = serveWSGI((job: MemoryJob) => job.answer(200, [], 'ok'), { ...options, limits })
  const response = await served.port.connect().request(`GET ${target}`)
  assert.equal(response.status, 200, target)
  const [given] = served.pool.jobs as [MemoryJob]
  const { lane, timeout } = given.job as LaneJob
  return `${lane?.name ?? 'none'} ${timeout}`
}

test('WSGIResource.limits hold for a path and all below it, by whole segments', async () => {
  for (const target of ['/reports', '/reports/', '/reports/2024', '/reports?x=1', '/reports/a/b/c']) {
    assert.equal(await routeOf(target), '/reports 120', target)
  }
  for (const target of ['/', '/reportsx', '/report', '/x/reports', '/x?/reports'])
    assert.equal(await routeOf(target), 'none 0', target)
  assert.equal(await routeOf('/caf%C3%A9/menu/today'), '/caf%C3%A9/menu 0')
})

test('WSGIResource.limits cannot be got round by writing a path in another way', async () => {
  for (const target of [
    '//reports',
    '///reports//2024',
    '/reports//',
    '/%72eports',
    '/%2Freports',
    '/reports%2F2024',
    '/reports%2f..%2freports',
    '/./reports',
    '/%2e/reports',
    '/REPORTS',
    '/Reports/2024',
    '/x/../reports',
    '/x/%2e%2e/reports',
    '/x%2F..%2Freports',
    '/../reports',
    '/reports/../x',
    '/reports/..',
    '/reports/%2e%2e/%2e%2e/x',
    'http://other.example/reports',
  ]) {
    assert.equal(await routeOf(target), '/reports 120', target)
  }
})

test('WSGIResource.limits inherit what they leave open, and the resource has its own', async () => {
  assert.equal(await routeOf('/x', { timeout: 30, maxRunning: 5 }), 'test.application 30')
  assert.equal(await routeOf('/reports', { timeout: 30, maxRunning: 5 }), '/reports 120')
  assert.equal(await routeOf('/caf%C3%A9/menu', { timeout: 30, maxRunning: 5 }), '/caf%C3%A9/menu 30')
  assert.equal(await routeOf('/caf%C3%A9', { timeout: 30, maxRunning: 5 }), 'test.application 30')
})

test('RouteLimits.find gives the longest path that fits, with what it inherits', () => {
  const routes = new RouteLimits({
    '/': { timeout: 30 },
    '/reports/yearly': { timeout: 600 },
    '/reports': { maxRunning: 2 },
    '/reports/yearly/all': { maxRunning: 1 },
    '/events': { timeout: 0 },
  })
  const found = (path: string): unknown[] => [routes.find(path).timeout, routes.find(path).lane?.name]
  assert.deepEqual(found('/x'), [30, undefined])
  assert.deepEqual(found(''), [30, undefined])
  assert.deepEqual(found('/reports'), [30, '/reports'])
  assert.deepEqual(found('/reports/monthly'), [30, '/reports'])
  assert.deepEqual(found('/reports/yearly/'), [600, '/reports'])
  assert.deepEqual(found('/reports/yearly/all'), [600, '/reports/yearly/all'])
  assert.deepEqual(found('/events'), [0, undefined])
  assert.equal(routes.find('/reports').lane, routes.find('/reports/yearly').lane)
  // `..` neither leaves a path nor hides one: the stricter of the two holds.
  assert.deepEqual(found('/events/../reports/yearly/all'), [600, '/reports/yearly/all'])
  assert.deepEqual(found('/reports/yearly/../../events'), [600, '/reports'])
})

test('RouteLimits.below are those of a mount: shared, not copied', () => {
  const routes = new RouteLimits({ '/': { timeout: 30 }, '/api': { maxRunning: 3 }, '/api/v1/reports': { timeout: 120 } })
  const [v1, v2, other] = [routes.below('/api/v1'), routes.below('/API/v2/'), routes.below('/other')]
  assert.deepEqual([v1.find('/reports').timeout, v1.find('/').timeout, v2.find('/reports').timeout], [120, 30, 30])
  assert.equal(v1.find('/reports').lane, v2.find('/x').lane)
  assert.equal(v1.find('/').lane?.name, '/api')
  assert.equal(other.find('/api').lane, undefined)
  assert.equal(routes.below('/').find('/api').lane, v1.find('/').lane)
})

test('RouteLimits refuses what makes no sense', () => {
  const wrong: Record<string, RequestLimits>[] = [
    { reports: { maxRunning: 1 } },
    { '': { maxRunning: 1 } },
    { '/a?b': { maxRunning: 1 } },
    { '/a%zz': { maxRunning: 1 } },
    { '/a/../b': { maxRunning: 1 } },
    { '/a': { maxRunning: 0 } },
    { '/a': { maxQueue: 10 } },
    { '/a': { timeout: -1 } },
    { '/a': { timeout: Number.NaN } },
    { '/a': { maxRunning: 1 }, '/A/': { maxRunning: 2 } },
  ]
  for (const one of wrong) assert.throws(() => new RouteLimits(one), { code: 'PLAIT_CONFIGURATION' }, JSON.stringify(one))
})
