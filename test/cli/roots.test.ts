import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { test } from 'node:test'
import { startWeb } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

const application = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Own", "application")])
    return [b"from the application"]
`

test('plait web --path serves a directory, or one file (G --path)', async (t) => {
  const cwd = folderWith(t, { 'index.html': '<p>index', 'a.txt': 'a' })
  const server = await startWeb(['--path', '.'], { cwd })
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), '<p>index')
  assert.equal(await (await fetch(`${server.url}/a.txt`)).text(), 'a')
  assert.match(server.log(), /Files in \S+/)
  assert.doesNotMatch(server.log(), /Interpreter|threads/)
  const one = await startWeb(['--path', 'a.txt'], { cwd })
  t.after(() => one.stop())
  assert.equal(await (await fetch(one.url)).text(), 'a')
  assert.equal((await fetch(`${one.url}/index.html`)).status, 404)
})

test('plait web with several root options serves the last, and says so (G)', async (t) => {
  const cwd = folderWith(t, { 'app.py': application, 'index.html': 'files' })
  const first = await startWeb(['--path', '.', '--wsgi', 'app.app'], { cwd })
  t.after(() => first.stop())
  assert.equal(await (await fetch(first.url)).text(), 'from the application')
  assert.match(first.log(), /WARN: --path \. is not served: a later option says what is at \//)
  const second = await startWeb(['--wsgi', 'app.app', '--path', '.'], { cwd })
  t.after(() => second.stop())
  assert.equal(await (await fetch(second.url)).text(), 'files')
  // The same option again simply wins.
  const third = await startWeb(['--wsgi', 'nope.nope', '--wsgi', 'app.app'], { cwd })
  t.after(() => third.stop())
  assert.doesNotMatch(third.log(), /is not served/)
})

test('plait web takes a root option of the command line before those of the environment', async (t) => {
  const cwd = folderWith(t, { 'app.py': application, 'index.html': 'files' })
  const server = await startWeb(['--path', '.'], { cwd, env: { PLAIT_WSGI: 'app.app' } })
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), 'files')
  assert.doesNotMatch(server.log(), /is not served/)
})

test('plait web --index, --ignore-ext, --allow-ignore-ext and --mime-type hold for all files, wherever they stand (G)', async (t) => {
  const cwd = folderWith(t, {
    'start.html': '<p>start',
    'first.htm': 'first',
    'a.txt': 'a',
    'odd.zzz': 'z',
    'index.html': 'usual',
  })
  mkdirSync(`${cwd}/more`)
  writeFileSync(`${cwd}/more/start.html`, '<p>more')
  const server = await startWeb(
    ['--index', 'none.html', '-i', 'start.html', '--path', '.', '--ignore-ext', '.txt', '-m', 'text/x-odd', '--mount', '/m=more'],
    { cwd },
  )
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url)).text(), '<p>start')
  assert.equal(await (await fetch(`${server.url}/m/`)).text(), '<p>more')
  assert.equal(await (await fetch(`${server.url}/a`)).text(), 'a')
  assert.equal((await fetch(`${server.url}/first`)).status, 404)
  assert.equal((await fetch(`${server.url}/odd.zzz`)).headers.get('content-type'), 'text/x-odd; charset=utf-8')
  const any = await startWeb(['--path', '.', '--allow-ignore-ext'], { cwd })
  t.after(() => any.stop())
  assert.equal(await (await fetch(`${any.url}/first`)).text(), 'first')
})

test('plait web refuses options for files where there are none', async () => {
  for (const words of [['--index', 'x'], ['--ignore-ext', '.x'], ['--allow-ignore-ext'], ['--mime-type', 'a/b']]) {
    const { code, stderr } = await runPlait(['web', '--wsgi', 'a.b', ...words])
    assert.equal(stderr, `error: ${words[0]} is about files, and none are served: add --path DIR or --mount /static=DIR\n`)
    assert.equal(code, 2)
  }
})

test('plait web --add-header works on every root, and gives way to what a response says itself (G --add-header, gap 24)', async (t) => {
  const cwd = folderWith(t, { 'app.py': application, 'a.txt': 'a' })
  const fields = [
    '--add-header',
    'X-Frame-Options: DENY',
    '--add-header',
    'X-Own:server',
    '--add-header',
    'Link: <a>',
    '--add-header',
    'link: <b>',
  ]
  const server = await startWeb(['--wsgi', 'app.app', '--mount', '/f=.', ...fields], { cwd })
  t.after(() => server.stop())
  const fromApplication = await fetch(server.url)
  assert.equal(fromApplication.status, 200)
  assert.equal(fromApplication.headers.get('x-frame-options'), 'DENY')
  assert.equal(fromApplication.headers.get('x-own'), 'application')
  assert.equal(fromApplication.headers.get('link'), '<a>, <b>')
  for (const path of ['/f/a.txt', '/f/none']) {
    const { headers } = await fetch(`${server.url}${path}`)
    assert.deepEqual([headers.get('x-frame-options'), headers.get('x-own')], ['DENY', 'server'], path)
  }
})

test('plait web without anything to serve says what to do (G)', async (t) => {
  const { code, stdout, stderr } = await runPlait(['web'], { cwd: folderWith(t, {}) })
  assert.match(
    stderr,
    /^error: nothing to serve: say --wsgi MODULE\.ATTRIBUTE, --path DIRECTORY or --mount \/PATH=TARGET, like .*\n$/,
  )
  assert.deepEqual([code, stdout], [2, ''])
})

test('plait web --port takes a number, and endpoints as Twisted does (G --port, gap 25)', async (t) => {
  const cwd = folderWith(t, {})
  const number = await startWeb(['--path', '.', '--port', '0'], { cwd })
  t.after(() => number.stop())
  assert.match(number.log(), /listening on http:\/\/0\.0\.0\.0:\d+\//)
  const endpoint = await startWeb(['--path', '.', '--port', 'tcp:0:interface=127.0.0.1', '--listen', `unix:${cwd}/a.sock`], {
    cwd,
  })
  t.after(() => endpoint.stop())
  assert.match(endpoint.log(), /listening on unix:\S+a\.sock\n[^]*listening on http:\/\/127\.0\.0\.1:\d+\//)
  const wrong = await runPlait(['web', '--path', '.', '--port', 'tcp:x'])
  assert.match(wrong.stderr, /^error: option '-p, --port <port>' argument is invalid\. Cannot listen on "tcp:x"/)
})

test('plait web runs .cgi programs below --path, and those of cgi: mounts, not those of other mounts (G --path, H146)', async (t) => {
  const program = '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nran for %s" "$PATH_INFO"\n'
  const cwd = folderWith(t, { 'a.cgi': program })
  mkdirSync(`${cwd}/bin`)
  writeFileSync(`${cwd}/bin/tool`, program)
  for (const file of ['a.cgi', 'bin/tool']) chmodSync(`${cwd}/${file}`, 0o755)
  const server = await startWeb(['--path', '.', '--mount', '/cgi-bin=cgi:bin', '--mount', '/files=.'], { cwd })
  t.after(() => server.stop())
  assert.equal(await (await fetch(`${server.url}/a.cgi/x`)).text(), 'ran for /x')
  assert.equal(await (await fetch(`${server.url}/cgi-bin/tool/y`)).text(), 'ran for /y')
  assert.equal(await (await fetch(`${server.url}/files/a.cgi`)).text(), program)
  const file = await runPlait(['web', '--mount', '/x=cgi:a.cgi'], { cwd })
  assert.match(file.stderr, /^plait: \S+a\.cgi is no directory of CGI programs\n$/)
  assert.equal(file.code, 1)
})

test('plait web speaks HTTP/2 unless --no-http2, or its variable, says otherwise', async (t) => {
  const cwd = folderWith(t, { 'a.txt': 'a' })
  for (const [words, env, status] of [
    [[], {}, 200],
    [['--no-http2'], {}, undefined],
    [[], { PLAIT_NO_HTTP2: '1' }, undefined],
    [[], { PLAIT_NO_HTTP2: '0' }, 200],
  ] as const) {
    const server = await startWeb(['--path', '.', ...words], { cwd, env })
    t.after(() => server.stop())
    assert.equal(await statusByHTTP2(`${server.url}`), status, JSON.stringify([words, env]))
    await server.stop()
  }
})

/** Status of a GET of /a.txt by HTTP/2 with prior knowledge; undefined when the server does not speak it. */
async function statusByHTTP2(url: string): Promise<number | undefined> {
  const session = connect(url)
  try {
    const stream = session.request({ ':path': '/a.txt' })
    const failed = Promise.race([once(session, 'error'), once(stream, 'error')]).then(() => [{ ':status': undefined }])
    const [headers] = (await Promise.race([once(stream, 'response'), failed])) as [{ ':status'?: number }]
    return headers[':status']
  } catch {
    return undefined
  } finally {
    session.destroy()
  }
}

test('plait web --compress encodes what applications, files and servers give', async (t) => {
  const long = 'text '.repeat(1000)
  const cwd = folderWith(t, { 'app.py': application.replace('b"from the application"', `b"${long}"`), 'a.txt': long })
  const server = await startWeb(['--wsgi', 'app.app', '--mount', '/f=.', '--compress'], { cwd })
  t.after(() => server.stop())
  for (const path of ['/', '/f/a.txt']) {
    const response = await fetch(server.url + path, { headers: { 'Accept-Encoding': 'gzip' } })
    assert.equal(response.headers.get('content-encoding'), 'gzip', path)
    assert.equal(await response.text(), long)
  }
  const plain = await fetch(server.url, { headers: { 'Accept-Encoding': 'identity' } })
  assert.equal(plain.headers.get('content-encoding'), null)
})

test('plait web --user serves the pages of users, as do users: mounts (G --user, H152)', async (t) => {
  const server = await startWeb(['-u', '--mount', '/people=users:web'])
  t.after(() => server.stop())
  for (const path of ['/', '/people/']) {
    const response = await fetch(server.url + path)
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  }
  assert.equal((await fetch(`${server.url}/no-such-user/`)).status, 404)
  assert.match(server.log(), /\/people → web of each user[^]*\/ → public_html of each user/)
  const wrong = await runPlait(['web', '--mount', '/x=users:a/b'])
  assert.match(wrong.stderr, /^error: .*Cannot serve "a\/b" of each home/)
  assert.equal(wrong.code, 2)
})
