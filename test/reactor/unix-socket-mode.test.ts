import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, statSync, symlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { bindWithMode } from '#src/reactor/unix-socket.ts'
import { testFolder } from '../support/certificates.ts'
import { root } from '../support/paths.ts'
import { until } from '../support/until.ts'

const factory = (): HTTPFactory => new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from('hello')))

test('a UNIX socket has its mode from the moment it is there', async (t) => {
  const folder = testFolder(t)
  for (const [mode, umask] of [
    [0o600, 0o022],
    [0o666, 0o077],
    [0o660, 0],
  ] as const) {
    const file = path.join(folder, `${mode}.sock`)
    const before = process.umask(umask)
    const server = createServer()
    try {
      bindWithMode(file, mode, () => {
        server.listen({ path: file })
        assert.equal(statSync(file).mode & 0o777, mode)
      })
      assert.equal(process.umask(), umask)
      assert.throws(() =>
        bindWithMode(file, mode, () => {
          throw new Error('it fails')
        }),
      )
      assert.equal(process.umask(), umask)
    } finally {
      process.umask(before)
    }
    await once(server, 'listening')
    server.close()
  }
})

test('a UNIX socket gets its mode in a worker thread too, which must not set a umask', async (t) => {
  const file = path.join(testFolder(t), 'app.sock')
  const url = (name: string): string => JSON.stringify(`file://${root}/dist/${name}`)
  const worker = new Worker(
    `Promise.all([import(${url('reactor/node-reactor.js')}), import(${url('http/http-factory.js')})]).then(async ([{ NodeReactor }, { HTTPFactory }]) => {
      const reactor = new NodeReactor()
      const port = reactor.listenUNIX(${JSON.stringify(file)}, new HTTPFactory(() => undefined), { mode: 0o600 })
      await port.ready
      require('node:worker_threads').parentPort.postMessage('ready')
    })`,
    { eval: true },
  )
  await once(worker, 'message')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  await worker.terminate()
})

test('NodeReactor.listenUNIX says that a path is too long, and never listens on a part of it', async (t) => {
  const folder = testFolder(t)
  const long = path.join(folder, 'x'.repeat(120))
  const wrong: readonly [string, RegExp][] = [
    [long, /the path has \d+ bytes, and the system takes at most 10[37]\. Choose a shorter one/],
    [path.join(folder, 'é'.repeat(50)), /the path has \d+ bytes/],
    ['', /the path is empty/],
    [path.join(folder, 'a\0b'), /a path has no NUL in it/],
  ]
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  for (const [file, message] of wrong)
    await assert.rejects(reactor.listenUNIX(file, factory()).ready, { code: 'PLAIT_LISTEN', message })
  const { readdirSync } = await import('node:fs')
  assert.deepEqual(readdirSync(folder), [])
})

test('NodeReactor.listenUNIX leaves links, and sockets of another type, alone', async (t) => {
  const folder = testFolder(t)
  const [datagrams, link] = ['datagrams', 'link'].map((name) => path.join(folder, name)) as [string, string]
  const bind = 'import socket, sys; one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); one.bind(sys.argv[1]); one.recv(1)'
  const child = spawn('python3', ['-c', bind, datagrams])
  t.after(() => child.kill('SIGKILL'))
  await until('it is bound', () => lstatSync(datagrams, { throwIfNoEntry: false }))
  symlinkSync(datagrams, link)
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  for (const file of [datagrams, link]) {
    await assert.rejects(reactor.listenUNIX(file, factory()).ready, { code: 'PLAIT_LISTEN' })
    assert.ok(lstatSync(file))
  }
  assert.ok(lstatSync(link).isSymbolicLink())
})

test('NodeReactor.listenUNIX says that a folder may not be written', (t) => {
  const folder = testFolder(t)
  chmodSync(folder, 0o555)
  const url = (name: string): string => JSON.stringify(`file://${root}/dist/${name}`)
  const code = `
    const { NodeReactor } = await import(${url('reactor/node-reactor.js')})
    if (process.getuid() === 0) process.setuid(65534)
    const port = new NodeReactor().listenUNIX(${JSON.stringify(path.join(folder, 'app.sock'))}, { connectionMade() {} })
    await port.ready.catch((error) => console.log(error.code, error.message))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  assert.match(stdout, /^PLAIT_LISTEN Cannot listen on .*app\.sock: permission denied$/m)
})
