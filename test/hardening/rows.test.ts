import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { refusedHeads } from './refused-heads.ts'
import { refusedRequests } from './refused-requests.ts'
import { rows } from './rows.ts'

const here = path.join(root, 'test')
const sources = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))

/** The rows that tests name: at the beginning of the name in this folder, in parentheses elsewhere (there, `A` are statements about WSGI). */
function named(): ReadonlySet<string> {
  const found = new Set<string>([...refusedRequests, ...refusedHeads].map(([row]) => row))
  for (const file of sources) {
    const text = readFileSync(path.join(here, file), 'utf8')
    if (file.startsWith('hardening/')) {
      for (const [, list = ''] of text.matchAll(/['"`]((?:[A-E]\d+(?:, )?)+)(?:: |['"`])/g))
        for (const id of list.split(', ')) found.add(id)
      continue
    }
    for (const [name] of text.matchAll(/\btest\(\s*['"`][^\n]*/g))
      for (const [inside] of name.matchAll(/\([^()]*\)/g)) for (const [id] of inside.matchAll(/\b[B-E]\d{1,2}\b/g)) found.add(id)
  }
  return found
}

test('every row is named by a test, and there are no others', () => {
  const ids = named()
  assert.deepEqual(
    Object.keys(rows).filter((id) => !ids.has(id)),
    [],
  )
  assert.deepEqual(
    [...refusedRequests, ...refusedHeads].map(([row]) => row).filter((id) => !(id in rows)),
    [],
  )
})

test('the rows are all there, in order', () => {
  const numbers = (letter: string, to: number): string[] => Array.from({ length: to }, (_, index) => `${letter}${index + 1}`)
  assert.deepEqual(Object.keys(rows), [
    ...numbers('A', 14),
    ...numbers('B', 10),
    ...numbers('C', 29),
    ...numbers('D', 17),
    ...numbers('E', 13),
  ])
})
