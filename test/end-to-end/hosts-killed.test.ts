/** What becomes of requests whose host dies. Many deaths under load are in test/chaos. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { pause } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('SIGSEGV and os._exit in the application: its request is run once more, and no further', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  for (const [by, reason] of [
    ['11', 'was killed by SIGSEGV'],
    ['exit', 'ended with exit code 3'],
  ]) {
    const before = server.notes().length
    const answer = await ask(server.url, new Agent(), 'GET', `/die?by=${by}`)
    assert.equal(answer.status, 502)
    assert.equal(server.notes().length - before, 2)
    assert.ok(server.log().includes(reason as string), reason)
    assert.equal(await server.page('/hello'), 'hello')
  }
})

test('plait web --no-retry runs nothing twice', async (t) => {
  const server = await serveFlow({ options: ['--no-retry'] })
  t.after(server.stop)
  const { status } = await ask(server.url, new Agent(), 'GET', '/die?by=9')
  assert.deepEqual([status, server.notes()], [502, ['dying']])
})

test('SIGKILL of a host: a POST that waited in it behind another, and had not begun, runs in the next', async (t) => {
  // Inline, the second of a batch waits until the first is over; pure computing holds it there.
  const server = await serveFlow()
  t.after(server.stop)
  const host = await server.hostPid()
  process.kill(host, 'SIGSTOP')
  const client = await server.client()
  client.socket.write('POST /nap?ms=1&id=waited HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n')
  // Sent, and not read: once the host stands still.
  await pause(0.3)
  process.kill(host, 'SIGKILL')
  await client.receives(/^HTTP\/1\.1 200 [^]*waited$/)
  assert.equal(server.notes().length, 1)
})

function ask(url: string, agent: Agent, method: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const sent = request(`${url}${path}`, { method, agent, headers: method === 'POST' ? { 'content-length': '0' } : {} })
    sent.on('error', (error) => resolve({ status: 0, text: error.message }))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.on('close', () => resolve({ status: response.complete ? (response.statusCode ?? 0) : 0, text }))
    })
    sent.end()
  })
}
