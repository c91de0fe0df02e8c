import assert from 'node:assert/strict'
import { copyFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { connect as connectOverTLS } from 'node:tls'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { quoteStringArgument } from '#src/reactor/endpoints/endpoint-words.ts'
import { serverFromEndpoint, serverFromString } from '#src/reactor/endpoints/server-from-string.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { MemoryReactor } from '#src/testing.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'

const factory = (): HTTPFactory =>
  new HTTPFactory((request) => {
    const { peer, secure } = request.channel
    request.sendWhole(200, 'OK', [], Buffer.from(`${secure} ${peer.type === 'TCP' ? peer.host : 'UNIX'}`))
  })
const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

async function answer(socket: AsyncIterable<unknown> & { write(text: string): unknown }, bytes = get): Promise<string> {
  socket.write(bytes)
  let text = ''
  for await (const data of socket) text += String(data)
  return text.split('\r\n\r\n')[1] ?? ''
}

test('serverFromString listens where the string says (Twisted: serverFromString)', async (t) => {
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  const site = factory()
  const file = path.join(testFolder(t), 'a:b=c.sock')
  const endpoints = [
    'tcp:0:interface=127.0.0.1',
    `unix:${quoteStringArgument(file)}:mode=600:lockfile=1`,
    'haproxy:tcp:0:interface=127.0.0.1',
  ]
  const ports = endpoints.map((text) => serverFromString(reactor, text).listen(site))
  await Promise.all(ports.map((port) => port.ready))
  const [tcp, , proxied] = ports.map((port) => (port.getHost() as { port: number }).port) as [number, number, number]
  assert.equal(await answer(connect(tcp, '127.0.0.1')), 'false 127.0.0.1')
  assert.equal(await answer(connect(file)), 'false UNIX')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const header = 'PROXY TCP4 198.51.100.7 127.0.0.1 4 80\r\n'
  assert.equal(await answer(connect(proxied, '127.0.0.1'), header + get), 'false 198.51.100.7')
})

test('serverFromString listens with TLS: ssl:, tls:, and haproxy: in front of it', async (t) => {
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  const folder = testFolder(t)
  const { privateKey, certKey, cert } = makeCertificate(testFolder(t), 'one', { names: ['localhost'] })
  for (const file of [privateKey, certKey]) copyFileSync(file, path.join(folder, path.basename(file)))
  const ssl = `ssl:0:privateKey=${privateKey}:certKey=${certKey}:interface=127.0.0.1`
  const texts = [ssl, `tls:${folder}:port=0:interface=127.0.0.1`, `haproxy:trust=127.0.0.1:${ssl}`]
  for (const text of texts) {
    const port = serverFromString(reactor, text).listen(factory())
    await port.ready
    const socket = connect((port.getHost() as { port: number }).port, '127.0.0.1')
    if (text.startsWith('haproxy')) socket.write('PROXY TCP4 198.51.100.7 127.0.0.1 4 80\r\n')
    const client = connectOverTLS({ socket, ca: cert, servername: 'localhost' })
    assert.match(await answer(client), text.startsWith('haproxy') ? /^true 198\.51\.100\.7$/ : /^true 127\.0\.0\.1$/)
  }
})

test('tcp6: stands beside tcp: on the same port', async (t) => {
  const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  if (!hasIPv6) {
    // Without IPv6 it says so, in words.
    await assert.rejects(serverFromString(reactor, 'tcp6:0').listen(factory()).ready, { code: 'PLAIT_LISTEN' })
    return
  }
  const six = serverFromString(reactor, 'tcp6:0').listen(factory())
  await six.ready
  const { port, host } = six.getHost() as { port: number; host: string }
  assert.equal(host, '::')
  await serverFromString(reactor, `tcp:${port}:interface=127.0.0.1`).listen(factory()).ready
  assert.equal(await answer(connect(port, '::1')), 'false ::1')
  assert.equal(await answer(connect(port, '127.0.0.1')), 'false 127.0.0.1')
})

test('serverFromString asks every reactor for the same', () => {
  const reactor = new MemoryReactor()
  const site = factory()
  for (const text of ['tcp:80:backlog=7', 'tcp6:81', 'unix:/a:mode=660', 'fd:5', 'haproxy:trust=10.0.0.0/8:tcp:82'])
    serverFromString(reactor, text).listen(site)
  assert.deepEqual(
    reactor.ports.map(({ options }) => options),
    [{ backlog: 7 }, { interface: '::', ipv6Only: true }, { mode: 0o660 }, {}, { proxyProtocol: { trust: ['10.0.0.0/8'] } }],
  )
  const endpoint = { kind: 'tcp', port: 83, interface: undefined, backlog: undefined } as const
  assert.equal(serverFromEndpoint(reactor, endpoint).endpoint, endpoint)
  serverFromEndpoint(reactor, endpoint).listen(site)
  assert.deepEqual(reactor.ports.at(-1)?.getHost(), { type: 'TCP', host: '127.0.0.1', port: 83 })
})

test('serverFromString says when a certificate is missing, and when a string makes no sense', () => {
  const reactor = new NodeReactor()
  assert.throws(() => serverFromString(reactor, 'ssl:0:privateKey=/none.pem').listen(factory()), {
    code: 'PLAIT_CERTIFICATE',
    message: 'Cannot use /none.pem: there is no such file',
  })
  assert.throws(() => serverFromString(reactor, 'nonsense:1:2'), { code: 'PLAIT_CONFIGURATION' })
})
