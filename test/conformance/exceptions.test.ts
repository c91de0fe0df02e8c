/** What a kind of host cannot do stands in the reference, and nothing else stands there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { root } from '../support/paths.ts'
import { casesFor } from './cases.ts'
import type { HostKind } from './host-kind.ts'
import { cpython } from './kinds/cpython.ts'
import { javascriptThreads } from './kinds/javascript.ts'
import { pyodide } from './kinds/pyodide.ts'

/** One of each kind. Nothing of them is started. */
const kinds: readonly HostKind[] = [cpython({ path: 'python3', version: '3' }), javascriptThreads, pyodide]
/** Clauses on which everything else rests. */
const never = /^start_response|^close\(\)|^wsgi\.input|exc_info/

interface Row {
  readonly kind: string
  readonly name: string
  readonly reason: string
}

/** The rows `| kind | case | what happens | why |` of the page. */
function listed(): Row[] {
  const page = readFileSync(`${root}/docs/reference/hosts.md`, 'utf8')
  return [...page.matchAll(/^\| `(\w+)` +\| (\w[^|]*: [^|]*?) +\| [^|]+ \| ([^|]+?) +\|$/gm)].map(
    ([, kind = '', name = '', reason = '']) => ({ kind, name, reason }),
  )
}

describe('exceptions of a kind of host', () => {
  it('are listed in docs/reference/hosts.md, with their reasons, and no others are', () => {
    const ours = kinds.flatMap(({ title, exceptions }) =>
      Object.entries(exceptions).map(([name, { reason }]) => ({ kind: title, name, reason })),
    )
    const order = (one: Row, other: Row): number => `${one.kind} ${one.name}`.localeCompare(`${other.kind} ${other.name}`)
    assert.deepEqual(listed().toSorted(order), ours.toSorted(order))
  })

  for (const { title, language, exceptions } of kinds) {
    it(`are cases, at most five, and of no clause on which all rests: ${title}`, () => {
      const names = Object.keys(exceptions)
      const cases = casesFor(language)
      assert.deepEqual(
        names.filter((name) => !Object.hasOwn(cases, name)),
        [],
      )
      assert.ok(names.length <= 5, names.join('\n'))
      assert.deepEqual(
        names.filter((name) => never.test(name)),
        [],
      )
    })
  }
})
