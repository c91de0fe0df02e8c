import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { serveFlow } from './serve-flow.ts'

const sizes = [0, 1, 300, 5_000, 70_000, 300_000, 1_500_000]

for (const mode of ['buffer', 'stream']) {
  test(`with bodies in ${mode} mode, every client gets its own response`, async (t) => {
    const server = await serveFlow({ options: ['--request-body', mode, '--processes', '2', '--threads', '8'] })
    t.after(server.stop)
    const agent = new Agent({ keepAlive: true, maxSockets: 40 })
    t.after(() => agent.destroy())
    const visits = Array.from({ length: 300 }, async (_, number) => {
      const size = sizes[number % sizes.length] as number
      const sent = Buffer.alloc(size, `${number},`)
      // Half of the bodies go without a Content-Length.
      const received = await post(agent, `${server.url}/echo?block=${1 + ((number * 7919) % 100_000)}`, sent, number % 2 === 0)
      assert.ok(received.equals(sent), `request ${number} of ${size} bytes got ${received.length} others`)
    })
    await Promise.all(visits)
  })
}

function post(agent: Agent, url: string, body: Buffer, chunked: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length }
    const sending = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks)))
      response.on('error', reject)
    })
    sending.on('error', reject)
    sending.end(body)
  })
}
