import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { RawClient } from '../support/raw-client.ts'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

const asRoot = process.getuid?.() === 0

test('plait web --pidfile is there while the server runs, and gone afterwards (G --pidfile)', async (t) => {
  const cwd = folderWith(t, {})
  const server = await startWeb(['--path', '.', '--pidfile', 'plait.pid'], { cwd })
  t.after(() => server.stop())
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${server.pid}\n`)
  await server.stop()
  assert.equal(existsSync(`${cwd}/plait.pid`), false)
})

test('plait web --pidfile of a living process refuses, and leaves the file (G --pidfile)', async (t) => {
  const cwd = folderWith(t, { 'plait.pid': `${process.pid}\n` })
  const { code, stderr } = await runPlait(['web', '--path', '.', '--listen', '127.0.0.1:0', '--pidfile', 'plait.pid'], { cwd })
  assert.match(
    stderr,
    new RegExp(`^plait: Cannot use the pidfile \\S+/plait\\.pid: process ${process.pid}, which wrote it, is running\\n$`),
  )
  assert.equal(code, 1)
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${process.pid}\n`)
})

test('plait web --pidfile of a dead process is removed, and that is logged (G --pidfile)', async (t) => {
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'exit')
  const cwd = folderWith(t, { 'plait.pid': `${dead.pid}\n` })
  const server = await startWeb(['--path', '.', '--pidfile', 'plait.pid'], { cwd })
  t.after(() => server.stop())
  assert.match(server.log(), new RegExp(`Removed the pidfile \\S+plait\\.pid, which process ${dead.pid} left`))
  assert.equal(readFileSync(`${cwd}/plait.pid`, 'utf8'), `${server.pid}\n`)
})

test('plait web --pidfile does not touch a file that has no process id in it (G --pidfile)', async (t) => {
  const cwd = folderWith(t, { 'notes.txt': 'my notes' })
  const { code, stderr } = await runPlait(['web', '--path', '.', '--listen', '127.0.0.1:0', '--pidfile', 'notes.txt'], { cwd })
  assert.match(stderr, /there is a file already, and "my notes" is no process id/)
  assert.equal(code, 1)
  assert.equal(readFileSync(`${cwd}/notes.txt`, 'utf8'), 'my notes')
})

test('plait web removes its pidfile when it cannot start', async (t) => {
  const cwd = folderWith(t, { 'bad.py': 'raise ValueError\n' })
  const { code } = await runPlait(['web', '--wsgi', 'bad.app', '--listen', '127.0.0.1:0', '--pidfile', 'plait.pid'], { cwd })
  assert.equal(code, 1)
  assert.equal(existsSync(`${cwd}/plait.pid`), false)
})

test('plait web lives on after SIGHUP', async (t) => {
  const server = await startWeb(['--path', 'docs'])
  t.after(() => server.stop())
  process.kill(server.pid, 'SIGHUP')
  await until('the signal is logged', () => server.log().includes('SIGHUP: '))
  assert.equal((await fetch(`${server.url}/errors.md`)).status, 200)
})

test('plait web goes on with its old log when SIGUSR1 finds no place for a new one', async (t) => {
  const cwd = folderWith(t, {})
  mkdirSync(`${cwd}/logs`)
  const server = await startWeb(['--path', '.', '--access-log', 'logs/access.log'], { cwd })
  t.after(() => server.stop())
  await once(spawn('mv', ['logs', 'moved'], { cwd }), 'exit')
  writeFileSync(`${cwd}/logs`, 'a file in the way')
  process.kill(server.pid, 'SIGUSR1')
  await until('the failure is logged', () => server.log().includes('Cannot open a log anew, and go on with the old one'))
  await fetch(`${server.url}/afterwards`)
  await until('the line is there', () => readFileSync(`${cwd}/moved/access.log`, 'utf8').includes('/afterwards'))
})

test('plait web that is told to stop while it starts stops in order, exit code 0', async (t) => {
  const cwd = folderWith(t, { 'slow.py': 'import time\nprint("importing", flush=True)\ntime.sleep(60)\n' })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const words = ['web', '--wsgi', 'slow.app', '--listen', '127.0.0.1:0', '--pidfile', 'plait.pid']
    const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, ...words], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    t.after(() => child.kill('SIGKILL'))
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    await until('the application is imported', () => log.includes('importing'))
    child.kill(signal)
    const [code] = await once(child, 'exit')
    assert.match(log, new RegExp(`${signal}: stopped before it had started`))
    assert.doesNotMatch(log, /listening/)
    assert.equal(code, 0)
    assert.equal(existsSync(`${cwd}/plait.pid`), false)
  }
})

test('plait web with two endpoints of which one is taken closes the other, exit code 1', async (t) => {
  const cwd = folderWith(t, {})
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const { code, stderr } = await runPlait(
    ['web', '--path', '.', '--listen', `unix:${cwd}/free.sock`, '--listen', `127.0.0.1:${port}`],
    { cwd },
  )
  assert.match(stderr, new RegExp(`^plait: Cannot listen on 127\\.0\\.0\\.1, port ${port}: the address is in use`))
  assert.equal(code, 1)
  assert.equal(existsSync(`${cwd}/free.sock`), false)
})

test('plait web --umask holds for the files that the server makes (G --umask)', async (t) => {
  const cwd = folderWith(t, {})
  const server = await startWeb(['--path', '.', '--umask', '077', '--pidfile', 'plait.pid', '--access-log', 'a.log'], { cwd })
  t.after(() => server.stop())
  assert.deepEqual(
    ['plait.pid', 'a.log'].map((name) => statSync(`${cwd}/${name}`).mode & 0o777),
    [0o600, 0o600],
  )
})

test('plait web --uid that is not permitted, or names nobody, is one line, exit code 1 (G --uid)', async (t) => {
  const cwd = folderWith(t, {})
  const nobody = await runPlait(['web', '--path', '.', '--uid', 'no-such-user'], { cwd })
  assert.equal(nobody.stderr, 'plait: There is no user "no-such-user" on this system\n')
  const noGroup = await runPlait(['web', '--path', '.', '--gid', 'no-such-group'], { cwd })
  assert.equal(noGroup.stderr, 'plait: There is no group "no-such-group" on this system\n')
  assert.deepEqual([nobody.code, noGroup.code], [1, 1])
})

/** Plait where every user can read it; packages are loaded before the user is switched. */
function readableCopy(folder: string): string {
  for (const name of ['dist', 'python', 'package.json']) cpSync(`${root}/${name}`, `${folder}/plait/${name}`, { recursive: true })
  symlinkSync(`${root}/node_modules`, `${folder}/plait/node_modules`)
  return `${folder}/plait/dist/cli/main.js`
}

/** Runs a command; gives its log while it runs. */
function run(main: string, words: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [main, 'web', ...words], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  return { child, log: () => log, exited: once(child, 'exit').then(([code]) => code as number | null) }
}

const whoami = `
import json, os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    who = {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "user": os.environ.get("USER"), "pid": os.getpid()}
    return [json.dumps(who).encode()]
`

const NOBODY = 65534

/** A privileged server, where tests run as root; where they do not, the server becomes who it is already. */
const [uid, gid] = asRoot ? [NOBODY, NOBODY] : [process.getuid?.() as number, process.getgid?.() as number]

test('plait web --uid and --gid bind first, then become the user for good, and so do applications (G --uid, --gid)', async (t) => {
  const cwd = folderWith(t, { 'who.py': whoami, 'a.txt': 'a' })
  chmodSync(cwd, 0o755)
  const main = readableCopy(cwd)
  const words = ['--wsgi', 'who.app', '--mount', '/f=.', '--python', systemPython(), '--listen', `unix:${cwd}/app.sock:mode=660`]
  mkdirSync(`${cwd}/spool`)
  chmodSync(`${cwd}/spool`, 0o1777)
  words.push(
    '--listen',
    '127.0.0.1:0',
    '--server-log',
    'server.log',
    '--access-log',
    'access.log',
    '--temp-dir',
    'spool',
    // Private is private, whatever others of its files are.
    '--umask',
    '0',
    '--pidfile',
    'plait.pid',
    '--uid',
    String(uid),
    '--gid',
    String(gid),
  )
  const { child, log, exited } = run(main, words, cwd)
  t.after(() => child.kill('SIGKILL'))
  const file = `${cwd}/server.log`
  const said = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '') + log()
  const [, url] = await until(`the server listens: ${said()}`, () => {
    assert.equal(child.exitCode, null, said())
    return /listening on (http:\S+)\//.exec(said())
  })
  const who = (await (await fetch(url as string)).json()) as Record<string, unknown>
  assert.deepEqual([who['uid'], who['gid']], [uid, gid])
  if (asRoot) {
    assert.deepEqual(who['groups'], [NOBODY])
    assert.equal(who['user'], 'nobody')
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    assert.match(status, new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'))
    assert.match(status, new RegExp(`^Gid:\t${gid}\t${gid}\t${gid}\t${gid}$`, 'm'))
  }
  assert.equal(await (await fetch(`${url}/f/a.txt`)).text(), 'a')
  // The log and the socket are the user's, so that it can open the log anew, and whoever is in the group connect.
  for (const name of ['server.log', 'access.log', 'app.sock']) {
    assert.deepEqual([statSync(`${cwd}/${name}`).uid, statSync(`${cwd}/${name}`).gid], [uid, gid], name)
  }
  const upload = await RawClient.connect(url as string)
  t.after(() => upload.destroy())
  upload.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n`)
  upload.socket.write(Buffer.alloc(2_000_000))
  const [folder, body] = await until('a body is on disk', () => {
    const [made] = readdirSync(`${cwd}/spool`)
    const [first] = made === undefined ? [] : readdirSync(`${cwd}/spool/${made}`)
    return first === undefined ? undefined : [`${cwd}/spool/${made}`, `${cwd}/spool/${made}/${first}`]
  })
  for (const [name, mode] of [
    [folder, 0o700],
    [body, 0o600],
  ] as const) {
    const stats = statSync(name as string)
    assert.deepEqual([stats.uid, stats.gid, stats.mode & 0o777], [uid, gid, mode], name)
  }
  upload.destroy()
  child.kill('SIGTERM')
  assert.equal(await exited, 0)
  // Its folder belongs to root: what cannot be removed is emptied, and the next server takes it over.
  const pidfile = `${cwd}/plait.pid`
  assert.equal(existsSync(pidfile) ? readFileSync(pidfile, 'utf8') : '', '')
  assert.deepEqual(readdirSync(`${cwd}/spool`), [])
})

/** One that every user may run. */
function systemPython(): string {
  return existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
}

test('plait web --uid says which files that user cannot read (G --uid)', async (t) => {
  const cwd = folderWith(t, { 'app.py': whoami })
  chmodSync(cwd, 0o755)
  mkdirSync(`${cwd}/closed`, { mode: asRoot ? 0o700 : 0 })
  const words = ['--wsgi', 'app.app', '--chdir', 'closed', '--listen', '127.0.0.1:0', '--uid', String(uid)]
  const { code, stderr } = await runPlait(['web', ...words], { cwd })
  assert.match(stderr, /^plait: The user \S+ cannot read \S+\/closed: permission denied\n$/)
  assert.equal(code, 1)
})
