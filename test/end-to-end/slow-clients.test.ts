/** The scripts of `bench/` that show what slow clients and idle connections cost, for a short time and with room for machines that are busy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../support/paths.ts'

async function run(script: string, ...words: string[]): Promise<unknown> {
  const command = [`${root}/bench/${script}`, ...words, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 110_000, killSignal: 'SIGKILL' })
  return JSON.parse(stdout)
}

const linux = { skip: process.platform !== 'linux' }

interface Measured {
  readonly case: string
  readonly aloneP99: number
  readonly p99: number
  readonly requests: number
  readonly failed: number
  readonly memory: number
}

test('200 slow clients hold no thread of four: idle, slow heads, slow bodies, slow readers (E1, E2)', linux, async () => {
  const measured = (await run('slow-clients.mjs', '--seconds', '1')) as Measured[]
  assert.deepEqual(
    measured.map((one) => one.case),
    ['idle sockets', 'slow heads', 'slow bodies', 'slow readers of a page', 'slow readers of a file'],
  )
  for (const one of measured) {
    const shown = JSON.stringify(one)
    assert.ok(one.requests > 20, shown)
    assert.equal(one.failed, 0, shown)
    assert.ok(one.p99 <= Math.max(one.aloneP99 * 10, 1000), shown)
    assert.ok(one.memory < 100, shown)
  }
})

test('an idle connection takes at most 3 KiB more than with bare node:http', linux, async () => {
  const { node, plait } = (await run('idle-connections.mjs', '--connections', '2000')) as Record<string, { heap: number }>
  // The heap: what is resident depends on when memory is given back.
  assert.ok((plait?.heap ?? 0) - (node?.heap ?? 0) < 3 * 1024, JSON.stringify({ node, plait }))
  assert.ok((node?.heap ?? 0) > 0)
})
