import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test, before, after } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram, startPython } from '../support/server.ts'
import type { RunningServer } from '../support/server.ts'
import { findVenv, twisted } from '../support/venv.ts'
import { converse } from './converse.ts'
import type { Observation } from './converse.ts'
import { aspectsOf, differences } from './differences.ts'
import { conversations, exchanges } from './exchanges.ts'
import { writeTree } from './tree.ts'
import { startUpstream } from './upstream.ts'

const venv = findVenv(twisted)
const skip = 'missing' in venv && process.env['CI'] !== 'true' ? venv.missing : false

/** How many exchanges run at a time. */
const atOnce = 8

describe('side by side with Twisted', { skip, timeout: 60_000 }, () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plait-twisted-')))
  let servers: RunningServer[] = []
  let stop = (): void => undefined
  const seen = new Map<string, readonly [twisted: Observation, plait: Observation]>()

  before(async () => {
    if ('missing' in venv) throw new Error(venv.missing)
    writeTree(folder)
    const upstream = await startUpstream()
    stop = upstream.stop
    const port = String(upstream.port)
    servers = await Promise.all([
      startPython(venv.python, [`${root}/test/fixtures/twisted/serve_tree.py`, folder, port]),
      startProgram(`${root}/build/test/twisted/serve-tree.js`, { TREE: folder, UPSTREAM: port }),
    ])
    const single = Object.entries(exchanges).map(([name, request]) => [name, [request]] as const)
    const waiting = [...single, ...Object.entries(conversations)]
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [name, [request, second]] = next
        const [theirs, ours] = await Promise.all(servers.map(({ url }) => converse(url, request, second)))
        seen.set(name, [theirs as Observation, ours as Observation])
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  })
  after(async () => {
    for (const server of servers) await server.stop()
    stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('every difference is meant, and every one that is meant is there', () => {
    const expected = new Map<string, string>()
    for (const difference of differences) {
      for (const name of difference.at)
        for (const aspect of aspectsOf(difference)) expected.set(`${name}: ${aspect}`, difference.statement)
    }
    const found = new Map<string, string>()
    for (const [name, pair] of seen) for (const [aspect, what] of differing(...pair)) found.set(`${name}: ${aspect}`, what)
    const unexpected = [...found].filter(([key]) => !expected.has(key)).map(([key, what]) => `${key}: ${what}`)
    const gone = [...expected].filter(([key]) => !found.has(key)).map(([key, statement]) => `${statement} ${key}`)
    // Whole, where the message of deepEqual would leave lines out.
    assert.equal(['Not meant:', ...unexpected, 'Meant, but gone:', ...gone].join('\n'), 'Not meant:\nMeant, but gone:')
  })

  test('both servers have answered', () => {
    for (const [name, [theirs, ours]] of seen) assert.ok(theirs.has('status') || ours.has('status'), name)
    assert.equal(seen.size, Object.keys(exchanges).length + Object.keys(conversations).length)
  })
})

/** What differs, with both sides in words. Where the statuses do, the rest of the responses follows from that. */
function differing(theirs: Observation, ours: Observation): [aspect: string, what: string][] {
  const found: [string, string][] = []
  for (const aspect of new Set([...theirs.keys(), ...ours.keys()])) {
    const [their, our] = [theirs.get(aspect), ours.get(aspect)]
    if (their === our) continue
    const status = `${/^\d+:/.exec(aspect)?.[0] ?? ''}status`
    const answers = theirs.get(status) === ours.get(status)
    if (answers || aspect === 'end' || aspect === 'responses') {
      found.push([aspect, `Twisted ${JSON.stringify(their)}, Plait ${JSON.stringify(our)}`])
    } else if (aspect === status) found.push([`${aspect} ${their ?? 'none'} ${our ?? 'none'}`, ''])
  }
  return found
}

test('every difference is in docs/differences-from-twisted.md', () => {
  const page = readFileSync(`${root}/docs/differences-from-twisted.md`, 'utf8')
  const rows = new Set([...page.matchAll(/^\| ([A-J]\d+) +\|/gm)].map((match) => match[1]))
  assert.deepEqual(
    differences.filter(({ statement }) => !rows.has(statement)),
    [],
  )
  assert.deepEqual(
    differences.flatMap(({ at }) => at.filter((name) => !(name in exchanges || name in conversations))),
    [],
  )
})
