import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { folderWith } from '../../cli/run-plait.ts'
import { root } from '../../support/paths.ts'
import { until } from '../../support/until.ts'
import { ask, at, startUpgradable, versionSource } from './upgradable.ts'

const manager = `
import os, socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, more, _, _ = one.recvmsg(4096, socket.CMSG_SPACE(4))
    for _, _, fd in more: os.close(int.from_bytes(fd[:4], sys.byteorder))
    print(data.decode().replace("\\n", " "), flush=True)
`

test('the sockets of systemd, and those by number, are handed on again and again; systemd is told who has them', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1), 'manager.py': manager })
  const listener = spawn('python3', ['manager.py', 'notify'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => listener.kill('SIGKILL'))
  let told = ''
  listener.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  await until('the manager listens', () => told.includes('bound'))
  const sockets = ['web=tcp', `local=${cwd}/systemd.sock`, `number=${cwd}/number.sock`]
  const words = [
    'systemd:domain=INET:index=0',
    'systemd:name=local',
    'fd:5',
    '127.0.0.1:0',
    '127.0.0.1:0',
    `unix:${cwd}/own.sock`,
  ]
  const server = await startUpgradable(t, ['--wsgi', 'app', ...words.flatMap((word) => ['--listen', word])], {
    cwd,
    env: { NOTIFY_SOCKET: `${cwd}/notify` },
    before: ['python3', `${root}/test/fixtures/start_with_sockets.py`, ...sockets, '--'],
  })
  const found = (): string[] => [...server.log().matchAll(/listening on (http:\S+)\//g)].map(([, url = '']) => url)
  await until('all is announced', () => found().length === 3)
  const urls = found()
  const files = ['systemd', 'number', 'own'].map((name) => `${cwd}/${name}.sock`)
  assert.equal(new Set(urls).size, 3)
  for (let version = 2; version <= 4; version++) {
    writeFileSync(`${cwd}/app.py`, versionSource(version))
    const pid = await server.upgrade()
    for (const place of [...urls, ...files])
      await until(`${place} is served by version ${version}`, async () => (await ask(at(place, '/'))) === `version ${version}`)
    await until('systemd is told', () => told.includes(`MAINPID=${pid} READY=1`))
  }
  assert.doesNotMatch(told, /STOPPING/)
  await server.stop()
  await until('systemd is told of the end', () => told.includes('STOPPING=1'))
  // What systemd has made is systemd's.
  assert.deepEqual(
    files.map((file) => existsSync(file)),
    [true, true, false],
  )
})

const asRoot = process.getuid?.() === 0
const NOBODY = 65534

test('a server that has become another user hands on a port below 1024, its pidfile and its socket file', async (t) => {
  const cwd = folderWith(t, { 'app.py': versionSource(1) })
  // Readable by every user.
  chmodSync(cwd, 0o755)
  for (const name of ['dist', 'python', 'package.json']) cpSync(`${root}/${name}`, `${cwd}/plait/${name}`, { recursive: true })
  // Not by a link: the folder above ours may be private.
  for (const folder of packagesOf(root)) cpSync(`${root}/${folder}`, `${cwd}/plait/${folder}`, { recursive: true })
  const [uid, gid] = asRoot ? [NOBODY, NOBODY] : [process.getuid?.() as number, process.getgid?.() as number]
  const port = asRoot ? await freeLowPort() : 0
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
  const words = ['--wsgi', 'app', '--python', python, '--listen', `127.0.0.1:${port}`, '--listen', `unix:${cwd}/app.sock`]
  words.push('--pidfile', 'plait.pid', '--uid', String(uid), '--gid', String(gid))
  const server = await startUpgradable(t, words, { cwd, program: [`${cwd}/plait/dist/cli/main.js`, 'web'] })
  writeFileSync(`${cwd}/app.py`, versionSource(2))
  const pid = await server.upgrade()
  for (const place of [server.url, `${cwd}/app.sock`])
    await until(`${place} is served by version 2`, async () => (await ask(at(place, '/'))) === 'version 2')
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'))
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${pid}\n`)
  await server.stop()
  const pidFile = `${cwd}/plait.pid`
  assert.equal(existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '', '')
})

/** The packages that it needs when it runs, relative to it. */
function packagesOf(folder: string): string[] {
  const words = ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable']
  const lines = execFileSync('npm', words, { cwd: folder, encoding: 'utf8' }).trim().split('\n').slice(1)
  return lines.map((line) => path.relative(folder, line))
}

/** Below 1024. */
async function freeLowPort(): Promise<number> {
  for (let port = 1023; port > 600; port--) {
    const probe = createServer().listen(port, '127.0.0.1')
    const free = await Promise.race([once(probe, 'listening').then(() => true), once(probe, 'error').then(() => false)])
    if (!free) continue
    const { port: found } = probe.address() as AddressInfo
    probe.close()
    await once(probe, 'close')
    return found
  }
  throw new Error('There is no free port below 1024')
}

test('names are looked up again: another release behind a link takes over, of the program and of the directory', async (t) => {
  const entry = (release: string): string =>
    `process.env.RELEASE = '${release}'\nawait import(${JSON.stringify(`file://${root}/dist/cli/main.js`)})\n`
  const source = (release: string): string =>
    `import os\ndef app(environ, start_response):\n    start_response("200 OK", [])\n    return [("code ${release} " + os.environ["RELEASE"]).encode()]\n`
  const cwd = folderWith(t, {
    'a/plait.mjs': entry('a'),
    'a/app.py': source('a'),
    'b/plait.mjs': entry('b'),
    'b/app.py': source('b'),
  })
  const current = `${cwd}/current`
  symlinkSync('a', current)
  symlinkSync(process.execPath, `${cwd}/node`)
  const server = await startUpgradable(t, ['--wsgi', 'app.app', '--listen', '127.0.0.1:0'], {
    cwd: current,
    env: { PWD: current, PATH: `${cwd}:${process.env['PATH']}` },
    before: ['/usr/bin/env', 'node', `${current}/plait.mjs`, 'web'],
    program: [],
  })
  assert.equal(await ask(at(server.url, '/')), 'code a a')
  unlinkSync(current)
  symlinkSync('b', current)
  const pid = await server.upgrade()
  await until('the other release answers', async () => (await ask(at(server.url, '/'))) === 'code b b')
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), `${cwd}/b`)
  await server.stop()
})

test('reactor.upgrade() in a program of its own: the program starts anew and gets its ports', async (t) => {
  const program = `
    import { existsSync } from 'node:fs'
    import { HTTPFactory } from ${JSON.stringify(`file://${root}/dist/http/http-factory.js`)}
    import { NodeReactor, reactor } from ${JSON.stringify(`file://${root}/dist/index.js`)}
    const site = new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from('pid ' + process.pid)))
    const port = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
    reactor.listenUNIX('own.sock', site)
    if (existsSync('other')) reactor.listenUNIX('other.sock', site)
    else reactor.listenUNIX('old.sock', site)
    await new NodeReactor().upgrade().catch((error) => console.log(error.code, error.message))
    await reactor.upgrade().catch((error) => console.log(error.code, error.message))
    process.on('SIGUSR2', async () => {
      try { console.log('Upgraded: process ' + await reactor.upgrade({ timeout: 20 }) + ' serves') }
      catch (error) { console.log(error.code, error.message) }
    })
    reactor.callWhenRunning(() => reactor.listenUNIX('late.sock', site))
    reactor.callWhenRunning(async () => { await port.ready; console.log('listening on http://127.0.0.1:' + port.getHost().port + '/') })
    // By now the new process has the sockets.
    reactor.callWhenRunning(() => { if (existsSync('broken')) throw new Error('broken at the last moment') })
    await reactor.run()
    console.log('over', reactor.successor)
  `
  const cwd = folderWith(t, { 'program.mjs': program })
  const server = await startUpgradable(t, [], { cwd, program: [`${cwd}/program.mjs`] })
  assert.match(server.log(), /PLAIT_CONFIGURATION Only the default reactor can be upgraded/)
  assert.match(server.log(), /PLAIT_UPGRADE the server starts or stops/)
  const all = (names: readonly string[]): string[] => names.map((name) => `${cwd}/${name}.sock`)
  const served = async (pid: number, names: readonly string[]): Promise<void> => {
    for (const place of [server.url, ...all(names)])
      await until(`${pid} answers at ${place}`, async () => (await ask(at(place, '/'))) === `pid ${pid}`)
  }
  await served(server.pid, ['own', 'late', 'old'])

  writeFileSync(`${cwd}/broken`, '')
  process.kill(server.pid, 'SIGUSR2')
  await until('it is not upgraded', () => /PLAIT_UPGRADE the new process \(\d+\) ended with exit code 1/.test(server.log()))
  assert.match(server.log(), /broken at the last moment/)
  await served(server.pid, ['own', 'late', 'old'])

  rmSync(`${cwd}/broken`)
  writeFileSync(`${cwd}/other`, '')
  const pid = await server.upgrade()
  // What it asks for, another one, and no more what it does not ask for.
  await served(pid, ['own', 'late', 'other'])
  assert.equal(await server.exited, 0)
  assert.match(server.log(), new RegExp(`over ${pid}`))
  assert.deepEqual(
    all(['own', 'late', 'other', 'old']).map((file) => existsSync(file)),
    [true, true, true, false],
  )
  await server.stop()
  assert.deepEqual(readdirSync(cwd).toSorted(), ['other', 'program.mjs'])
})
