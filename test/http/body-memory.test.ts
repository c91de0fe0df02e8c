import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyMemory, bodyMemory } from '#src/http/body-memory.ts'
import type { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { serve } from './serve.ts'

test('BodyMemory counts what it has room for', () => {
  const memory = new BodyMemory(10)
  assert.deepEqual([memory.take(6), memory.take(5), memory.take(4), memory.take(1)], [true, false, true, false])
  memory.give(5)
  assert.deepEqual([memory.size, memory.take(5)], [5, true])
})

test('bodies in memory are counted until their requests are over, however they end; small ones are not', async (t) => {
  let waiting: (() => void)[] = []
  const { url, connect } = await serve(t, (request) => {
    request.readBody({}, (error) => {
      if (error === undefined) waiting.push(() => request.sendWhole(200, 'OK', [], Buffer.from('read')))
    })
  })
  assert.ok(url)
  const post = (client: RawClient, size: number, sent = size): void => {
    client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
    client.socket.write(Buffer.alloc(sent))
  }
  const whole = await connect()
  post(whole, 500_000)
  await until('it to be whole', () => waiting.length === 1)
  assert.equal(bodyMemory.size, 500_000)
  const small = await connect()
  post(small, 10_000)
  const leaves = await connect()
  post(leaves, 500_000, 400_000)
  await until('both', () => waiting.length === 2 && bodyMemory.size === 900_000)
  // One that turns out to be large goes to the disk, and out of the account.
  const large = await connect()
  post(large, 3_000_000, 2_000_000)
  leaves.destroy()
  await until('only the first to be left', () => bodyMemory.size === 500_000)
  for (const answer of waiting) answer()
  await until('nothing to be left', () => bodyMemory.size === 0)
  waiting = []
  large.destroy()
})
