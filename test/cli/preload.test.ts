import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { childrenOf, isAlive } from '../support/processes.ts'
import { root } from '../support/paths.ts'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

const linux = { skip: process.platform !== 'linux', timeout: 90_000 }
const listen = ['--listen', '127.0.0.1:0']

const shop = (text: string): string => `
import json, os, sys
print("importing", flush=True)
def hook():
    print("hook in", os.getpid(), flush=True)
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    who = {"text": "${text}", "pid": os.getpid(), "uid": os.getuid(), "prefix": sys.prefix, "name": os.environ.get("NAME")}
    return [json.dumps(who).encode()]
`

interface Who {
  readonly text: string
  readonly pid: number
  readonly uid: number
  readonly prefix: string
  readonly name: string
}

const ask = async (url: string): Promise<Who> => (await (await fetch(url)).json()) as Who

test('plait web --preload imports once for all processes, says so, and runs the hooks', linux, async (t) => {
  const cwd = folderWith(t, { 'shop.py': shop('shop') })
  const words = ['--wsgi', 'shop.app', '--preload', '--processes', '4', '--pre-fork', 'shop:hook', '--post-fork', 'shop:hook']
  const server = await startWeb([...words, '--env', 'NAME=preloaded'], { cwd })
  t.after(() => server.stop())
  await until('all hosts have started', () => server.log().match(/hook in/g)?.length === 8)
  assert.equal(server.log().match(/importing/g)?.length, 1)
  assert.match(server.log(), /\[shop\.app \(template\)\] importing/)
  assert.match(server.log(), /preloaded: its processes share the memory of one import/)
  assert.equal((await ask(server.url)).name, 'preloaded')
  const [keeper = 0] = childrenOf(server.pid)
  const all = [keeper, ...childrenOf(keeper)]
  assert.deepEqual(
    all.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()),
    ['plait-keeper', 'plait-template', 'plait-host', 'plait-host', 'plait-host', 'plait-host'],
  )
  await server.stop()
  assert.equal(await server.exited, 0)
  assert.deepEqual(all.filter(isAlive), [])
})

test('plait web --preload --reload loads a change, and shows why one does not import until it does', linux, async (t) => {
  const cwd = folderWith(t, { 'shop.py': shop('first') })
  const server = await startWeb(['--wsgi', 'shop.app', '--preload', '--reload'], { cwd })
  t.after(() => server.stop())
  assert.equal((await ask(server.url)).text, 'first')
  writeFileSync(`${cwd}/shop.py`, 'raise LookupError("half saved")\n')
  await until('the failure is shown', async () => (await (await fetch(server.url)).text()).includes('LookupError: half saved'))
  writeFileSync(`${cwd}/shop.py`, shop('second, longer'))
  await until('the new code answers', async () => (await (await fetch(server.url)).text()).includes('second, longer'))
})

test('plait web --preload with the venv of the application', linux, async (t) => {
  const cwd = folderWith(t, { 'shop.py': shop('shop') })
  const child = spawn('python3', ['-m', 'venv', '--without-pip', `${cwd}/.venv`], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
  const server = await startWeb(['--wsgi', 'shop.app', '--preload'], { cwd })
  t.after(() => server.stop())
  assert.equal((await ask(server.url)).prefix, `${cwd}/.venv`)
})

test('plait web --preload --uid: template and hosts are of that user', linux, async (t) => {
  const asRoot = process.getuid?.() === 0
  const uid = asRoot ? 65534 : (process.getuid?.() as number)
  const gid = asRoot ? 65534 : (process.getgid?.() as number)
  const cwd = folderWith(t, { 'shop.py': shop('shop') })
  chmodSync(cwd, 0o755)
  // Plait where every user can read it.
  for (const name of ['dist', 'python', 'package.json']) cpSync(`${root}/${name}`, `${cwd}/plait/${name}`, { recursive: true })
  symlinkSync(`${root}/node_modules`, `${cwd}/plait/node_modules`)
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
  const words = [
    'web',
    ...listen,
    '--wsgi',
    'shop.app',
    '--preload',
    '--python',
    python,
    '--uid',
    String(uid),
    '--gid',
    String(gid),
  ]
  const child = spawn(process.execPath, [`${cwd}/plait/dist/cli/main.js`, ...words], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  t.after(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const [, url = ''] = await until(`the server listens: ${log}`, () => {
    assert.equal(child.exitCode, null, log)
    return /listening on (http:\S+)\//.exec(log)
  })
  const { uid: theirs } = await ask(url)
  assert.equal(theirs, uid)
  const [keeper = 0] = childrenOf(child.pid as number)
  for (const pid of [keeper, ...childrenOf(keeper)])
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\t${uid}\t${uid}\t`, 'm'))
  child.kill('SIGTERM')
  assert.equal(await exited, 0)
})

test('plait web --preload where there is nothing to preload is a line, exit code 1', async (t) => {
  const cwd = folderWith(t, { 'shop.py': shop('shop'), 'app.ts': 'export const application = () => "hello"\n' })
  for (const [words, message] of [
    [['--path', '.', '--preload'], /--preload is for applications of Python: none is named/],
    [['--wsgi', './app.ts#application', '--preload'], /--preload is for applications of Python: none is named/],
    [['--wsgi', './app.ts#application', '--post-fork', 'a:b'], /--post-fork is for applications of Python: none is named/],
    [['--wsgi', 'shop.app', '--preload', '--run-in', 'pyodide'], /with --run-in pyodide there are none/],
    [['--wsgi', 'shop.app', '--pre-fork', 'shop:hook'], /--pre-fork is called before a fork: only with --preload there is one/],
  ] as const) {
    const { code, stderr } = await runPlait(['web', ...listen, ...words], { cwd })
    assert.match(stderr, message)
    assert.notEqual(code, 0)
  }
})
