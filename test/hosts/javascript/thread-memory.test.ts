import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../support/until.ts'
import { answering, serveApplication } from './serve-applications.ts'

/** Ways to take memory for ever: small steps and large ones, in the heap and outside, with and without a pause. */
const bombs: Readonly<Record<string, string>> = {
  objects: `for (;;) all.push({ number: all.length })`,
  strings: `for (;;) all.push('x'.repeat(50) + all.length)`,
  arrays: `for (let n = 0; ; n++) all.push(new Array(1000).fill(n))`,
  'arrays of 8 MB': `for (let n = 0; ; n++) all.push(new Array(1_000_000).fill(n))`,
  'arrays of 240 MB': `for (let n = 0; ; n++) all.push(new Array(30_000_000).fill(n))`,
  'an array that doubles': `let one = [1]; for (;;) one = [...one, ...one]`,
  'a Map': `const map = new Map(); for (let n = 0; ; n++) map.set(n, n)`,
  'a Set': `const set = new Set(); for (let n = 0; ; n++) set.add('key ' + n)`,
  'a linked list': `let last; for (let n = 0; ; n++) last = { n, last }`,
  closures: `for (let n = 0; ; n++) all.push(() => n)`,
  'pieces of a text': `const text = 'ab,'.repeat(10_000_000); for (;;) all.push(text.split(','))`,
  buffers: `for (;;) all.push(Buffer.alloc(1_000_000, 1))`,
  'small buffers': `for (;;) all.push(Buffer.from('x'.repeat(100)))`,
  'typed arrays of 100 MB': `for (;;) all.push(new Uint8Array(100_000_000).fill(1))`,
  'a promise at a time': `return (async () => { for (;;) { all.push(new Array(1000).fill(0)); await null } })()`,
  'a turn of the event loop at a time': `return (async () => { for (;;) { all.push(Buffer.alloc(100_000, 1)); await new Promise(setImmediate) } })()`,
}

const kinds = Object.values(bombs).map((bomb, number) => `bomb${number}: () => { const all: any[] = []; ${bomb} },`)

Object.keys(bombs).forEach((name, number) => {
  test(`JavaScriptHost ends a thread that takes memory for ever, ${name}: 502 and the reason; the server and other threads live`, async (t) => {
    const { text, log } = await serveApplication(t, answering(kinds.join('\n')), { maxThreads: 2, spec: { memory: 48 } })
    assert.equal(await text('/app/hello'), 'hello')
    const blocked = text('/app/block?200')
    assert.match(await text(`/app/bomb${number}`), /^502 /)
    assert.match(log(), /exceeded its memory limit of 48 MiB/)
    assert.equal(await blocked, 'blocked')
    assert.equal(await text('/app/hello'), 'hello')
  })
})

const keeper = `
  keep: (environ) => (kept.push(Buffer.alloc(Number(environ.QUERY_STRING) * 1024 ** 2, 1)), 'kept'),
  churn: () => {
    // Lives long enough for the old generation, and then no longer.
    const ring: unknown[] = []
    for (let n = 0; n < 100_000; n++) ring[n % 5000] = Array.from({ length: 100 }, () => ({ n }))
    return 'churned'
  },
  threads: () => String(threadId),`

const withMemory = (functions: string): string => `const kept: unknown[] = []\n${answering(functions)}`

test('JavaScriptHost replaces a thread that keeps more than its memory limit when it has nothing to do: nothing is lost', async (t) => {
  const { text, log } = await serveApplication(t, withMemory(keeper), { maxThreads: 1, spec: { memory: 64 } })
  const first = await text('/app/thread')
  assert.equal(await text('/app/keep?80'), 'kept')
  await until('it is replaced', () => /is replaced: it needs \d+ MiB, and its memory limit is 64 MiB/.test(log()))
  await until('another thread answers', async () => (await text('/app/thread')) !== first)
  assert.doesNotMatch(log(), /exceeded|error/)
})

test('JavaScriptHost does not count garbage: a request that makes a lot of it in a small thread comes to its end', async (t) => {
  const { text, log } = await serveApplication(t, withMemory(keeper), { maxThreads: 1, spec: { memory: 64 } })
  const first = await text('/app/thread')
  for (let turn = 0; turn < 3; turn++) assert.equal(await text('/app/churn'), 'churned')
  assert.equal(await text('/app/thread'), first)
  assert.doesNotMatch(log(), /memory/)
})

test('JavaScriptHost says so when an application needs more than the memory limit before any request', async (t) => {
  const source = `const kept = Buffer.alloc(80 * 1024 ** 2, 1)\n${answering('kept: () => String(kept.length),')}`
  const { text, log } = await serveApplication(t, source, { maxThreads: 1, spec: { memory: 64 } })
  assert.match(await text('/app/kept'), /^500 /)
  assert.match(log(), /it needs \d+ MiB, and its memory limit is 64 MiB/)
})

test('JavaScriptHost ends a thread that takes memory for ever while it loads the application', async (t) => {
  const { text, log } = await serveApplication(t, `const all = []\n${bombs['arrays']}`, { maxThreads: 1, spec: { memory: 48 } })
  assert.match(await text('/app/hello'), /^50[02] /)
  assert.match(log(), /exceeded its memory limit of 48 MiB/)
})
