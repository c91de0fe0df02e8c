import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser } from '../support/browser.ts'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

test('plait web --max-requests replaces processes under load, and no request fails', async (t) => {
  const server = await serveFlow({ options: ['--max-requests', '50', '--max-requests-jitter', '10', '--processes', '2'] })
  t.after(server.stop)
  const replaced = (): number => server.log().split(' takes its place').length - 1
  let failed = 0
  let asked = 0
  const client = async (name: number): Promise<void> => {
    while (replaced() < 3) {
      const id = `${name}-${asked++}`
      if ((await server.page(`/nap?ms=5&id=${id}`)) !== id) failed++
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, name) => client(name)))
  t.diagnostic(`${asked} requests`)
  assert.equal(failed, 0)
  assert.match(server.log(), /Host flow:application#1 has answered \d+ requests: flow:application#\d takes its place/)
})

test('plait web --max-rss replaces a process that has grown; its request is answered', async (t) => {
  const server = await serveFlow({ options: ['--max-rss', '120M'] })
  t.after(server.stop)
  const before = await server.page('/hold?mib=150&seconds=3')
  await until('another one answers', async () => (await server.page('/pid')) !== before)
  assert.match(server.log(), /has \d+ MiB of memory, more than 120 MiB: /)
})

test('plait web --max-rss-hard ends a process at once: 502, not run again, and the log says why', async (t) => {
  const server = await serveFlow({ options: ['--max-rss-hard', '120M'] })
  t.after(server.stop)
  const { status } = await new Browser(server.url).visit({ path: '/hold?mib=150&seconds=30' })
  assert.equal(status, 502)
  assert.equal(await server.page('/hello'), 'hello')
  assert.equal(server.notes().length, 1)
  assert.match(
    server.log(),
    /is ended now, because it has \d+ MiB of memory, and may have no more than 120 MiB; another one starts/,
  )
})
