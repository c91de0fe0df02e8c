import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connectionsOf } from '../support/processes.ts'
import { pause, until } from '../support/until.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

describe('a signal to the whole process group during a request of 3 s', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal}: the request completes, and the server ends with 0`, async (t) => {
      const server = await serveFlow({ ownGroup: true })
      t.after(server.stop)
      const reply = server.page('/sleep?seconds=3')
      await until('the request runs', () => server.notes().includes('sleeping'))
      process.kill(-server.pid, signal)
      assert.equal(await reply, 'slept')
      assert.equal(await server.exited, 0)
      assert.doesNotMatch(server.log(), /Traceback|KeyboardInterrupt|UnhandledPromise/)
    })
  }
})

describe('SIGTERM', { concurrency: true }, () => {
  test('idle connections do not hold up the stop', async (t) => {
    const server = await serveFlow()
    t.after(server.stop)
    const used = await server.client()
    used.get('/hello')
    await used.receives(/hello$/)
    const half = await server.client()
    half.socket.write('GET /hel')
    await server.client()
    process.kill(server.pid, 'SIGTERM')
    await endsWithin(server, 5)
    assert.equal(await server.exited, 0)
  })

  test('connections that the system had opened before are accepted and answered', async (t) => {
    const server = await serveFlow()
    t.after(server.stop)
    // It stands still, so that they wait in the queue of the listening socket when the signal comes.
    process.kill(server.pid, 'SIGSTOP')
    const clients = await Promise.all(Array.from({ length: 50 }, () => server.client()))
    for (const client of clients) client.get('/hello')
    process.kill(server.pid, 'SIGTERM')
    process.kill(server.pid, 'SIGCONT')
    for (const client of clients) await client.receives(/^HTTP\/1\.1 200 [^]*hello$/)
    assert.equal(await server.exited, 0)
  })

  test('a new connection has a moment for its first request, which is its last', async (t) => {
    // The moment is a second from its beginning: where the machine took that long itself, once more.
    for (let attempt = 1; ; attempt++) {
      const server = await serveFlow()
      t.after(server.stop)
      const client = await server.client()
      const begun = performance.now()
      await until('it is accepted', () => connectionsOf(server.pid) > 0)
      process.kill(server.pid, 'SIGTERM')
      await until('the signal has arrived', () => /SIGTERM/.test(server.log()))
      client.get('/hello')
      const inTime = performance.now() - begun < 500
      await until('the end of the connection', () => client.ended)
      assert.equal(await server.exited, 0)
      if (!inTime && attempt < 5 && client.received === '') continue
      assert.match(client.received, /^HTTP\/1\.1 200 [^]*Connection: close[^]*hello$/)
      return
    }
  })

  test('a connection whose response had promised to stay open is closed soon after its end', async (t) => {
    const server = await serveFlow()
    t.after(server.stop)
    const client = await server.client()
    client.get('/drip?seconds=2')
    await client.receives(/200 OK[^]*\r\n\r\n[^]/)
    assert.doesNotMatch(client.received, /Connection: close/i)
    process.kill(server.pid, 'SIGTERM')
    await endsWithin(server, 15)
    assert.ok(client.ended)
  })

  test('what has not finished after the grace is cut', async (t) => {
    const server = await serveFlow({ options: ['--graceful-timeout', '0.5'] })
    t.after(server.stop)
    const client = await server.client()
    client.get('/regex')
    await until('the request runs', () => server.notes().includes('matching'))
    process.kill(server.pid, 'SIGTERM')
    await endsWithin(server, 8)
  })

  test('a second signal cuts at once', async (t) => {
    const server = await serveFlow()
    t.after(server.stop)
    const client = await server.client()
    client.get('/regex')
    await until('the request runs', () => server.notes().includes('matching'))
    process.kill(server.pid, 'SIGTERM')
    // One that follows at once is the same signal, handed on by a shell or by npm. (Of two that are called the same the system may deliver one.)
    process.kill(server.pid, 'SIGINT')
    await until('the first signal has arrived', () => /SIG(?:TERM|INT)/.test(server.log()))
    await pause(0.6)
    assert.doesNotMatch(server.log(), /stopping now/)
    process.kill(server.pid, 'SIGTERM')
    await endsWithin(server, 5)
  })
})

async function endsWithin({ process: child }: FlowServer, seconds: number): Promise<void> {
  await until('the server has ended', () => child.exitCode !== null || child.signalCode !== null, seconds)
}
