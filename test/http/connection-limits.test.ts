import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { addressKey } from '#src/http/address-key.ts'
import { ConnectionLimits } from '#src/http/connection-limits.ts'
import type { Connection } from '#src/http/connection-sweep.ts'
import { HTTPFactory, type HTTPOptions } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import type { Address } from '#src/reactor/reactor.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { ClockedReactor } from './clocked-reactor.ts'

test('addressKey takes the network of 64 bits for an address of IPv6, and IPv4 as it is', () => {
  for (const [host, key] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:ffff::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ]) {
    assert.equal(addressKey(host as string), key, host)
  }
  // Whatever the last 64 bits are, and however it is written.
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const key = addressKey(groups.join(':'))
      assert.equal(addressKey([...groups.slice(0, 4), '1', '2', '3', '4'].join(':')), key)
      assert.equal(addressKey(groups.map((one) => one.padStart(4, '0')).join(':')), key)
      assert.equal(addressKey(`${groups.slice(0, 4).join(':')}::`), key)
    }),
  )
})

const hello = (request: Request): void => request.sendWhole(200, 'OK', [], Buffer.from('hello'))

async function serve(t: TestContext, options: HTTPOptions, received: (request: Request) => void = hello) {
  const reactor = new ClockedReactor()
  const logger = new RecordingLogger()
  const port = reactor.listenTCP(0, new HTTPFactory(received, { logger, ...options }), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(url)
    t.after(() => client.destroy())
    return client
  }
  /** A connection on which a request was answered, each idle a second longer than the one that comes next. */
  const idle = async (): Promise<RawClient> => {
    const client = await connect()
    client.get('/')
    await client.receives(/hello$/)
    reactor.clock.advance(1)
    return client
  }
  return { url, logger, connect, idle }
}

test('maxConnections closes the connection that is idle longest for one more (E2)', async (t) => {
  const { connect, idle, logger } = await serve(t, { maxConnections: 3 })
  const clients = [await idle(), await idle(), await idle()]
  clients[0]?.get('/')
  await clients[0]?.receives(/hello[^]*hello$/)
  const fourth = await connect()
  fourth.get('/')
  await fourth.receives(/hello$/)
  await until('the second is closed', () => clients[1]?.ended)
  assert.deepEqual(
    clients.map(({ ended }) => ended),
    [false, true, false],
  )
  assert.match(logger.of('warn')[0]?.message ?? '', /Too many connections \(maxConnections 3, .*\): closed 1 that were idle/)
})

test('maxConnections never closes a connection on which a request runs: the new one is not taken (E2)', async (t) => {
  const waiting: Request[] = []
  const { connect, logger } = await serve(t, { maxConnections: 2 }, (request) => waiting.push(request))
  const clients = [await connect(), await connect()]
  for (const client of clients) client.get('/')
  await until('both run', () => waiting.length === 2)
  const third = await connect()
  await until('the third is closed', () => third.ended)
  assert.equal(third.received, '')
  for (const request of waiting) hello(request)
  for (const client of clients) await client.receives(/hello$/)
  assert.match(logger.of('warn')[0]?.message ?? '', /did not take 1$/)
  // Now there is somebody who is idle.
  const fourth = await connect()
  fourth.get('/')
  await until('the fourth runs', () => waiting.length === 3)
})

test('maxConnections closes silent sockets and unfinished heads first, as they are idle longest (E1, E2)', async (t) => {
  const { connect, idle } = await serve(t, { maxConnections: 50 })
  const bad = await Promise.all(Array.from({ length: 50 }, () => connect()))
  for (const [index, client] of bad.entries()) if (index % 2 === 0) client.socket.write('GET / HTTP/1.1\r\nX: ')
  const good = await idle()
  for (let count = 0; count < 60; count++) await idle()
  await until('all the bad ones are closed', () => bad.every(({ ended }) => ended))
  // It came before those 60, of which there is room for 50.
  await until('the good one has had its turn', () => good.ended)
})

test('maxConnectionsPerAddress closes the longest idle one of that address', async (t) => {
  const { idle, connect } = await serve(t, { maxConnectionsPerAddress: 2 })
  const clients = [await idle(), await idle()]
  const third = await connect()
  third.get('/')
  await third.receives(/hello$/)
  await until('the first is closed', () => clients[0]?.ended)
  assert.equal(clients[1]?.ended, false)
})

test('maxConnectionsPerAddress is not for trusted proxies', async (t) => {
  const { idle } = await serve(t, { maxConnectionsPerAddress: 1, trustProxy: 'loopback' })
  const clients = [await idle(), await idle(), await idle()]
  assert.deepEqual(
    clients.map(({ ended }) => ended),
    [false, false, false],
  )
})

test('both limits count connections of HTTP/2, and tell their clients that they close', async (t) => {
  const { url, idle } = await serve(t, { maxConnections: 2, maxConnectionsPerAddress: 2 })
  const client = await HTTP2Client.connect(url)
  t.after(() => client.close())
  assert.equal((await client.ask()).text, 'hello')
  const second = await idle()
  await idle()
  await until('the first is told', () => client.session.closed || client.session.destroyed)
  assert.equal(client.goneAway, 0)
  assert.equal(second.ended, false)
  // Nothing is left of those that have gone: there is room for two at any time.
  for (let count = 0; count < 5; count++) {
    const next = await HTTP2Client.connect(url)
    assert.equal((await next.ask()).text, 'hello')
    next.close()
  }
})

test('ConnectionLimits keeps its numbers whatever comes, goes and is idle, and drops only who is idle', () => {
  const peers: Address[] = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'].map((host) => ({
    type: 'TCP',
    host,
    port: 1,
  }))
  const step = fc.record({
    what: fc.constantFrom('open', 'open', 'open', 'close', 'work', 'rest'),
    which: fc.nat({ max: 1000 }),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat({ max: 3 }),
      (steps, all, perAddress) => {
        let now = 0
        const connections = new Set<Connection>()
        const limits = new ConnectionLimits(
          { all, perAddress },
          {
            connections,
            logger: new RecordingLogger(),
            seconds: () => now,
            isProxy: () => false,
            drop: (connection) => {
              const idle = [...connections].map(({ idleSince }) => idleSince ?? Infinity)
              assert.notEqual(connection.idleSince, undefined, 'it works')
              if (perAddress === 0) assert.equal(connection.idleSince, Math.min(...idle))
              connections.delete(connection)
              limits.closed(connection)
            },
          },
        )
        for (const { what, which } of steps) {
          now++
          const one = [...connections][which % Math.max(1, connections.size)]
          if (what === 'open') {
            const peer = peers[which % peers.length] as Address
            if (!limits.admits(peer)) continue
            const connection = { peer, idleSince: now } as Connection
            connections.add(connection)
            limits.opened(connection)
          } else if (one !== undefined && what === 'close') {
            connections.delete(one)
            limits.closed(one)
          } else if (one !== undefined) Object.assign(one, { idleSince: what === 'work' ? undefined : now })
          assert.ok(connections.size <= all)
          if (perAddress === 0) continue
          const keys = [...connections].map(({ peer }) => addressKey((peer as { host: string }).host))
          for (const key of keys) assert.ok(keys.filter((other) => other === key).length <= perAddress)
        }
      },
    ),
  )
})
