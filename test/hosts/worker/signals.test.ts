import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Signals, SLOTS } from '#src/hosts/worker/signals.ts'

test('Signals lets a job begin or be withdrawn, never both', () => {
  const server = new Signals()
  const other = new Signals(server.memory)
  server.offer(3)
  assert.equal(other.begin(3), true)
  assert.deepEqual([server.withdraw(3), server.hasBegun(3)], [false, true])
  server.offer(4)
  assert.equal(server.withdraw(4), true)
  assert.deepEqual([other.begin(4), server.hasBegun(4)], [false, false])
})

test('Signals gives each job one fate, though both sides reach for it at once', async () => {
  const server = new Signals()
  const module = new URL('../../../../dist/hosts/worker/signals.js', import.meta.url).href
  const source = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(${JSON.stringify(module)}).then(({ Signals, SLOTS }) => {
      const signals = new Signals(workerData)
      parentPort.on('message', () => {
        let begun = 0
        for (let slot = 0; slot < SLOTS; slot++) if (signals.begin(slot)) begun++
        parentPort.postMessage(begun)
      })
      parentPort.postMessage('ready')
    })`
  const worker = new Worker(source, { eval: true, workerData: server.memory })
  const next = (): Promise<unknown> => new Promise((resolve) => worker.once('message', resolve))
  await next()
  try {
    for (let round = 0; round < 50; round++) {
      for (let slot = 0; slot < SLOTS; slot++) server.offer(slot)
      const begun = next()
      worker.postMessage('go')
      await new Promise((resolve) => setImmediate(resolve))
      let withdrawn = 0
      for (let slot = SLOTS - 1; slot >= 0; slot--) if (server.withdraw(slot)) withdrawn++
      assert.equal(((await begun) as number) + withdrawn, SLOTS)
    }
  } finally {
    await worker.terminate()
  }
})

test('Signals begins each job with nothing acknowledged, nobody gone and nobody listening', () => {
  const signals = new Signals()
  signals.offer(1)
  signals.listen(1)
  assert.equal(signals.acknowledge(1, 10), true)
  assert.equal(signals.tellGone(1), true)
  assert.deepEqual([signals.acked(1), signals.isGone(1)], [10, true])
  assert.deepEqual([signals.acked(2), signals.isGone(2)], [0, false])
  signals.offer(1)
  assert.deepEqual([signals.acked(1), signals.isGone(1), signals.acknowledge(1, 1)], [0, false, false])
})

test('Signals does not sleep through news that came after the look', () => {
  const signals = new Signals()
  const { mark } = signals
  signals.wake()
  const began = performance.now()
  // Returns at once: it would never else.
  new Signals(signals.memory).sleep(mark)
  assert.ok(performance.now() - began < 1000)
})
