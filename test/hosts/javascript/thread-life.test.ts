import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../support/until.ts'
import { answering, serveApplication } from './serve-applications.ts'

/** The second is what the V8 of Node 24 and 26 cannot end by itself: see `letLoopsEnd`. */
const endless = `loop: () => { for (;;); }, arrays: () => { for (;;) if (new Array(1000).length < 1000) break },`

const quick = async (text: (target: string) => Promise<string>, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => text('/app/hello')))

test('JavaScriptHost runs what blocks in threads: eight that block 300 ms take about that, and files do not wait', async (t) => {
  const { text } = await serveApplication(t, answering(''), { minThreads: 8, maxThreads: 8 })
  const rounds: { took: number; slowest: number }[] = []
  // The first finds threads that still start; a machine with other work may need another.
  for (let round = 0; round < 6 && !rounds.some(({ took, slowest }) => took < 900 && slowest < 150); round++) {
    const began = performance.now()
    const blocked = Promise.all(Array.from({ length: 8 }, () => text('/app/block?300')))
    let slowest = 0
    for (let count = 0; count < 10; count++) {
      const asked = performance.now()
      assert.equal(await text('/static'), 'static')
      slowest = Math.max(slowest, performance.now() - asked)
    }
    assert.deepEqual(new Set(await blocked), new Set(['blocked']))
    rounds.push({ took: performance.now() - began, slowest })
  }
  const best = rounds.at(-1)
  assert.ok(best !== undefined && best.took >= 295 && best.took < 900 && best.slowest < 150, JSON.stringify(rounds))
})

for (const loop of ['loop', 'arrays']) {
  test(`JavaScriptHost ends a thread that takes longer than its timeout with 504, though it never lets go (${loop}); others go on`, async (t) => {
    const { text, log } = await serveApplication(t, answering(endless), { maxThreads: 3, spec: { timeout: 0.5 } })
    assert.equal(await text('/app/hello'), 'hello')
    const looping = text(`/app/${loop}`)
    for (let count = 0; count < 20; count++) assert.equal(await text('/app/hello'), 'hello')
    assert.match(await looping, /^504 [^]*Gateway Timeout[^]*took too long/)
    assert.match(log(), /took longer than 0.5 s/)
    assert.equal(await text('/app/hello'), 'hello')
  })
}

for (const [what, body, reason] of [
  ['calls process.exit', `process.exit(3)`, /ended with exit code 3/],
  [
    'has an uncaught error',
    `setTimeout(() => { throw new Error('nobody') }); return new Promise(() => undefined)`,
    /Error: nobody/,
  ],
  ['has an unhandled rejection', `void Promise.reject(new Error('lost')); return new Promise(() => undefined)`, /Error: lost/],
] as const) {
  test(`JavaScriptHost answers 502 when the application ${what}, and goes on with another thread`, async (t) => {
    const { text, log } = await serveApplication(t, answering(`end: () => { ${body} },`), { maxThreads: 2 })
    assert.equal(await text('/app/hello'), 'hello')
    const blocked = text('/app/block?400')
    assert.match(await text('/app/end'), /^502 /)
    assert.equal(await blocked, 'blocked')
    assert.match(log(), reason)
    assert.equal(await text('/app/hello'), 'hello')
  })
}

test('JavaScriptHost keeps nothing waiting behind a request that turns out slow', async (t) => {
  const { text } = await serveApplication(t, answering(''), { maxThreads: 3 })
  // Enough to be known as quick.
  for (let turn = 0; turn < 10; turn++) await quick(text, 20)
  let slowIsOver = false
  const slow = text('/app/block?3000').finally(() => (slowIsOver = true))
  assert.deepEqual(new Set(await quick(text, 30)), new Set(['hello']))
  assert.equal(slowIsOver, false)
  assert.equal(await slow, 'blocked')
})

test('JavaScriptHost lets an application go that waits for a client that has gone', async (t) => {
  const { text, url, pool } = await serveApplication(
    t,
    answering(
      `forever: async function* () { yield 'begun'; try { await new Promise(() => undefined) } finally { console.log('never') } },`,
    ),
    { maxThreads: 1 },
  )
  const leaving = new AbortController()
  const response = await fetch(`${url}/app/forever`, { signal: leaving.signal })
  leaving.abort()
  await response.text().catch(() => undefined)
  assert.equal(await text('/app/hello'), 'hello')
  await until('its permit is free', () => pool.statistics().working === 0)
})

test('JavaScriptHost lets running requests finish at stop, and refuses none that has begun', async (t) => {
  const { text, stop } = await serveApplication(t, answering(''))
  assert.equal(await text('/app/hello'), 'hello')
  const blocked = text('/app/block?300')
  await text('/static')
  await stop()
  assert.equal(await blocked, 'blocked')
})

test('JavaScriptHost stops in time although a thread loops', async (t) => {
  const { text, pool } = await serveApplication(t, answering(`loop: () => { for (;;); },`), { maxThreads: 2 })
  assert.equal(await text('/app/hello'), 'hello')
  const looping = text('/app/loop')
  await until('it runs', () => pool.statistics().working === 1)
  const began = performance.now()
  await pool.stop({ timeout: 0.2 })
  assert.ok(performance.now() - began < 4000)
  assert.match(await looping, /^502 /)
})

test('JavaScriptHost gives each thread a module of its own', async (t) => {
  const { text } = await serveApplication(t, answering(`env: () => process.env['COLOUR'] ?? 'none',`), {
    spec: { env: { COLOUR: 'red' } },
  })
  assert.equal(await text('/app/env'), 'red')
  assert.equal(process.env['COLOUR'], undefined)
})

test('JavaScriptHost takes what threads write to standard output and error into the log', async (t) => {
  const { text, log } = await serveApplication(
    t,
    answering(
      `say: (environ) => { console.log('to output'); console.error('to error'); environ['wsgi.errors'].write('to errors\\n'); return 'said' },`,
    ),
  )
  assert.equal(await text('/app/say'), 'said')
  for (const said of [/to output/, /to error\b/, /to errors/]) await until(String(said), () => said.test(log()))
})
