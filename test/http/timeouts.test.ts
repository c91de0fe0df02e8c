import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { BodyFlow, Request } from '#src/http/request.ts'
import { RawClient } from '../support/raw-client.ts'
import { pause, until } from '../support/until.ts'
import { ClockedReactor } from './clocked-reactor.ts'

async function serve(t: TestContext, received: (request: Request) => void) {
  const reactor = new ClockedReactor()
  const port = reactor.listenTCP(0, new HTTPFactory(received), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const { port: number } = port.getHost() as { port: number }
  const client = await RawClient.connect(`http://127.0.0.1:${number}`)
  t.after(() => client.destroy())
  /** Lets `seconds` pass, one by one, as the clock of the connections looks once a second; sockets get their turn in between. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      reactor.clock.advance(1)
      await pause(0.002)
    }
  }
  return { client, pass }
}

const hello = (request: Request): void => request.sendWhole(200, 'OK', [], Buffer.from('hello'))

test('a head that does not come in 15 s is answered with 408, however often a byte comes (E1)', async (t) => {
  const { client, pass } = await serve(t, hello)
  client.socket.write('GET / HTTP/1.1\r\n')
  for (let second = 0; second < 13; second++) {
    client.socket.write('X')
    await pass(1)
  }
  assert.equal(client.received, '')
  await pass(5)
  await client.receives(/^HTTP\/1\.1 408 /)
})

test('a connection that says nothing is closed in silence', async (t) => {
  const { client, pass } = await serve(t, hello)
  await pass(18)
  await until('the connection is closed', () => client.ended)
  assert.equal(client.received, '')
})

test('a body without a byte for 30 s is answered with 408; progress starts the time anew (E1)', async (t) => {
  const { client, pass } = await serve(t, (request) => {
    request.readBody({}, (error) => {
      if (error === undefined) hello(request)
    })
  })
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx')
  await pause(0.05)
  await pass(25)
  client.socket.write('x')
  await pause(0.05)
  await pass(25)
  assert.equal(client.received, '')
  await pass(10)
  await client.receives(/^HTTP\/1\.1 408 /)
})

test('an application may take its time', async (t) => {
  let finish = (): void => undefined
  const { client, pass } = await serve(t, (request) => {
    request.readBody({}, () => (finish = () => hello(request)))
  })
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  await pause(0.05)
  await pass(300)
  finish()
  await client.receives(/^HTTP\/1\.1 200 [^]*hello$/)
})

test('an idle connection is closed after 100 s, not before; a request starts the time anew (E2)', async (t) => {
  const { client, pass } = await serve(t, hello)
  client.get('/')
  await client.receives(/hello$/)
  await pass(95)
  client.get('/')
  await client.receives(/hello[^]*hello$/)
  await pass(95)
  assert.equal(client.ended, false)
  await pass(8)
  await until('the connection is closed', () => client.ended)
})

test('a head that begins on an idle connection has 15 s too', async (t) => {
  const { client, pass } = await serve(t, hello)
  client.get('/')
  await client.receives(/hello$/)
  await pass(3)
  client.socket.write('GET / HT')
  await pause(0.05)
  await pass(20)
  await client.receives(/HTTP\/1\.1 408 /)
})

test('a client that takes nothing of its response for 60 s is cut (E1)', async (t) => {
  let gone = false
  const { client, pass } = await serve(t, (request) => {
    request.onDisconnect = () => (gone = true)
    request.sendHead(200, 'OK', [])
    const block = Buffer.alloc(1024 * 1024)
    for (let count = 0; count < 16; count++) request.writeChunk(block, () => undefined)
  })
  client.socket.pause()
  client.get('/')
  await pause(0.2)
  await pass(50)
  assert.equal(gone, false)
  await pass(15)
  await until('the connection is cut', () => gone)
})

/** Serves streamBody; nothing is asked for at first. */
async function streamed(t: TestContext, begin: (request: Request) => void = () => undefined) {
  const failures: string[] = []
  let size = 0
  let flow: BodyFlow | undefined
  const served = await serve(t, (request) => {
    begin(request)
    const consumer = {
      data: (chunk: Buffer): void => void (size += chunk.length),
      end: (): void => hello(request),
      failed: (reason: string): void => void failures.push(reason),
    }
    flow = request.streamBody({}, consumer)
  })
  served.client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234')
  await until('the request is there', () => flow)
  return { ...served, failures, size: () => size, flow: flow as unknown as BodyFlow }
}

test('a streamed body that an application waits for is answered with 408 after 30 s without a byte', async (t) => {
  const { client, pass, flow, size, failures } = await streamed(t)
  flow.resume(100)
  await until('the first half', () => size() === 5)
  await pass(25)
  client.socket.write('5')
  await until('one more', () => size() === 6)
  await pass(25)
  assert.deepEqual([client.received, failures], ['', []])
  await pass(10)
  await client.receives(/^HTTP\/1\.1 408 /)
  await until('the application is told', () => failures.length === 1)
})

test('a streamed body that nobody asks for may wait', async (t) => {
  const { client, pass, flow, size, failures } = await streamed(t)
  await pass(100)
  flow.resume(5)
  await until('the first half', () => size() === 5)
  await pass(100)
  assert.deepEqual([client.received, client.ended, failures], ['', false, []])
  flow.resume(5)
  client.socket.write('56789')
  await client.receives(/^HTTP\/1\.1 200 [^]*hello$/)
})

test('a streamed body that stops coming ends a response that has begun, without a second one', async (t) => {
  const { client, pass, flow, failures } = await streamed(t, (request) => request.write('part'))
  flow.resume(100)
  await client.receives(/part\r\n$/)
  await pass(35)
  await until('the server closes', () => client.ended)
  assert.equal(failures.length, 1)
  assert.match(client.received, /part\r\n$/)
})
