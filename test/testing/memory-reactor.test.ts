import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Duplex } from 'node:stream'
import type { ConnectionInfo, Reactor, ServerFactory } from '#src/reactor/reactor.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import { until } from '../support/until.ts'

/** Keeps the sockets it is given. */
class Factory implements ServerFactory {
  readonly sockets: Duplex[] = []
  readonly infos: ConnectionInfo[] = []
  started: Reactor | undefined
  stopped = 0

  connectionMade(socket: Duplex, info: ConnectionInfo): void {
    this.sockets.push(socket)
    this.infos.push(info)
  }

  startFactory(reactor: Reactor): void {
    this.started = reactor
  }

  async stopFactory(): Promise<void> {
    this.stopped++
  }
}

test('MemoryReactor records its ports and tells their addresses (I155)', () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const tcp = reactor.listenTCP(8080, factory, { interface: '::1' })
  const unix = reactor.listenUNIX('/run/app.sock', factory, { mode: 0o660 })
  assert.deepEqual(reactor.ports, [tcp, unix])
  assert.deepEqual(tcp.getHost(), { type: 'TCP', host: '::1', port: 8080 })
  assert.deepEqual(unix.getHost(), { type: 'UNIX', name: '/run/app.sock' })
  assert.deepEqual(unix.options, { mode: 0o660 })
  assert.equal(factory.started, reactor)
  assert.notEqual(reactor.listenTCP(0, factory).getHost(), 0)
})

test('MemoryPort.connect gives the factory a socket and who is at its ends', async () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const client = reactor.listenTLS(8443, factory).connect({
    peer: { type: 'TCP', host: '10.1.2.3', port: 4 },
    tls: { serverName: 'shop.example' },
  })
  assert.deepEqual(factory.infos, [
    {
      peer: { type: 'TCP', host: '10.1.2.3', port: 4 },
      host: { type: 'TCP', host: '127.0.0.1', port: 8443 },
      secure: true,
      tls: {
        protocol: 'TLSv1.3',
        cipher: 'TLS_AES_256_GCM_SHA384',
        serverName: 'shop.example',
        alpnProtocol: undefined,
        clientVerify: 'NONE',
        clientCertificate: undefined,
      },
    },
  ])
  const [server] = factory.sockets as [Duplex]
  server.on('data', (data: Buffer) => server.write(data.toString().toUpperCase()))
  client.write('hello')
  await client.until(() => client.received.toString() === 'HELLO')
})

test('MemoryPort.connect reads a PROXY header where the port has them', async () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const port = reactor.listenTCP(80, factory, { proxyProtocol: { trust: ['192.0.2.1'] } })
  const client = port.connect()
  client.write('PROXY TCP4 10.1.2.3 10.0.0.1 4 80\r\nhello')
  await until('the factory has it', () => factory.sockets.length === 1)
  assert.deepEqual(factory.infos[0], {
    peer: { type: 'TCP', host: '10.1.2.3', port: 4 },
    host: { type: 'TCP', host: '10.0.0.1', port: 80 },
    secure: false,
  })
  assert.equal(String((factory.sockets[0] as Duplex).read()), 'hello')
  const stranger = port.connect({ peer: { type: 'TCP', host: '198.51.100.1', port: 1 } })
  await stranger.ended()
  const slow = port.connect()
  slow.write('PROXY TCP4 10.1.2.3')
  reactor.advance(10)
  await slow.ended()
  assert.equal(factory.sockets.length, 1)
})

test('MemoryReactor.adoptStreamPort records its port', () => {
  const reactor = new MemoryReactor()
  const port = reactor.adoptStreamPort(3, new Factory())
  assert.deepEqual([port.getHost(), reactor.ports], [{ type: 'UNIX', name: 'fd 3' }, [port]])
})

test('MemoryConnection.end half-closes: the server still answers', async () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const client = reactor.listenTCP(1, factory).connect()
  const [server] = factory.sockets as [Duplex]
  server.on('end', () => server.end('bye'))
  server.resume()
  client.end()
  await client.ended()
  assert.equal(client.received.toString(), 'bye')
})

test('MemoryConnection.reset is an ECONNRESET at the server', async () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const client = reactor.listenTCP(1, factory).connect()
  const [server] = factory.sockets as [Duplex]
  const error = new Promise<NodeJS.ErrnoException>((resolve) => server.on('error', resolve))
  server.resume()
  client.reset()
  assert.equal((await error).code, 'ECONNRESET')
})

test('MemoryConnection.pause stalls the writes of the server until resume', async () => {
  const reactor = new MemoryReactor()
  const factory = new Factory()
  const client = reactor.listenTCP(1, factory).connect()
  const [server] = factory.sockets as [Duplex]
  client.pause()
  let written = 0
  for (let i = 0; i < 64; i++) server.write(Buffer.alloc(16384), () => written++)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(written < 16, `${written} of 64 writes went through`)
  client.resume()
  await client.until(() => client.received.length === 64 * 16384)
})

test('MemoryReactor.run fires the triggers in order and ends at stop', async () => {
  const pool = new MemoryThreadPool()
  const reactor = new MemoryReactor({ threadPool: pool })
  const factory = new Factory()
  reactor.listenTCP(1, factory)
  const events: string[] = []
  for (const event of ['shutdown', 'startup'] as const) {
    for (const phase of ['after', 'during', 'before'] as const) {
      reactor.addSystemEventTrigger(phase, event, async () => {
        await Promise.resolve()
        events.push(`${phase} ${event}`)
      })
    }
  }
  assert.equal(reactor.getThreadPool(), pool)
  assert.equal(pool.started, false)
  reactor.callWhenRunning(() => events.push('running'))
  const run = reactor.run()
  reactor.addSystemEventTrigger('after', 'startup', () => void reactor.stop())
  await run
  assert.deepEqual(events, [
    'before startup',
    'during startup',
    'running',
    'after startup',
    'before shutdown',
    'during shutdown',
    'after shutdown',
  ])
  assert.equal(factory.stopped, 1)
  assert.equal(reactor.ports[0]?.listening, false)
  assert.equal(reactor.running, false)
})
