import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { folderWith } from '../../cli/run-plait.ts'
import { childrenOf, isAlive } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { ask, at, startUpgradable, versionSource, type Upgradable } from './upgradable.ts'

const notUpgraded = (server: Upgradable): string[] =>
  [...server.log().matchAll(/Not upgraded, this process goes on: (.*)/g)].map(([, why = '']) => why)

test('SIGUSR2 with an application that does not import: the old process goes on, and says why', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const file = `${cwd}/app.sock`
  const words = ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--listen', `unix:${file}`, '--pidfile', 'plait.pid']
  const server = await startUpgradable(t, words, { cwd })
  const broken: readonly (readonly [string, RegExp, RegExp])[] = [
    ['def application(\n', /ended with exit code 1: /, /SyntaxError/],
    ['import nothing_of_that_name\n', /ended with exit code 1: /, /No module named 'nothing_of_that_name'/],
    ['import os\nos._exit(3)\n', /ended with exit code 1: /, /exit code 3/],
  ]
  for (const [index, [source, why, cause]] of broken.entries()) {
    writeFileSync(`${cwd}/app.py`, source)
    process.kill(server.pid, 'SIGUSR2')
    await until('it is refused', () => notUpgraded(server).length > index)
    assert.match(notUpgraded(server)[index] as string, why)
    assert.match(server.log(), cause)
    assert.deepEqual([await ask(at(server.url, '/')), await ask(at(file, '/'))], ['version 1', 'version 1'])
    assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${server.pid}\n`)
  }
  await until('only its own host is left', () => childrenOf(server.pid).length === 1)
  // And when it is mended, all is well.
  writeFileSync(`${cwd}/app.py`, versionSource(2))
  process.kill(server.pid, 'SIGUSR2')
  await until('the new version answers', async () => (await ask(at(file, '/'))) === 'version 2')
  await server.stop()
  assert.ok(!existsSync(file) && !existsSync(`${cwd}/plait.pid`))
})

test('SIGUSR2 with what is not ready in --upgrade-timeout: it is ended, and the old process goes on', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--upgrade-timeout', '4'], { cwd })
  writeFileSync(`${cwd}/app.py`, 'import time\ntime.sleep(60)\n')
  process.kill(server.pid, 'SIGUSR2')
  await until('a process is started', () => childrenOf(server.pid).length === 2)
  process.kill(server.pid, 'SIGUSR2')
  await until('the second one is refused', () => /another upgrade is under way \(process \d+\)/.test(server.log()))
  await until('the first one is given up', () => /the new process \(\d+\) was not ready within 4 s/.test(server.log()))
  assert.equal(childrenOf(server.pid).length, 1)
  assert.equal(await ask(at(server.url, '/')), 'version 1')
  await server.stop()
})

test('SIGTERM during an upgrade ends both processes', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--pidfile', 'plait.pid'], { cwd })
  writeFileSync(`${cwd}/app.py`, 'import time\nprint("importing", flush=True)\ntime.sleep(60)\n')
  process.kill(server.pid, 'SIGUSR2')
  await until('the new one imports', () => /importing/.test(server.log()))
  const children = childrenOf(server.pid)
  process.kill(server.pid, 'SIGTERM')
  assert.equal(await server.exited, 0)
  assert.deepEqual(children.filter(isAlive), [])
  assert.match(notUpgraded(server)[0] as string, /told to stop/)
  assert.equal(existsSync(`${cwd}/plait.pid`), false)
})

test('the old process is killed during an upgrade: the new one takes over', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const file = `${cwd}/app.sock`
  const words = ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--listen', `unix:${file}`, '--pidfile', 'plait.pid']
  const server = await startUpgradable(t, words, { cwd })
  writeFileSync(`${cwd}/app.py`, `import time\nprint("importing", flush=True)\ntime.sleep(1)\n${versionSource(2)}`)
  process.kill(server.pid, 'SIGUSR2')
  await until('the new one imports', () => /importing/.test(server.log()))
  process.kill(server.pid, 'SIGKILL')
  assert.equal(await server.exited, 'SIGKILL')
  assert.deepEqual([await ask(at(server.url, '/')), await ask(at(file, '/'))], ['version 2', 'version 2'])
  await until('the pidfile is its own', () => readFileSync(`${cwd}/plait.pid`, 'utf8') !== `${server.pid}\n`)
  const pid = Number(readFileSync(`${cwd}/plait.pid`, 'utf8'))
  process.kill(pid, 'SIGTERM')
  await until('it has ended', () => !isAlive(pid))
  assert.ok(!existsSync(file) && !existsSync(`${cwd}/plait.pid`))
})

test('a new service file takes over; one that fails at the last moment leaves the sockets and the pidfile as they were', async (t) => {
  const service = (text: string): string => `
    import { existsSync } from 'node:fs'
    import { Data, Resource, reactor } from 'plait'
    export const listen = ['127.0.0.1:0', 'unix:./app.sock']
    const root = new Resource()
    root.putChild('', new Data('${text}', 'text/plain'))
    export default root
    // Called when the new process has the sockets, and its id is in the pidfile.
    reactor.callWhenRunning(() => { if (existsSync('broken')) throw new Error('broken at the last moment') })
  `
  const cwd = folderWith(t, { 'plait.config.ts': service('one') })
  const file = `${cwd}/app.sock`
  const server = await startUpgradable(t, ['--pidfile', 'plait.pid'], { cwd })
  writeFileSync(`${cwd}/plait.config.ts`, service('two'))
  writeFileSync(`${cwd}/broken`, '')
  process.kill(server.pid, 'SIGUSR2')
  await until('it is not upgraded', () => notUpgraded(server).length === 1)
  assert.match(notUpgraded(server)[0] as string, /ended with exit code 1: broken at the last moment/)
  assert.deepEqual([await ask(at(server.url, '/')), await ask(at(file, '/'))], ['one', 'one'])
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${server.pid}\n`)
  rmSync(`${cwd}/broken`)
  process.kill(server.pid, 'SIGUSR2')
  await until('the new one answers', async () => (await ask(at(file, '/'))) === 'two')
  await until('it says so', () => server.pids.length === 2)
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${server.pid}\n`)
  await server.stop()
  assert.ok(!existsSync(file) && !existsSync(`${cwd}/plait.pid`))
})

test('a directory that is gone, and a command that makes no sense any more, are reasons too', async (t) => {
  const folder = folderWith(t, { 'app.py': versionSource(1) })
  const cwd = `${folder}/here`
  mkdirSync(cwd)
  const words = ['--wsgi', 'app', '--chdir', folder, '--listen', '127.0.0.1:0']
  const server = await startUpgradable(t, words, { cwd, env: { PWD: cwd } })
  renameSync(cwd, `${folder}/there`)
  process.kill(server.pid, 'SIGUSR2')
  await until('it is refused', () => notUpgraded(server).length === 1)
  assert.match(notUpgraded(server)[0] as string, /the directory in which this process was started, \S+\/here, is gone/)
  renameSync(`${folder}/there`, cwd)
  renameSync(`${folder}/app.py`, `${folder}/other.py`)
  process.kill(server.pid, 'SIGUSR2')
  await until('it is refused', () => notUpgraded(server).length === 2)
  assert.match(notUpgraded(server)[1] as string, /ended with exit code 1: Cannot load the application "app": there is no module/)
  assert.equal(await ask(at(server.url, '/')), 'version 1')
  await server.stop()
})
