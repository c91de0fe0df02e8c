import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { folderWith } from '../../cli/run-plait.ts'
import { childrenOf } from '../../support/processes.ts'
import { RawClient } from '../../support/raw-client.ts'
import { pause, until } from '../../support/until.ts'
import { ask, at, startUpgradable, versionSource } from './upgradable.ts'

const ROUNDS = 10

test('SIGUSR2 ten times under load, on TCP and a UNIX socket: no request fails, no connection is refused', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(0) })
  const file = `${cwd}/app.sock`
  const words = ['--wsgi', 'app', '--listen', 'tcp:0:interface=127.0.0.1', '--listen', `unix:${file}`, '--pidfile', 'plait.pid']
  const server = await startUpgradable(t, words, { cwd })
  let over = false
  const seen = new Map<string, number>()
  const kept = new Agent({ keepAlive: true })
  const client = async (name: number): Promise<void> => {
    const place = name % 2 === 0 ? server.url : file
    for (let number = 0; !over; number++) {
      const path = `/?${2 + ((name * 31 + number * 67) % 80)}`
      // Half of them keep their connection, the others make one for each request.
      const answer = await ask(at(place, path), name % 4 < 2 ? kept : false)
      seen.set(answer, (seen.get(answer) ?? 0) + 1)
      await pause(0.005)
    }
  }
  const clients = Array.from({ length: 16 }, (_, name) => client(name))
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      writeFileSync(`${cwd}/app.py`, versionSource(round))
      const pid = await server.upgrade()
      assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${pid}\n`)
      await until('the new version answers', () => seen.has(`version ${round}`))
      assert.ok(existsSync(file))
    }
  } finally {
    over = true
    await Promise.all(clients)
    kept.destroy()
  }
  assert.deepEqual(
    [...seen].filter(([answer]) => !/^version \d+$/.test(answer)),
    [],
  )
  t.diagnostic(`${[...seen.values()].reduce((sum, count) => sum + count, 0)} requests over ${seen.size} versions`)
  assert.equal(await server.exited, 0)
  assert.equal(new Set(server.pids).size, ROUNDS + 1)
  await server.stop()
  // Neither the socket, nor the pidfile, nor a draft of one of them.
  assert.deepEqual(readdirSync(cwd), ['app.py'])
})

test('the new process takes what waits in the queue of a socket when the old one has closed it', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const file = `${cwd}/app.sock`
  const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--listen', `unix:${file}`], { cwd })
  const pid = await server.upgrade()
  // Nobody accepts while it is stopped, and nobody else has the socket once the old one has ended.
  process.kill(pid, 'SIGSTOP')
  const answers = Array.from({ length: 20 }, (_, index) => ask(at(index % 2 === 0 ? server.url : file, '/')))
  const client = await RawClient.connect(server.url)
  client.get('/')
  assert.equal(await server.exited, 0)
  process.kill(pid, 'SIGCONT')
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['version 1']))
  await client.receives(/version 1$/)
  client.destroy()
  await server.stop()
})

test('the new process takes over when all of its hosts are ready, not only the first', async (t) => {
  const cwd = folderWith(t, { 'app.py': `import time\ntime.sleep(0.3)\nopen("imports", "a").write("x")\n${versionSource(1)}` })
  const server = await startUpgradable(t, ['--wsgi', 'app', '--processes', '3', '--listen', '127.0.0.1:0'], { cwd })
  await until('three hosts', () => readFileSync(`${cwd}/imports`, 'utf8') === 'xxx')
  await server.upgrade()
  assert.equal(readFileSync(`${cwd}/imports`, 'utf8'), 'xxxxxx')
  await server.stop()
})

test('the processes of applications do not inherit the listening sockets', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0'], { cwd })
  const pid = await server.upgrade()
  const port = Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, '0')
  const line = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .find((one) => one.includes(`0100007F:${port} 00000000:0000 0A`))
  const inode = line?.trim().split(/\s+/)[9]
  const sockets = (of: number): string[] => readdirSync(`/proc/${of}/fd`).flatMap((fd) => linkOf(`/proc/${of}/fd/${fd}`))
  assert.ok(sockets(pid).includes(`socket:[${inode}]`))
  const [host] = childrenOf(pid)
  assert.ok(host !== undefined && !sockets(host).includes(`socket:[${inode}]`))
  assert.doesNotMatch(readFileSync(`/proc/${host}/environ`, 'latin1'), /PLAIT_HERITAGE/)
  await server.stop()
})

function linkOf(file: string): string[] {
  try {
    return [readlinkSync(file)]
  } catch {
    return []
  }
}
