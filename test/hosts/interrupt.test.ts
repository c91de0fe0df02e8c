import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HostFamily } from '#src/hosts/host-family.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import type { Outcome } from '#src/hosts/host.ts'
import { createHost } from '#src/hosts/create-host.ts'
import { root } from '../support/paths.ts'
import { silentLogger } from '#src/log/logger.ts'
import { outcomeSink } from '../support/outcome-sink.ts'

/** How often a deadline passes at about the moment at which its request ends; `PLAIT_EDGES=10000` by hand. */
const edges = Number(process.env['PLAIT_EDGES'] ?? 600)

test(`PythonHost: ${edges} deadlines within a millisecond of the end: no other request ever sees the exception`, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  const application = resolveApplication({
    application: 'edge:application',
    cwd: `${root}/test/fixtures/hosts`,
    ...(process.env['PLAIT_PYTHON'] === undefined ? {} : { python: process.env['PLAIT_PYTHON'] }),
    env: { APP_DATA: data, PYTHONDONTWRITEBYTECODE: '1' },
  })
  const host = await createHost({
    id: 'edge',
    application,
    minThreads: 0,
    maxThreads: 8,
    multiprocess: false,
    family: new HostFamily(),
    logger: silentLogger,
  })
  await host.start()
  t.after(() => host.stop({ timeout: 5 }))
  // The host goes on all the same: nobody replaces it.
  let spent = 0
  host.onSpent = () => spent++
  const outcomes = { inTime: 0, late: 0, other: 0 }
  const run = (seconds: number, timeout: number): Promise<Outcome> =>
    new Promise((resolve) => {
      host.run(
        { environ: ['REQUEST_METHOD', 'GET', 'QUERY_STRING', String(seconds)], body: undefined, timeout },
        outcomeSink(resolve),
      )
    })
  let left = edges
  const edge = async (): Promise<void> => {
    while (left-- > 0) {
      const outcome = await run(0.004 + (Math.random() - 0.5) * 0.002, 0.004)
      if (outcome === undefined) outcomes.inTime++
      else if (outcome.code === 'PLAIT_TIMEOUT') outcomes.late++
      else outcomes.other++
    }
  }
  const bystander = async (): Promise<void> => {
    while (left > 0) {
      const outcome = await run(0.0005, 0)
      if (outcome !== undefined) outcomes.other++
    }
  }
  await Promise.all([edge(), edge(), bystander(), bystander()])
  t.diagnostic(`${JSON.stringify(outcomes)}, ${spent} interrupted`)
  assert.equal(outcomes.other, 0)
  assert.ok(spent > edges / 10, 'deadlines have passed')
  for (let count = 0; count < 50; count++) assert.equal(await run(0.001, 0), undefined)
  const notes = readFileSync(`${data}/notes.txt`, 'utf8').trim().split('\n')
  assert.deepEqual([...new Set(notes)].toSorted(), ['interrupted where it may be', 'started'])
})
