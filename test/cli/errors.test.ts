import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { once } from 'node:events'
import { test } from 'node:test'
import { startPlait } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

const good = `
def application(environ, start_response):
    start_response("200 OK", [("Content-type", "text/plain")])
    return [b"Hello"]

def create_app(word="x", *, times=1):
    def app(environ, start_response):
        start_response("200 OK", [("Content-type", "text/plain")])
        return [(word * times).encode()]
    return app

value = 3
`
const files = {
  'good.py': good,
  'syntax.py': 'def f(:\n',
  'imports.py': 'import nonexistent_thing\n',
  'raises.py': 'def inner():\n    raise ValueError("boom")\n\ninner()\n',
  'leaves.py': 'import sys\nsys.exit(3)\n',
}

const wrong: readonly [name: string, message: RegExp, detail: RegExp][] = [
  ['nope.application', /there is no module 'nope'/, /looked in:\n {2}\S+[^]*modules in \S+: good, imports/],
  ['good.app', /'good' has no attribute 'app'/, /callables there: application, create_app/],
  ['good.value', /'good\.value' is an int, not callable/, /^$/],
  ['good:create_app(1 + x)', /must be literals/, /^$/],
  ['good:create_app(', /neither an attribute nor a call/, /^$/],
  ['good:create_app(bad=1)', /TypeError: .*unexpected keyword argument 'bad'/, /TypeError/],
  ['./nope.py:app', /there is no file \S+nope\.py/, /^$/],
  ['syntax.application', /raised an exception while it was imported: SyntaxError/, /File "\S+syntax\.py", line 1\n\s+def f\(:/],
  ['imports.application', /ModuleNotFoundError: No module named 'nonexistent_thing'/, /File "\S+imports\.py", line 1/],
  ['./imports.py:application', /ModuleNotFoundError: No module named 'nonexistent_thing'/, /File "\S+imports\.py", line 1/],
  ['raises.application', /ValueError: boom/, /File "\S+raises\.py", line 4, in <module>\n\s+inner\(\)/],
  ['leaves.application', /SystemExit: 3/, /File "\S+leaves\.py", line 2/],
]

for (const [name, message, detail] of wrong) {
  test(`plait web --wsgi '${name}' says what is wrong and where, exit code 1`, async (t) => {
    const cwd = folderWith(t, files)
    const { code, stderr } = await runPlait(['web', '--listen', '127.0.0.1:0', '--wsgi', name], { cwd })
    const [first = '', ...rest] = stderr.trimEnd().split('\n')
    assert.match(first, /^plait: /)
    assert.match(first, message)
    assert.match(rest.join('\n'), detail)
    // The user's own frames only: neither Plait's nor the import machinery's.
    assert.doesNotMatch(stderr, /plait_host|importlib|node:internal/)
    assert.equal(code, 1)
  })
}

test('plait web without any Python, and none wanted in its place, says where it looked', async (t) => {
  const cwd = folderWith(t, files)
  const words = ['web', '--wsgi', 'good.application', '--listen', '127.0.0.1:0', '--run-in', 'python']
  const { code, stderr } = await runPlait(words, {
    cwd,
    env: { PATH: cwd, VIRTUAL_ENV: '' },
  })
  assert.match(stderr, /^plait: There is no Python[^]*python3 on PATH: is not there/)
  assert.equal(code, 1)
})

test('plait web with a Python that is too old says so', async (t) => {
  const cwd = folderWith(t, files)
  const old = path.join(cwd, 'oldpython')
  writeFileSync(old, `#!/bin/sh\necho '[[3, 7, 16], "cpython", "/old"]'\n`, { mode: 0o755 })
  const { code, stderr } = await runPlait(['web', '--wsgi', 'good.application', '--listen', '127.0.0.1:0', '--python', old], {
    cwd,
  })
  assert.match(stderr, /^plait: Plait needs Python 3\.8 or newer[^]*Python 3\.7\.16 is too old/)
  assert.equal(code, 1)
})

test('plait web in a directory that does not exist says so', async () => {
  const { code, stderr } = await runPlait([
    'web',
    '--wsgi',
    'good.application',
    '--listen',
    '127.0.0.1:0',
    '--chdir',
    '/does/not/exist',
  ])
  assert.match(stderr, /^plait: There is no directory \/does\/not\/exist/)
  assert.equal(code, 1)
})

test('plait web on a port in use says so', async (t) => {
  const cwd = folderWith(t, files)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await runPlait(['web', '--wsgi', 'good.application', '--listen', `127.0.0.1:${port}`], { cwd })
  assert.match(stderr, new RegExp(`^plait: Cannot listen on 127\\.0\\.0\\.1, port ${port}: the address is in use`))
  assert.equal(code, 1)
})

test('plait web that may not make its UNIX socket says so', async (t) => {
  const cwd = folderWith(t, files)
  const { code, stderr } = await runPlait(['web', '--wsgi', 'good.application', '--listen', `unix:${cwd}/none/app.sock`], { cwd })
  assert.match(stderr, /^plait: Cannot listen on \S+app\.sock: there is no such directory/)
  assert.equal(code, 1)
})

test('plait web takes over the UNIX socket of a dead process, not of a living one', async (t) => {
  const cwd = folderWith(t, files)
  const socket = path.join(cwd, 'app.sock')
  // A process that dies without removing its socket.
  const listener = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', listener]), 'exit')
  assert.ok(existsSync(socket))
  const server = await startPlait({
    application: 'good.application',
    folder: cwd,
    options: ['--listen', `unix:${socket}:mode=600`],
  })
  t.after(() => server.stop())
  const second = await runPlait(['web', '--wsgi', 'good.application', '--listen', `unix:${socket}`], { cwd })
  assert.match(second.stderr, /^plait: Cannot listen on \S+app\.sock: the address is in use/)
  assert.equal(second.code, 1)
  await server.stop()
  assert.equal(existsSync(socket), false)
})

test('plait web takes factories with literal arguments, files, and module:attribute', async (t) => {
  const cwd = folderWith(t, files)
  mkdirSync(path.join(cwd, 'legacy'))
  writeFileSync(path.join(cwd, 'legacy/wsgi.py'), `import beside\n${good}`)
  writeFileSync(path.join(cwd, 'legacy/beside.py'), '')
  const names: readonly [string, string][] = [
    ['good:create_app("ab", times=2)', 'abab'],
    ['good:create_app()', 'x'],
    ['good:application', 'Hello'],
    ['good', 'Hello'],
    ['./legacy/wsgi.py:application', 'Hello'],
  ]
  for (const [name, body] of names) {
    const server = await startPlait({ application: name, folder: cwd })
    t.after(() => server.stop())
    assert.equal(await (await fetch(server.url)).text(), body, name)
    await server.stop()
  }
})
