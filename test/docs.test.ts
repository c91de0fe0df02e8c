import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './support/paths.ts'

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  'bench/README.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
]

test('links of the pages lead to files that are there', () => {
  const broken = pages.flatMap((page) => {
    const text = readFileSync(path.join(root, page), 'utf8').replace(/^```[^]*?^```|^ {4}.*|`[^`\n]*`/gm, '')
    return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !existsSync(path.join(root, path.dirname(page), target)))
      .map((target) => `${page}: ${target}`)
  })
  assert.deepEqual(broken, [])
})

test('every page of the reference is named in the guide, the README or another page', () => {
  const all = pages.map((page) => readFileSync(path.join(root, page), 'utf8')).join('\n')
  const lonely = readdirSync(path.join(root, 'docs/reference')).filter(
    (name) => name !== 'README.md' && !all.includes(`${name})`),
  )
  assert.deepEqual(lonely, [])
})

test('every promise of SECURITY.md, and of the guide, names tests that are there', () => {
  const security = readFileSync(path.join(root, 'SECURITY.md'), 'utf8')
  const guide = readFileSync(path.join(root, 'docs/guide/13-security.md'), 'utf8')
  const bullets = security
    .split(/^- /m)
    .slice(1)
    .map((text) => text.split('\n\n')[0] as string)
  const rows = (/^\| Promise[^]*?\n\n/m.exec(guide)?.[0] ?? '')
    .split('\n')
    .slice(2)
    .filter((line) => line !== '')
  assert.ok(bullets.length > 10 && rows.length > 10)
  const named = (promise: string): string[] => [...promise.matchAll(/\btest\/[\w/.-]+\.test\.ts\b/g)].map(([file]) => file)
  const without = [...bullets, ...rows].filter((promise) => {
    const files = named(promise)
    return files.length === 0 || !files.every((file) => existsSync(path.join(root, file)))
  })
  assert.deepEqual(without, [])
})
