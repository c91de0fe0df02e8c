import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { folderWith } from '../cli/run-plait.ts'
import { childrenOf, isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { ask, at, startUpgradable } from './upgrade/upgradable.ts'

/** Commands that run another as process 1 of a namespace of its own, as containers do. */
const namespaces = [[], ['--user', '--map-root-user']].map((more) => [
  'unshare',
  ...more,
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
])

/** The first that this machine allows; undefined where none is. */
const namespace = namespaces.find(([program = '', ...words]) => spawnSync(program, [...words, 'true']).status === 0)

/** Where namespaces are forbidden the server is told that it is process 1, and all else is as it is. */
const pretence = `data:text/javascript,Object.defineProperty(process,'pid',{value:1})`

/** The server, and its process id as the test sees it. */
async function startAsProcessOne(t: TestContext, words: readonly string[], cwd: string) {
  const told = namespace === undefined ? { NODE_OPTIONS: `--import=${pretence}` } : {}
  const server = await startUpgradable(t, [...words, '--listen', '127.0.0.1:0'], { cwd, before: namespace ?? [], env: told })
  const pid = namespace === undefined ? server.pid : (childrenOf(server.pid)[0] as number)
  if (namespace !== undefined) assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NSpid:.*\t1$/m)
  return { server, pid }
}

const application = `
export function application(environ, startResponse) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(environ.QUERY_STRING || 0))
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [Buffer.from('done')]
}
`

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`as process 1, ${signal} lets the running request finish, and ends the server with 0`, async (t) => {
    const cwd = folderWith(t, { 'app.mjs': application })
    const { server, pid } = await startAsProcessOne(t, ['--wsgi', './app.mjs#application'], cwd)
    const slow = ask(at(server.url, '/?2000'))
    await ask(at(server.url, '/'))
    process.kill(pid, 'SIGHUP')
    await until('SIGHUP is there', () => /SIGHUP: /.test(server.log()))
    process.kill(pid, 'SIGUSR2')
    await until('no upgrade', () => /Not upgraded, this process goes on: this is process 1/.test(server.log()))
    process.kill(pid, 'SIGQUIT')
    await until('SIGQUIT is there', () => /SIGQUIT: /.test(server.log()))
    process.kill(pid, signal)
    assert.equal(await slow, 'done')
    assert.equal(await server.exited, 0)
    assert.equal(server.log().split('docker run --init, or tini').length, 2)
    assert.match(server.log(), new RegExp(`${signal}: stopping[^]*Stopped`))
  })
}

const family = `import os, signal
def application(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        os.kill(os.getpid(), signal.SIGKILL)
    if environ["PATH_INFO"] == "/stop":
        # From within, where process 1 gets only what it has a handler for.
        os.kill(os.getppid(), signal.SIGTERM)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"alive"]
`

test('process 1 collects its hosts, takes signals from within, and takes all with it when it is killed', async (t) => {
  const cwd = folderWith(t, { 'app.py': family })
  const before = namespace ?? []
  const start = async (): Promise<{ server: Awaited<ReturnType<typeof startUpgradable>>; pid: number }> => {
    const server = await startUpgradable(t, ['--wsgi', 'app', '--no-retry', '--listen', '127.0.0.1:0'], { cwd, before })
    return { server, pid: namespace === undefined ? server.pid : (childrenOf(server.pid)[0] as number) }
  }
  const { server, pid } = await start()
  for (let death = 1; death <= 2; death++) {
    await ask(at(server.url, '/die'))
    await until('it serves again', async () => (await ask(at(server.url, '/'))) === 'alive')
  }
  await until('no zombie is left', () => childrenOf(pid).length === 1 && childrenOf(pid).every(isAlive))
  assert.equal(await ask(at(server.url, '/stop')), 'alive')
  assert.equal(await server.exited, 0)

  const other = await start()
  const hosts = childrenOf(other.pid)
  process.kill(other.pid, 'SIGKILL')
  await other.server.exited
  await until('its hosts are gone', () => !hosts.some(isAlive))
})

test('what is not process 1 recommends no init', async (t) => {
  const server = await startUpgradable(t, ['--path', '.', '--listen', '127.0.0.1:0'], { cwd: folderWith(t, {}) })
  await server.stop()
  assert.doesNotMatch(server.log(), /process 1/)
})
