import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, statSync, existsSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { ListeningPort } from '#src/reactor/reactor.ts'
import { pause, until } from '../support/until.ts'

const portOf = (port: ListeningPort): number => (port.getHost() as { port: number }).port
const quietly = { installSignalHandlers: false }
const hello = (request: Request): void => request.sendWhole(200, 'OK', [], Buffer.from('hello'))

test('NodeReactor runs triggers before, during and after, and awaits each phase', async () => {
  const reactor = new NodeReactor()
  const order: string[] = []
  for (const event of ['startup', 'shutdown'] as const) {
    for (const phase of ['after', 'during', 'before'] as const) {
      reactor.addSystemEventTrigger(phase, event, async () => {
        await pause(0.01)
        order.push(`${phase} ${event}`)
      })
    }
  }
  reactor.callWhenRunning(() => {
    order.push('running')
    void reactor.stop()
  })
  await reactor.run(quietly)
  const phases = (event: string): string[] => ['before', 'during', 'after'].map((phase) => `${phase} ${event}`)
  assert.deepEqual(
    order.filter((one) => one.endsWith('shutdown')),
    phases('shutdown'),
  )
  assert.deepEqual(
    order.filter((one) => one.endsWith('startup')),
    phases('startup'),
  )
  assert.equal(reactor.running, false)
})

test('NodeReactor goes on when a trigger fails', async () => {
  const reactor = new NodeReactor()
  let after = false
  reactor.addSystemEventTrigger('before', 'shutdown', () => {
    throw new Error('boom')
  })
  reactor.addSystemEventTrigger('after', 'shutdown', () => {
    after = true
  })
  reactor.callWhenRunning(() => void reactor.stop())
  await reactor.run(quietly)
  assert.equal(after, true)
})

test('NodeReactor.callLater calls once; cancel and reset do what they say', async () => {
  const reactor = new NodeReactor()
  const called: string[] = []
  const one = reactor.callLater(0.01, () => called.push('one'))
  const two = reactor.callLater(0.01, () => called.push('two'))
  const three = reactor.callLater(0.01, () => called.push('three'))
  two.cancel()
  three.reset(60)
  assert.deepEqual([one.active(), two.active(), three.active()], [true, false, true])
  assert.ok(three.getTime() > reactor.seconds() + 30)
  await until('the first is called', () => called.length > 0)
  await pause(0.05)
  assert.deepEqual(called, ['one'])
  three.cancel()
  two.cancel()
})

test('two NodeReactors share nothing', async () => {
  const [one, two] = [new NodeReactor(), new NodeReactor()]
  const ports = [one, two].map((reactor) => reactor.listenTCP(0, new HTTPFactory(hello), { interface: '127.0.0.1' }))
  await Promise.all(ports.map((port) => port.ready))
  const runs = [one.run(quietly), two.run(quietly)]
  const [first, second] = ports.map((port) => `http://127.0.0.1:${portOf(port)}/`) as [string, string]
  await until('the reactors run', () => one.running && two.running)
  await one.stop()
  await runs[0]
  await assert.rejects(fetch(first))
  assert.equal(await (await fetch(second)).text(), 'hello')
  await two.stop()
  await runs[1]
})

test('NodeReactor.run is rejected when a port is in use', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const reactor = new NodeReactor()
  const port = reactor.listenTCP((other.address() as AddressInfo).port, new HTTPFactory(hello), { interface: '127.0.0.1' })
  await assert.rejects(port.ready, { code: 'PLAIT_LISTEN', message: /in use/ })
  await assert.rejects(reactor.run(quietly), { code: 'PLAIT_LISTEN' })
  assert.throws(() => reactor.listenTCP(70_000, new HTTPFactory(hello)), { code: 'PLAIT_CONFIGURATION' })
})

test('NodeReactor.listenUNIX sets the mode, serves, and removes the socket at the end', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'app.sock')
  const reactor = new NodeReactor()
  const port = reactor.listenUNIX(file, new HTTPFactory(hello), { mode: 0o600 })
  await port.ready
  assert.deepEqual(port.getHost(), { type: 'UNIX', name: file })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const run = reactor.run(quietly)
  const socket = connect(file)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /^HTTP\/1\.1 200 OK[^]*hello$/)
  await reactor.stop()
  await run
  assert.equal(existsSync(file), false)
})

test('NodeReactor.stop lets a running request finish and refuses new connections', async () => {
  const reactor = new NodeReactor()
  let request: Request | undefined
  const port = reactor.listenTCP(0, new HTTPFactory((one) => (request === undefined ? (request = one) : hello(one))), {
    interface: '127.0.0.1',
  })
  await port.ready
  const url = `http://127.0.0.1:${portOf(port)}/`
  const run = reactor.run(quietly)
  const answer = fetch(url)
  await until('the request is there', () => request !== undefined)
  const stopped = reactor.stop()
  await until('new connections are refused', () =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  )
  hello(request as unknown as Request)
  const response = await answer
  assert.equal(response.headers.get('connection'), 'close')
  assert.equal(await response.text(), 'hello')
  await stopped
  await run
})

test('a second NodeReactor.stop cuts what still runs', async () => {
  const reactor = new NodeReactor()
  let received = false
  const port = reactor.listenTCP(0, new HTTPFactory(() => (received = true)), { interface: '127.0.0.1' })
  await port.ready
  const run = reactor.run(quietly)
  const answer = fetch(`http://127.0.0.1:${portOf(port)}/`)
  await until('the request is there', () => received)
  void reactor.stop()
  void reactor.stop()
  await assert.rejects(answer)
  await run
})

test('NodeReactor.run is rejected while it runs', async () => {
  const reactor = new NodeReactor()
  reactor.listenTCP(0, new HTTPFactory(hello), { interface: '127.0.0.1' })
  const run = reactor.run(quietly)
  await until('the reactor runs', () => reactor.running)
  await assert.rejects(reactor.run(quietly), { code: 'PLAIT_CONFIGURATION' })
  await reactor.stop()
  await run
})
