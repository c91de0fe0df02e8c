import assert from 'node:assert/strict'
import { readFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { frameworksMissing, pythonWithFrameworks } from '../support/frameworks.ts'
import { root } from '../support/paths.ts'
import { startWeb } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

/** A PATH on which there is Node and nothing else: no Python. */
function pathWithNode(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-path-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(process.execPath, path.join(folder, 'node'))
  return folder
}

/** What the start-up lines say of it. */
const said = [
  /Interpreter pyodide \(CPython 3\.\d+\.\d+ in WebAssembly, Pyodide [\d.]+; there is no Python here\)/,
  /no threads, subprocesses or sockets/,
]

test('plait web serves an application where there is no Python, and says what is different', async (t) => {
  const env = { PATH: pathWithNode(t), VIRTUAL_ENV: '' }
  const server = await startWeb(['--chdir', `${root}/examples/hello`, '--wsgi', 'foo.application'], { env })
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), 'Hello, world!')
  for (const words of said) assert.match(server.log(), words)
})

test('npm start serves the example where there is no Python', async (t) => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: { start: string } }
  // What it runs when it has built: building here would take dist/ from under other tests.
  const [, words] = /exec node dist\/cli\/main\.js web (.+)$/.exec(scripts.start) ?? []
  assert.ok(words)
  const server = await startWeb(words.split(' '), { env: { PATH: pathWithNode(t), VIRTUAL_ENV: '' } })
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), 'Hello, world!')
  for (const line of said) assert.match(server.log(), line)
})

test('plait web serves Flask where there is no Python, from the packages of a venv', { skip: frameworksMissing }, async (t) => {
  const flask = `
import flask
application = flask.Flask(__name__)
application.secret_key = 'tests'

@application.get('/')
def index():
    flask.session['visits'] = flask.session.get('visits', 0) + 1
    return flask.render_template_string('visit {{ visits }} of <b>{{ name }}</b>', visits=flask.session['visits'], name='<you>')
`
  // A venv whose interpreter is not on this machine.
  const cwd = folderWith(t, { 'shop.py': flask, '.venv/pyvenv.cfg': '' })
  symlinkSync(path.join(path.dirname(path.dirname(pythonWithFrameworks())), 'lib'), path.join(cwd, '.venv/lib'))
  const server = await startWeb(['--wsgi', 'shop:application'], { cwd, env: { PATH: pathWithNode(t), VIRTUAL_ENV: '' } })
  t.after(() => server.stop())
  const first = await fetch(server.url)
  assert.equal(await first.text(), 'visit 1 of <b>&lt;you&gt;</b>')
  const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';')
  assert.equal(await (await fetch(server.url, { headers: { cookie } })).text(), 'visit 2 of <b>&lt;you&gt;</b>')
  assert.match(server.log(), /packages: \S+site-packages \(the \.venv of /)
})

test('plait web --run-in pyodide takes Pyodide although there is a Python, --writable and --python-path directories for it', async (t) => {
  const cwd = folderWith(t, {
    'app.py': `
import beside
def application(environ, start_response):
    with open('data/note.txt', 'w') as file:
        file.write('written')
    start_response('200 OK', [])
    return [beside.name]
`,
    'packages/beside.py': 'name = b"beside"',
    'data/old.txt': '',
  })
  const words = ['--wsgi', 'app.application', '--run-in', 'pyodide', '--writable', 'data', '--python-path', 'packages']
  const server = await startWeb(words, { cwd })
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), 'beside')
  assert.equal(readFileSync(path.join(cwd, 'data/note.txt'), 'utf8'), 'written')
  assert.match(server.log(), /in WebAssembly, Pyodide [\d.]+; as asked for\)/)
})

test('plait web --run-in python never takes Pyodide', async (t) => {
  const cwd = folderWith(t, { 'good.py': 'application = print' })
  const words = ['web', '--wsgi', 'good.application', '--listen', '127.0.0.1:0', '--run-in', 'python']
  const { code, stderr } = await runPlait(words, { cwd, env: { PATH: pathWithNode(t), VIRTUAL_ENV: '' } })
  assert.match(stderr, /^plait: There is no Python[^]*python3 on PATH: is not there/)
  assert.equal(code, 1)
})
