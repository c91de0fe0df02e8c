import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { HostFamily } from '#src/hosts/host-family.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import { createHost } from '#src/hosts/create-host.ts'
import type { HostSink, Outcome } from '#src/hosts/host.ts'
import { Interrupt } from '#src/hosts/worker/interrupt.ts'
import { silentLogger } from '#src/log/logger.ts'
import { outcomeSink } from '../../support/outcome-sink.ts'

/** How often a deadline passes at about the moment at which its request ends. */
const EDGES = 150

const source = `
import time
def application(environ, start_response):
    end = time.monotonic() + float(environ["SECONDS"])
    while time.monotonic() < end:
        pass
    start_response("200 OK", [])
    return [b"done"]
`

test('Interrupt.give meets only the request that it is meant for, and is taken back with it', () => {
  const server = new Interrupt()
  const thread = new Interrupt(server.memory)
  assert.equal(server.give(3), false)
  thread.begin(3)
  assert.equal(server.give(4), false)
  assert.equal(server.give(3), true)
  assert.equal(server.give(3), false)
  assert.equal(thread.isPending, true)
  assert.deepEqual([...thread.signal], [2])
  thread.end()
  assert.equal(thread.isPending, false)
  thread.begin(4)
  assert.equal(server.give(3), false)
  assert.equal(thread.isPending, false)
})

test(
  `PyodideHost: ${EDGES} deadlines at about the end: no other request ever sees the exception, and no thread is lost`,
  { timeout: 120_000 },
  async (t) => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'plait-interrupt-'))
    t.after(() => rmSync(cwd, { recursive: true, force: true }))
    writeFileSync(path.join(cwd, 'app.py'), source)
    const application = resolveApplication({ application: 'app.application', runIn: 'pyodide', cwd })
    const lost: string[] = []
    const logger = { ...silentLogger, error: (message: string) => void lost.push(message) }
    const alive = setInterval(() => undefined, 1000)
    const host = await createHost({
      id: 'edge',
      application,
      minThreads: 1,
      maxThreads: 1,
      multiprocess: false,
      family: new HostFamily(),
      logger,
    })
    t.after(() => host.stop({ timeout: 0 }).finally(() => clearInterval(alive)))
    await host.start()
    host.permits = 2
    const run = (seconds: number, timeout: number): Promise<Outcome> =>
      new Promise((resolve) => {
        const sink: HostSink = {
          ...outcomeSink(resolve),
          // It waited behind one that takes its time: as the pool would, it is given again.
          returned: () => setImmediate(give),
        }
        const give = (): void => void host.run({ environ: ['SECONDS', String(seconds)], body: undefined, timeout }, sink)
        give()
      })
    const outcomes = { inTime: 0, late: 0, other: 0 }
    let left = EDGES
    const edge = async (): Promise<void> => {
      while (left-- > 0) {
        const outcome = await run(0.02 + Math.random() * 0.015, 0.02)
        if (outcome === undefined) outcomes.inTime++
        else if (outcome.code === 'PLAIT_TIMEOUT') outcomes.late++
        else outcomes.other++
      }
    }
    const bystander = async (): Promise<void> => {
      while (left > 0) if ((await run(0, 0)) !== undefined) outcomes.other++
    }
    await Promise.all([edge(), bystander()])
    t.diagnostic(JSON.stringify(outcomes))
    assert.equal(outcomes.other, 0)
    assert.ok(outcomes.inTime > 0 && outcomes.late > 0, JSON.stringify(outcomes))
    assert.deepEqual(lost, [])
  },
)
