import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser } from '../support/browser.ts'
import { isAlive } from '../support/processes.ts'
import { pause, until } from '../support/until.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

const limited = (...more: string[]): Promise<FlowServer> => serveFlow({ options: ['--timeout', '0.5', ...more] })

test('plait web --timeout: 504, the stack in the log with the request, an exception in the thread, and another process', async (t) => {
  const server = await limited()
  t.after(server.stop)
  const before = await server.hostPid()
  // Another request runs in the same process: it is finished there.
  const other = server.page('/nap?ms=400&id=other')
  const { status, text } = await new Browser(server.url).visit({ path: '/hang?seconds=60' })
  assert.equal(status, 504)
  assert.doesNotMatch(text, /flow\.py/)
  assert.equal(await other, 'other')
  await until('the application was interrupted', () => server.notes().some((note) => /^RequestTimedOut in plait-\d+$/.test(note)))
  assert.match(
    server.log(),
    /Request lost before its response.*GET \/hang\?seconds=60[^]*Thread plait-\d+[^]*flow\.py", line \d+, in hang\n/,
  )
  assert.match(server.log(), /takes no more requests, because one ran longer than 0\.5 s; another one starts now/)
  assert.notEqual(await server.hostPid(), before)
  await until('the old process has left', () => !isAlive(before))
})

test('plait web --timeout: a request that was too late leaves its place to another', async (t) => {
  const server = await limited('--threads', '2', '--queue-timeout', '5')
  t.after(server.stop)
  for (let turn = 0; turn < 3; turn++) {
    assert.equal((await new Browser(server.url).visit({ path: '/hang?seconds=60' })).status, 504)
  }
  assert.equal(await server.page('/hello'), 'hello')
})

test('plait web --timeout cuts a response that has begun', async (t) => {
  const server = await limited('--graceful-timeout', '1')
  t.after(server.stop)
  const client = await server.client()
  client.get('/drip')
  await client.receives(/first/)
  await until('the connection is cut', () => client.ended)
  assert.doesNotMatch(client.received, /\r\n0\r\n/)
})

test('plait web --timeout: what does not unwind is killed at --graceful-timeout', async (t) => {
  const server = await limited('--graceful-timeout', '0.5')
  t.after(server.stop)
  const before = await server.hostPid()
  // In time.sleep no exception arrives.
  assert.equal((await new Browser(server.url).visit({ path: '/sleep?seconds=60' })).status, 504)
  await until('the old process is gone', () => !isAlive(before))
  await until('that is told', () =>
    /which was replaced, was ended by the server, because it did not end by itself in time/.test(server.log()),
  )
  assert.equal(await server.page('/hello'), 'hello')
})

test('plait web --timeout: C code that holds the GIL gets its 504 too, and its stack is in the log', async (t) => {
  const server = await limited('--graceful-timeout', '0.5')
  t.after(server.stop)
  const before = await server.hostPid()
  assert.equal((await new Browser(server.url).visit({ path: '/regex' })).status, 504)
  await until('the stack is there', () => /flow\.py", line \d+ in regex/.test(server.log()))
  await until('the old process is gone', () => !isAlive(before))
})

test('plait web --timeout leaves what is in time alone', async (t) => {
  const server = await limited()
  t.after(server.stop)
  const before = await server.hostPid()
  const pages = await Promise.all(Array.from({ length: 40 }, (_, number) => server.page(`/nap?ms=100&id=${number}`)))
  assert.deepEqual(
    pages,
    pages.map((_, number) => String(number)),
  )
  assert.equal(await server.hostPid(), before)
})

test('plait web --timeout: a client that is slow to read costs no process', async (t) => {
  const server = await limited()
  t.after(server.stop)
  const before = await server.hostPid()
  const client = await server.client({ paused: true })
  client.get('/gigabyte')
  await pause(2)
  client.destroy()
  assert.equal(await server.hostPid(), before)
  assert.doesNotMatch(server.log(), /takes no more requests/)
})

test('plait web --timeout: a client that is slow to send a streamed body costs no process', async (t) => {
  const server = await limited('--request-body', 'stream')
  t.after(server.stop)
  const before = await server.hostPid()
  const client = await server.client()
  client.socket.write('POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 10\r\n\r\nfirst')
  await pause(1.5)
  client.socket.write('later')
  await client.receives(/^HTTP\/1\.1 200 [^]*10$/)
  assert.equal(await server.hostPid(), before)
})

test('SIGQUIT: the stacks of all threads are in the log, and everything goes on', async (t) => {
  const server = await serveFlow({ options: ['--processes', '2'] })
  t.after(server.stop)
  const slow = server.page('/sleep?seconds=2')
  await until('the request runs', () => server.notes().includes('sleeping'))
  process.kill(server.pid, 'SIGQUIT')
  await until('the stack is there', () => /flow\.py", line \d+ in sleep/.test(server.log()))
  assert.equal(await slow, 'slept')
  assert.equal(await server.page('/hello'), 'hello')
})
