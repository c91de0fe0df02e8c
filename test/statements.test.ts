import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { left, statements } from './statements.ts'
import { root } from './support/paths.ts'

const here = path.join(root, 'test')
const sources = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))

/** The statements in parentheses that texts of test files name. `(G --port)` is short for the options of G139. */
function named(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const file of sources) {
    for (const [, inside = ''] of readFileSync(path.join(here, file), 'utf8').matchAll(/\(([^()\n]*)\)(?=[^'"`\n]*['"`])/g)) {
      for (const [id] of inside.matchAll(/\b[A-J]\d{1,3}\b/g)) found.set(id, file)
      if (inside.startsWith('G -')) found.set('G139', file)
    }
  }
  return found
}

const differences = new Set(
  [...readFileSync(path.join(root, 'docs/differences-from-twisted.md'), 'utf8').matchAll(/^\| ([A-J]\d+) /gm)].map(
    (match) => match[1],
  ),
)

test('every statement about the tree, files, scripts, the command line and resources is named by a test', () => {
  const ids = named()
  const untested = Object.keys(statements).filter((id) => !ids.has(id) && !left.includes(id))
  assert.deepEqual(
    untested.map((id) => `${id}: ${statements[id]}`),
    [],
  )
})

test('what Plait has not, on purpose, is in docs/differences-from-twisted.md, and named by no test', () => {
  const ids = named()
  assert.deepEqual(
    left.filter((id) => !differences.has(id) || ids.has(id)),
    [],
  )
})

test('the statements are all there, in order', () => {
  const numbers = (letter: string, from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`)
  const all = [
    ...numbers('B', 54, 75),
    ...numbers('E', 118, 130),
    ...numbers('F', 131, 137),
    ...numbers('G', 138, 141),
    ...numbers('H', 142, 152),
  ]
  assert.deepEqual(Object.keys(statements), all)
})
