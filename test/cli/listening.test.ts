import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import path from 'node:path'
import { test } from 'node:test'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

/** Body of a GET by https, for a certificate that is trusted. */
async function getSecure(url: string, ca: string): Promise<string> {
  const [response] = (await once(httpsRequest(url.replace('0.0.0.0', '127.0.0.1'), { ca }).end(), 'response')) as [
    IncomingMessage,
  ]
  return (await response.toArray()).join('')
}

test('plait web --https --dev-cert serves TLS with a certificate for this machine, kept for the next time (G --https)', async (t) => {
  const cwd = folderWith(t, { 'a.txt': 'secret' })
  const env = { XDG_CACHE_HOME: cwd }
  const server = await startWeb(['--path', '.', '--https', '0', '--dev-cert'], { cwd, env })
  t.after(() => server.stop())
  assert.match(server.url, /^https:/)
  const file = `${cwd}/plait/localhost.pem`
  const pem = readFileSync(file, 'utf8')
  assert.equal(await getSecure(`${server.url}/a.txt`, pem), 'secret')
  await server.stop()
  const again = await startWeb(['--path', '.', '--https=0', '--dev-cert'], { cwd, env })
  t.after(() => again.stop())
  assert.equal(readFileSync(file, 'utf8'), pem)
  // The same certificate in Twisted's words: one file with both, by either option, and server.pem without any (G --certificate, --privkey).
  for (const words of [
    ['--privkey', file],
    ['-c', file],
    ['-c', file, '-k', file],
  ]) {
    const other = await startWeb(['--path', '.', '--https', '0', ...words], { cwd })
    t.after(() => other.stop())
    assert.equal(await getSecure(`${other.url}/a.txt`, pem), 'secret', words.join(' '))
    await other.stop()
  }
  writeFileSync(`${cwd}/server.pem`, pem)
  const usual = await startWeb(['--path', '.', '--https', '0', '--listen', 'unix:a.sock'], { cwd })
  t.after(() => usual.stop())
  assert.equal(await getSecure(`${usual.url}/a.txt`, pem), 'secret')
  assert.match(usual.log(), /listening on unix:a\.sock/)
})

test('plait web --https without a readable certificate says which file, exit code 1 (G --https)', async (t) => {
  const cwd = folderWith(t, { 'bad.pem': 'no certificate' })
  mkdirSync(`${cwd}/folder.pem`)
  for (const words of [[], ['--certificate', 'bad.pem'], ['-k', 'folder.pem']]) {
    const { code, stderr } = await runPlait(['web', '--path', '.', '--https', '0', ...words], { cwd })
    assert.match(stderr, /^plait: [^\n]*(?:server|bad|folder)\.pem[^\n]*\n$/)
    assert.equal(code, 1)
  }
})

test('plait web refuses certificates without --https, and two at once', async () => {
  const alone = await runPlait(['web', '--path', '.', '-c', 'a.pem'])
  assert.equal(alone.stderr, 'error: --certificate is for --https: say --https PORT too\n')
  const both = await runPlait(['web', '--path', '.', '--dev-cert', '-k', 'a.pem'])
  assert.equal(both.stderr, 'error: --dev-cert is a certificate of its own: leave --privkey out, or it\n')
  const port = await runPlait(['web', '--path', '.', '--https', 'x'])
  assert.match(port.stderr, /^error: option '--https <port>' argument 'x' is invalid/)
  assert.deepEqual([alone.code, both.code, port.code], [2, 2, 2])
})

test('plait web --personal listens in the home directory (G --personal)', async (t) => {
  const cwd = folderWith(t, { 'a.txt': 'personal' })
  const server = await startWeb(['--path', '.', '--personal', '--listen', '127.0.0.1:0'], { cwd, env: { HOME: cwd } })
  t.after(() => server.stop())
  const socketPath = path.join(cwd, '.plait-web')
  await until('it says so', () => /listening on unix:\S+\/\.plait-web/.test(server.log()))
  assert.ok(statSync(socketPath).isSocket())
  const [response] = (await once(httpRequest({ socketPath, path: '/a.txt' }).end(), 'response')) as [IncomingMessage]
  assert.equal((await response.toArray()).join(''), 'personal')
  await server.stop()
  await until('the socket is gone', () => !existsSync(socketPath))
})

/** A service manager as systemd is one: writes what it is told. */
const manager = `
import os, socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, control, _, _ = one.recvmsg(1000, 1000)
    for _, _, descriptors in control:
        os.close(int.from_bytes(descriptors[:4], sys.byteorder))
    print(data.decode(), flush=True)
`

test('plait web tells systemd when it serves, and when it stops', async (t) => {
  const cwd = folderWith(t, {
    'manager.py': manager,
    'slow.py': 'import time\ntime.sleep(0.5)\ndef app(e, s): s("200 OK", []); return []\n',
  })
  const listener = spawn('python3', ['manager.py', `${cwd}/notify`], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => listener.kill('SIGKILL'))
  let told = ''
  listener.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  await until('the manager listens', () => told.includes('bound'))
  const server = await startWeb(['--wsgi', 'slow.app'], { cwd, env: { NOTIFY_SOCKET: `${cwd}/notify` } })
  t.after(() => server.stop())
  await until('it is told that the server is ready', () => told.includes('READY=1'))
  await server.stop()
  await until('it is told that the server stops', () => told.includes('STOPPING=1'))
})
