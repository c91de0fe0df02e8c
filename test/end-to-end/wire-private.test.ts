import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { childrenOf } from '../support/processes.ts'
import { startPlait } from '../support/server.ts'

/** What the descriptors of a process lead to, by number. */
function descriptorsOf(pid: number): Map<string, string> {
  const numbers = readdirSync(`/proc/${pid}/fd`)
  return new Map(
    numbers.flatMap((number): [string, string][] => {
      try {
        return [[number, readlinkSync(`/proc/${pid}/fd/${number}`)]]
      } catch {
        // Closed meanwhile.
        return []
      }
    }),
  )
}

test('the wire of a Python process is a socket pair without a name, and the process has nothing else of the server’s', async (t) => {
  const server = await startPlait({ application: 'foo.application', folder: `${root}/examples/hello` })
  t.after(() => server.stop())
  assert.equal((await fetch(server.url)).status, 200)
  const [host] = childrenOf(server.pid)
  const descriptors = descriptorsOf(host as number)
  const [, inode] = /^socket:\[(\d+)\]$/.exec(descriptors.get('3') ?? '') ?? []
  assert.ok(inode !== undefined)
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n')
  // Num RefCount Protocol Flags Type State Inode [Path]; state 03 is connected.
  const found = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[6] === inode)
  assert.deepEqual(
    found.map((fields) => [fields[5], fields[7]]),
    [['03', undefined]],
  )
  // The listening sockets, clients, logs: it has none of them. Its own output, and what it has begun, the server reads.
  const ours = new Set(descriptorsOf(server.pid).values())
  const shared = [...descriptors]
    .filter(([number, target]) => Number(number) > 2 && ours.has(target) && !target.startsWith('/memfd:plait-begun'))
    .filter(([, target]) => /^socket:|^\//.test(target))
  assert.deepEqual(shared, [])
})
