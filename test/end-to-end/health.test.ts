import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser } from '../support/browser.ts'
import { pause, until } from '../support/until.ts'
import { runPlait } from '../cli/run-plait.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

const status = async (server: FlowServer, path: string): Promise<number> => (await new Browser(server.url).visit({ path })).status

test('plait web --health answers at once while every thread is busy and the queue is full', async (t) => {
  const server = await serveFlow({
    options: ['--health', '/healthz', '--threads', '2', '--max-queue', '2', '--graceful-timeout', '1'],
  })
  t.after(server.stop)
  for (let count = 0; count < 4; count++) (await server.client()).get('/sleep?seconds=60')
  await until('the queue is full', async () => (await status(server, '/hello')) === 503)
  const begun = performance.now()
  assert.deepEqual([await status(server, '/healthz'), await status(server, '/healthz/live')], [200, 200])
  assert.ok(performance.now() - begun < 1000)
})

test('plait web --drain-delay: first 503 for the balancer, with all served as before, then the stop', async (t) => {
  const server = await serveFlow({ options: ['--health', '/healthz', '--drain-delay', '1.5'], ownGroup: true })
  t.after(server.stop)
  assert.equal(await status(server, '/healthz/ready'), 200)
  const slow = server.page('/sleep?seconds=2.5')
  await until('the request runs', () => server.notes().includes('sleeping'))
  // The whole process group, as systemd and Ctrl-C do.
  process.kill(-server.pid, 'SIGTERM')
  await until('it is not ready', async () => (await status(server, '/healthz/ready')) === 503, 1)
  assert.equal(await status(server, '/healthz/live'), 200)
  assert.equal(await server.page('/hello'), 'hello')
  assert.equal(await slow, 'slept')
  assert.equal(await server.exited, 0)
})

test('plait web --drain-delay: a second signal waits for nothing', async (t) => {
  const server = await serveFlow({ options: ['--drain-delay', '60'] })
  t.after(server.stop)
  process.kill(server.pid, 'SIGTERM')
  await until('the first has arrived', () => /SIGTERM/.test(server.log()))
  await pause(0.6)
  process.kill(server.pid, 'SIGTERM')
  assert.equal(await server.exited, 0)
})

test('plait web --health: not ready while its process is being replaced, alive all the time', async (t) => {
  const server = await serveFlow({ options: ['--health', '/healthz'] })
  t.after(server.stop)
  process.kill(await server.hostPid(), 'SIGKILL')
  await until('it is not ready', async () => (await status(server, '/healthz')) === 503)
  assert.equal(await status(server, '/healthz/live'), 200)
  await until('it is ready again', async () => (await status(server, '/healthz')) === 200)
})

test('plait web --health must be a path below /', async () => {
  for (const path of ['/', 'healthz']) {
    const { code, stderr } = await runPlait(['web', '--path', '.', '--health', path])
    assert.equal(code, 2)
    assert.match(stderr, /--health/)
  }
})
