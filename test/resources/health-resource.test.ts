import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { HealthResource } from '#src/resources/health-resource.ts'
import { MemoryReactor, requestFor } from '#src/testing.ts'

test('HealthResource tells readiness from liveness', async () => {
  const reactor = new MemoryReactor()
  let well = true
  const root = new Resource()
  root.putChild('healthz', new HealthResource(reactor, { checks: { applications: () => well } }))
  const ask = async (path: string): Promise<[number, string]> => {
    const { status, body } = await requestFor(root, { path })
    return [status, Buffer.from(body).toString()]
  }
  assert.deepEqual(await ask('/healthz'), [503, 'starting or stopping\n'])
  assert.deepEqual(await ask('/healthz/live'), [200, 'ok\n'])
  const run = reactor.run()
  for (const path of ['/healthz', '/healthz/', '/healthz/ready', '/healthz/live'])
    assert.deepEqual(await ask(path), [200, 'ok\n'])
  well = false
  assert.deepEqual(await ask('/healthz/ready'), [503, 'not ready: applications\n'])
  assert.deepEqual(await ask('/healthz/live'), [200, 'ok\n'])
  well = true
  await reactor.stop()
  await run
  assert.deepEqual(await ask('/healthz/ready'), [503, 'starting or stopping\n'])
  assert.deepEqual(await ask('/healthz/live'), [200, 'ok\n'])
  assert.equal((await requestFor(root, { path: '/healthz/live' })).headers['cache-control'], 'no-store')
  assert.equal((await requestFor(root, { path: '/healthz/other' })).status, 404)
})
