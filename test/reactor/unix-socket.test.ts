import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'

const factory = (): HTTPFactory => new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from('hello')))

function socketPath(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'app.sock')
}

test('NodeReactor.listenUNIX takes the place of a socket that a killed process left', async (t) => {
  const file = socketPath(t)
  const code = `require('node:net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', code]), 'exit')
  assert.ok(lstatSync(file).isSocket())
  const reactor = new NodeReactor()
  const port = reactor.listenUNIX(file, factory())
  await port.ready
  assert.equal(statSync(file).mode & 0o777, 0o666)
  await reactor.stop()
  assert.equal(existsSync(file), false)
})

test('NodeReactor.listenUNIX leaves a socket alone on which somebody listens', async (t) => {
  const file = socketPath(t)
  const other = createServer().listen(file)
  await once(other, 'listening')
  t.after(() => other.close())
  const reactor = new NodeReactor()
  await assert.rejects(reactor.listenUNIX(file, factory()).ready, { code: 'PLAIT_LISTEN', message: /in use/ })
  await reactor.stop()
  assert.ok(existsSync(file))
})

test('NodeReactor.listenUNIX never removes what is no socket', async (t) => {
  const file = socketPath(t)
  writeFileSync(file, 'precious')
  const reactor = new NodeReactor()
  await assert.rejects(reactor.listenUNIX(file, factory()).ready, { code: 'PLAIT_LISTEN' })
  await reactor.stop()
  assert.ok(lstatSync(file).isFile())
})

test('NodeReactor.listenUNIX says when there is no such directory', async (t) => {
  const reactor = new NodeReactor()
  const port = reactor.listenUNIX(path.join(socketPath(t), 'none', 'app.sock'), factory())
  await assert.rejects(port.ready, { code: 'PLAIT_LISTEN', message: /no such directory/ })
  await reactor.stop()
})
