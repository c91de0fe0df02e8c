import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startPlait } from '../support/server.ts'

const application = `
import hashlib

def application(environ, start_response):
    seed = int(environ["QUERY_STRING"])
    block = bytes((i * seed + (i >> 8)) & 255 for i in range(70001))
    data = block * (3 + seed % 20)
    size = 1 + (seed * 7919) % 70001
    start_response("200 OK", [("X-Hash", hashlib.sha256(data).hexdigest())])
    return (data[at : at + size] for at in range(0, len(data), size))
`

/** Reads one response, some of them haltingly. Gives what its bytes hash to, and what they should. */
function download(port: string, agent: http.Agent, seed: number): Promise<[string, unknown]> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, agent, path: `/?${seed}` }, (response) => {
      const hash = createHash('sha256')
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk)
        if (seed % 5 !== 0 || chunk.length % 3 !== 0) return
        response.pause()
        setImmediate(() => response.resume())
      })
      response.on('end', () => resolve([hash.digest('hex'), response.headers['x-hash']]))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

test('many large responses at once, in pieces of every size, arrive as they were given', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(path.join(folder, 'large.py'), application)
  const server = await startPlait({ application: 'large.application', folder })
  t.after(() => server.stop())
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
  t.after(() => agent.destroy())
  const { port } = new URL(server.url)
  const seeds = Array.from({ length: 150 }, (_, index) => index + 1)
  for (const [found, wanted] of await Promise.all(seeds.map((seed) => download(port, agent, seed)))) assert.equal(found, wanted)
})
