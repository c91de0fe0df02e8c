import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { serveProgram } from './serve-flow.ts'

test('two applications on one pool of four threads: never more than four requests run', async (t) => {
  const server = await serveProgram('shared-pool')
  t.after(server.stop)
  const visits = Array.from({ length: 100 }, (_, i) => server.page(i % 2 === 0 ? '/one/counted' : '/two/counted'))
  assert.deepEqual(new Set(await Promise.all(visits)), new Set(['counted']))
  const lines = await until('all have noted their times', () => (server.notes().length === 100 ? server.notes() : undefined))
  assert.equal(mostAtOnce(lines.map((line) => line.split(' ').map(Number) as [number, number])), 4)
})

/** How many of the intervals lie over one another, at most. */
function mostAtOnce(intervals: readonly [begun: number, ended: number][]): number {
  const changes = intervals.flatMap(([begun, ended]): [number, number][] => [
    [begun, 1],
    [ended, -1],
  ])
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let running = 0
  let most = 0
  for (const [, change] of changes) most = Math.max(most, (running += change))
  return most
}
