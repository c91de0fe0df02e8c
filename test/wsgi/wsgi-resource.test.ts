import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { MemoryReactor, MemoryThreadPool } from '#src/testing.ts'
import type { MemoryJob } from '#src/testing.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { serveWSGI, settle, until } from './serve-wsgi.ts'

const ok = (job: MemoryJob): void => job.answer(200, [], 'ok')

test('WSGIResource starts and checks nothing at construction (A1)', () => {
  const pool = new MemoryThreadPool(ok)
  const resource = new WSGIResource(new MemoryReactor(), pool, 'no_such_module.application')
  assert.equal(pool.started, false)
  assert.equal(resource.application.name, 'no_such_module.application')
})

test('WSGIResource tells the reactor once for each pool to stop it, however often it is made', () => {
  let triggers = 0
  class Counting extends MemoryReactor {
    override addSystemEventTrigger(...given: Parameters<MemoryReactor['addSystemEventTrigger']>): void {
      triggers += 1
      super.addSystemEventTrigger(...given)
    }
  }
  const reactor = new Counting()
  const pool = new MemoryThreadPool(ok)
  const make = (threadPool: MemoryThreadPool): WSGIResource => new WSGIResource(reactor, threadPool, 'foo.application')
  for (let count = 0; count < 100; count++) make(pool)
  assert.equal(triggers, 1)
  make(new MemoryThreadPool(ok))
  assert.equal(triggers, 2)
})

test('WSGIResource refuses what is no name of an application', () => {
  const make = () => new WSGIResource(new MemoryReactor(), new MemoryThreadPool(), (() => []) as unknown as string)
  assert.throws(make, { code: 'PLAIT_CONFIGURATION' })
})

test('WSGIResource is always a leaf and refuses children (A2)', () => {
  const { resource } = serveWSGI(ok)
  assert.equal(resource.isLeaf, true)
  assert.throws(() => resource.getChildWithDefault('x'), { code: 'PLAIT_RESOURCE' })
  assert.throws(() => resource.putChild('x'), { code: 'PLAIT_RESOURCE' })
})

test('WSGIResource gives every method to the application, one job each (A3)', async () => {
  const { port, pool } = serveWSGI(ok)
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND']) {
    const response = await port.request(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
    assert.equal(response.status, 200, method)
  }
  assert.equal(pool.jobs.length, 8)
})

test('WSGIResource works wherever a resource does (A5)', async () => {
  const pool = new MemoryThreadPool((job) => job.answer(200, [], `${job.environ['SCRIPT_NAME']} ${job.environ['PATH_INFO']}`))
  const reactor = new MemoryReactor()
  class Root extends Resource {
    override getChild(): WSGIResource {
      return new WSGIResource(reactor, pool, 'test.application')
    }
  }
  const root = new Root()
  root.putChild('put', new WSGIResource(reactor, pool, 'test.application'))
  const port = reactor.listenTCP(80, new Site(root))
  assert.equal((await port.request('GET /put/x')).text, '/put /x')
  assert.equal((await port.request('GET /got/x')).text, '/got /x')
})

test('WSGIResource uses only the reactor and the pool that it was given (A6)', async () => {
  const { port, reactor } = serveWSGI(ok)
  assert.equal((await port.request('GET /')).text, 'ok')
  assert.equal(reactor.running, false)
})

test('WSGIResource is the rest of a site whose static children win (A7)', async () => {
  const pool = new MemoryThreadPool((job) => job.answer(200, [], `app ${job.environ['SCRIPT_NAME']}|${job.environ['PATH_INFO']}`))
  const reactor = new MemoryReactor()
  const application = new WSGIResource(reactor, pool, 'test.application')
  class Root extends Resource {
    override getChild(name: string, request: { prepath: string[]; postpath: string[] }): WSGIResource {
      request.prepath.pop()
      request.postpath.unshift(name)
      return application
    }
  }
  const root = new Root()
  root.putChild('hello', Object.assign(new Resource(), { render_GET: () => 'static' }))
  const port = reactor.listenTCP(80, new Site(root))
  assert.equal((await port.request('GET /hello')).text, 'static')
  assert.equal((await port.request('GET /a/b')).text, 'app |/a/b')
  assert.equal((await port.request('GET /')).text, 'app |/')
})

test('WSGIResource makes a new environ for each request (A8)', async () => {
  const { port, pool } = serveWSGI(ok)
  await port.request('GET /')
  await port.request('GET /')
  assert.notEqual(pool.jobs[0]?.job.environ, pool.jobs[1]?.job.environ)
})

test('WSGIResource calls the application only when the whole body is here (A22)', async () => {
  const { port, pool } = serveWSGI(ok)
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc')
  await settle()
  assert.equal(pool.jobs.length, 0)
  connection.write('def')
  assert.equal((await connection.response()).status, 200)
  const body = pool.jobs[0]?.job.body
  assert.ok(body?.kind === 'bytes')
  assert.equal(Buffer.concat(body.chunks).toString(), 'abcdef')
  assert.equal(body.size, 6)
})

test('WSGIResource gives no body to a request without one', async () => {
  const { port, pool } = serveWSGI(ok)
  await port.request('GET /')
  assert.equal(pool.jobs[0]?.job.body, undefined)
})

test('WSGIResource never calls the application for a body that broke off', async () => {
  const { port, pool } = serveWSGI(ok)
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc')
  await settle()
  connection.reset()
  await settle()
  assert.equal(pool.jobs.length, 0)
})

test('WSGIResource answers a body above maxBody with 413, before it has come, and does not call the application', async () => {
  const { port, pool } = serveWSGI(ok, { maxBody: 5 })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n')
  const response = await connection.response()
  assert.equal(response.status, 413)
  assert.deepEqual(response.informational, [])
  const chunked = await port.request('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n')
  assert.equal(chunked.status, 413)
  assert.equal(pool.jobs.length, 0)
})

test('WSGIResource streams a body as the application asks for it', async () => {
  const { port, pool } = serveWSGI(() => undefined, { requestBody: 'stream' })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc')
  await until(() => pool.jobs.length === 1)
  const job = pool.jobs[0] as MemoryJob
  assert.deepEqual(job.job.body, { kind: 'stream' })
  assert.equal(job.environ['CONTENT_LENGTH'], '6')
  await settle()
  assert.equal(job.inputs.length, 0, 'nothing is sent that was not asked for')
  job.sink.inputWanted(2)
  await until(() => Buffer.concat(job.inputs).toString() === 'ab')
  connection.write('def')
  await settle()
  assert.equal(Buffer.concat(job.inputs).toString(), 'ab')
  assert.equal(job.inputEnded, false)
  job.sink.inputWanted(100)
  await until(() => job.inputEnded)
  assert.equal(Buffer.concat(job.inputs).toString(), 'abcdef')
  job.answer(200, [], 'got it')
  assert.equal((await connection.response()).text, 'got it')
})

test('WSGIResource asks for the body that an application wants before its job is known', async () => {
  const { port, pool } = serveWSGI((job) => job.sink.inputWanted(1000), { requestBody: 'stream' })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
  await until(() => pool.jobs[0]?.inputEnded === true)
  assert.equal(Buffer.concat(pool.jobs[0]?.inputs ?? []).toString(), 'abc')
  assert.equal(pool.jobs[0]?.environ['CONTENT_LENGTH'], '')
  assert.equal(pool.jobs[0].environ['HTTP_TRANSFER_ENCODING'], 'chunked')
  connection.close()
})

test('WSGIResource sends 100 Continue only when a streaming application reads', async () => {
  const { port, pool } = serveWSGI(() => undefined, { requestBody: 'stream' })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n')
  await until(() => pool.jobs.length === 1)
  await settle()
  assert.equal(connection.received.length, 0)
  pool.jobs[0]?.sink.inputWanted(10)
  await connection.until(() => connection.received.includes('100 Continue'))
  connection.close()
})

test('WSGIResource tells a streaming application that its body broke off', async () => {
  const { port, pool } = serveWSGI((job) => job.sink.inputWanted(1000), { requestBody: 'stream' })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc')
  await until(() => pool.jobs[0]?.inputs.length === 1)
  connection.reset()
  await until(() => pool.jobs[0]?.inputFailure !== undefined || pool.jobs[0]?.abandoned === 1)
})

test('WSGIResource refuses a streamed body above maxBody before the application is called', async () => {
  const { port, pool } = serveWSGI(() => undefined, { requestBody: 'stream', maxBody: 5 })
  const response = await port.request('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdef')
  assert.equal(response.status, 413)
  assert.equal(pool.jobs.length, 0)
})

test('WSGIResource answers a streamed body of unknown length that grows above maxBody with 413', async () => {
  const { port, pool } = serveWSGI((job) => job.sink.inputWanted(100), { requestBody: 'stream', maxBody: 5 })
  const connection = port.connect()
  connection.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until(() => pool.jobs[0]?.inputs.length === 1)
  connection.write('3\r\ndef\r\n')
  assert.equal((await connection.response()).status, 413)
  const job = pool.jobs[0] as MemoryJob
  assert.match(job.inputFailure ?? '', /more than 5 bytes/)
  job.answer(200, [], 'too late')
  await settle()
  assert.equal(connection.received.length, 0)
})

test('WSGIResource has one job at a time of a client that pipelines 1,000 requests, answered in order (A52)', async () => {
  let running = 0
  let most = 0
  const { port, pool } = serveWSGI((job) => {
    most = Math.max(most, ++running)
    setImmediate(() => {
      running--
      job.answer(200, [], job.environ['PATH_INFO'] ?? '')
    })
  })
  const connection = port.connect()
  for (let index = 0; index < 1000; index++) connection.write(`GET /${index} HTTP/1.1\r\nHost: x\r\n\r\n`)
  for (let index = 0; index < 1000; index++) assert.equal((await connection.response()).text, `/${index}`)
  assert.equal(most, 1)
  assert.equal(pool.jobs.length, 1000)
})

test('WSGIResource drops the pipelined requests of a client that leaves', async () => {
  const { port, pool } = serveWSGI(() => undefined)
  const connection = port.connect()
  for (let index = 0; index < 100; index++) connection.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => pool.jobs.length === 1)
  connection.reset()
  await until(() => pool.jobs[0]?.abandoned === 1)
  await settle()
  assert.equal(pool.jobs.length, 1)
})

test('WSGIResource gives a large body as a private file, which is gone after the response', async () => {
  const seen: { path: string; size: number; mode: number; content: boolean }[] = []
  const upload = Buffer.alloc(3 * 1024 ** 2, 'abcdefg')
  const { port } = serveWSGI((job) => {
    const { body } = job.job
    assert.ok(body?.kind === 'file')
    const content = readFileSync(body.path).equals(upload)
    seen.push({ path: body.path, size: body.size, mode: statSync(body.path).mode & 0o777, content })
    job.answer(200, [], job.environ['CONTENT_LENGTH'] ?? '')
  })
  const connection = port.connect()
  connection.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${upload.length}\r\n\r\n`)
  connection.write(upload)
  assert.equal((await connection.response()).text, String(upload.length))
  assert.deepEqual(seen, [{ path: seen[0]?.path, size: upload.length, mode: 0o600, content: true }])
  await until(() => !existsSync(seen[0]?.path ?? ''))
})

test('WSGIResource.prepare starts the application where the pool can, and tells what runs it', async () => {
  const reactor = new MemoryReactor()
  const asked: string[] = []
  const runtime = { executable: 'python', name: 'CPython', why: 'asked for' }
  const runner = {
    submit: () => assert.fail('nothing is run'),
    prepare: (application: { name: string }) => {
      asked.push(application.name)
      return Promise.resolve(runtime)
    },
  }
  assert.equal(await new WSGIResource(reactor, runner, 'foo.application').prepare(), runtime)
  assert.deepEqual(asked, ['foo.application'])
  const { submit } = runner
  assert.equal(await new WSGIResource(reactor, { submit }, 'foo.application').prepare(), undefined)
})
