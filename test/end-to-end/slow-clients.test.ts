/** What slow clients and idle connections cost, for a short time and with room for machines that are busy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { chaos, linux } from '../chaos/run-chaos.ts'
import { root } from '../support/paths.ts'

const kinds = [
  'idle-sockets',
  'slow-heads',
  'slow-bodies',
  'slow-readers-of-a-page',
  'slow-readers-of-a-file',
  'clients-that-vanish',
]

for (const kind of kinds) {
  test(`200 bad clients hold no thread of four: ${kind} (E1, E2)`, linux, async (t) => {
    const { asked, lost, p99, memory, count, remark } = await chaos(kind, 1)
    const shown = `p99 ${p99.toFixed(1)} ms, ${(memory / 1024 ** 2).toFixed(1)} MiB; ${remark}`
    t.diagnostic(shown)
    assert.ok(asked > 20 && count('answered') > 10, shown)
    assert.equal(lost, 0, shown)
    assert.ok(p99 <= Math.max(count('aloneP99') * 10, 1000), shown)
    assert.ok(memory < 100 * 1024 ** 2, shown)
  })
}

test('an idle connection takes at most 3 KiB more than with bare node:http', linux, async () => {
  const command = [`${root}/bench/idle-connections.mjs`, '--connections', '2000', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 110_000, killSignal: 'SIGKILL' })
  const { node, plait } = JSON.parse(stdout) as Record<string, { heap: number }>
  // The heap: what is resident depends on when memory is given back.
  assert.ok((plait?.heap ?? 0) - (node?.heap ?? 0) < 3 * 1024, JSON.stringify({ node, plait }))
  assert.ok((node?.heap ?? 0) > 0)
})
