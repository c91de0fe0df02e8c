/** What slow clients and idle connections cost, for a short time. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { chaos, linux, type ChaosOutcome } from '../chaos/run-chaos.ts'
import { root } from '../support/paths.ts'

const kinds = [
  'idle-sockets',
  'slow-heads',
  'slow-bodies',
  'slow-readers-of-a-page',
  'slow-readers-of-a-file',
  'clients-that-vanish',
]

/** Milliseconds that are no delay, whatever they are three times of. */
const NOTHING = 50
/** A machine with other work makes some measurements bad; a server whose threads slow clients hold makes all of them so. */
const TRIES = 5

const isHarmed = ({ p99, count }: ChaosOutcome): boolean => !(p99 <= Math.max(count('aloneP99') * 3, NOTHING))

for (const kind of kinds) {
  test(
    `200 bad clients leave a normal client's p99 at three times what it is alone, on four threads: ${kind} (E1, E2)`,
    linux,
    async (t) => {
      for (let tried = 1; ; tried++) {
        const outcome = await chaos(kind, 1)
        const { asked, lost, p99, memory, count, remark } = outcome
        const shown = `p99 ${p99.toFixed(1)} ms, ${(memory / 1024 ** 2).toFixed(1)} MiB; ${remark}`
        t.diagnostic(shown)
        assert.ok(asked > 20 && count('answered') > 10, shown)
        assert.equal(lost, 0, shown)
        assert.ok(memory < 100 * 1024 ** 2, shown)
        if (!isHarmed(outcome)) break
        assert.ok(tried < TRIES, `${tried} times: ${shown}`)
      }
    },
  )
}

test('bad clients that do hold threads are seen by that measure: slow bodies with --request-body stream', linux, async () => {
  const outcome = await chaos('slow-bodies', 1, { PLAIT_REQUEST_BODY: 'stream' })
  assert.ok(outcome.lost > 0 || isHarmed(outcome), outcome.remark)
})

test('an idle connection takes at most 3 KiB more than with bare node:http', linux, async () => {
  const command = [`${root}/bench/idle-connections.mjs`, '--connections', '2000', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 110_000, killSignal: 'SIGKILL' })
  const { node, plait } = JSON.parse(stdout) as Record<string, { heap: number }>
  // The heap: what is resident depends on when memory is given back.
  assert.ok((plait?.heap ?? 0) - (node?.heap ?? 0) < 3 * 1024, JSON.stringify({ node, plait }))
  assert.ok((node?.heap ?? 0) > 0)
})
