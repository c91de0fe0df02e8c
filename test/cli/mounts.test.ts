import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { startWeb } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

const application = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{__name__} {environ['SCRIPT_NAME']!r} {environ['PATH_INFO']!r}".encode()]
`

async function text(url: string): Promise<string> {
  return await (await fetch(url)).text()
}

test('plait web --mount serves files, applications and servers on one port, the longest path wins (gap 17)', async (t) => {
  const cwd = folderWith(t, { 'api.py': application, 'front.py': application, 'page.html': '<p>page</p>' })
  mkdirSync(`${cwd}/public`)
  writeFileSync(`${cwd}/public/a.txt`, 'in public')
  const upstream = createServer((request: IncomingMessage, response) => response.end(`upstream ${request.url}`))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => upstream.close())
  const { port } = upstream.address() as AddressInfo
  const words = ['--wsgi', 'front.app', '--mount', '/static=./public', '--mount', '/api=wsgi:api.app']
  words.push('--mount', `/api/v2=http://127.0.0.1:${port}/base`, '--mount', '/page=page.html')
  const server = await startWeb(words, { cwd })
  t.after(() => server.stop())
  assert.equal(await text(`${server.url}/static/a.txt`), 'in public')
  assert.equal(await text(`${server.url}/api/x`), "api '/api' '/x'")
  assert.equal(await text(`${server.url}/api/v2/x?y`), 'upstream /base/x?y')
  assert.equal(await text(`${server.url}/api/v3`), "api '/api' '/v3'")
  assert.equal(await text(`${server.url}/page`), '<p>page</p>')
  // What no mount takes is the root's, with an empty SCRIPT_NAME (A7).
  assert.equal(await text(`${server.url}/other`), "front '' '/other'")
  assert.equal(await text(server.url), "front '' '/'")
  for (const said of [
    /\/static → files in \S+\/public/,
    /\/api → application api\.app in /,
    new RegExp(`/api/v2 → server at http://127\\.0\\.0\\.1:${port}/base`),
    /\/ → application front\.app in /,
  ]) {
    assert.match(server.log(), said)
  }
})

test('plait web --mount of an upstream passes WebSockets through', async (t) => {
  const upstream = createServer()
  const sockets = new WebSocketServer({ server: upstream })
  sockets.on('connection', (socket, request) => socket.on('message', (data) => socket.send(`${request.url} ${String(data)}`)))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => {
    sockets.close()
    upstream.close()
  })
  const server = await startWeb(['--mount', `/live=http://127.0.0.1:${(upstream.address() as AddressInfo).port}`])
  t.after(() => server.stop())
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/live/feed`)
  await once(socket, 'open')
  socket.send('hello')
  const [answer] = await once(socket, 'message')
  assert.equal(String(answer), '/feed hello')
  socket.close()
  await once(socket, 'close')
})

test('plait web --mount takes UNIX sockets, relative ones too', async (t) => {
  const cwd = folderWith(t, {})
  const upstream = createServer((request, response) => response.end(`unix ${request.url}`))
  upstream.listen(`${cwd}/up.sock`)
  await once(upstream, 'listening')
  t.after(() => upstream.close())
  const server = await startWeb(['--mount', '/a=unix:./up.sock', '--mount', `/b=unix:${cwd}/up.sock:/base`], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(`${server.url}/a/x`), 'unix /x')
  assert.equal(await text(`${server.url}/b/x`), 'unix /base/x')
})

test('plait web with two applications in one pool runs each in a process of its own', async (t) => {
  const where = `
import os, sys
def app(environ, start_response):
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
`
  const cwd = folderWith(t, { 'one.py': where, 'two.py': where })
  const server = await startWeb(['--mount', '/one=wsgi:one.app', '--mount', '/two=wsgi:two.app', '--threads', '3'], { cwd })
  t.after(() => server.stop())
  const [one, two] = [await text(`${server.url}/one`), await text(`${server.url}/two`)]
  assert.match(one, /^\d+$/)
  assert.notEqual(one, two)
  assert.match(server.log(), /1 process × 3 threads/)
  assert.equal(server.log().match(/Interpreter /g)?.length, 1)
  assert.equal((await fetch(server.url)).status, 404)
})

test('plait web --mount from the environment has one in each line; ~ is the home directory; what looks like a kind may be a name', async (t) => {
  const cwd = folderWith(t, { 'a.txt': 'a' })
  mkdirSync(`${cwd}/wsgi:x`)
  writeFileSync(`${cwd}/wsgi:x/b.txt`, 'b')
  symlinkSync(cwd, `${cwd}/odd:name`)
  const mounts = '/home=~\n/odd=odd:name\n\n/word=file:wsgi:x\n/caf%C3%A9=a.txt'
  const server = await startWeb([], { cwd, env: { PLAIT_MOUNT: mounts, HOME: cwd } })
  t.after(() => server.stop())
  assert.equal(await text(`${server.url}/home/a.txt`), 'a')
  assert.equal(await text(`${server.url}/odd/a.txt`), 'a')
  assert.equal(await text(`${server.url}/word/b.txt`), 'b')
  assert.equal(await text(`${server.url}/café`), 'a')
})

const wrong: readonly [mount: string, message: RegExp][] = [
  ['x', /it must be \/PATH=TARGET/],
  ['x=docs', /the path must begin with a slash/],
  ['/a//b=docs', /empty segment/],
  ['/a/..=docs', /clients take/],
  ['/x=', /the target is missing: it is a directory, a file, wsgi:NAME, /],
  ['/x=wsgi:', /there is nothing behind wsgi:/],
  ['/x=3000', /say http:\/\/127\.0\.0\.1:3000$/],
  ['/x=localhost:3000', /say http:\/\/localhost:3000$/],
  ['/x=ws://localhost:3000', /say http:\/\/localhost:3000: WebSockets pass through/],
  ['/x=foo:bar', /there is no kind of target "foo"\. It is a directory/],
  ['/x=http://', /expected http:\/\/host:port\/base/],
  ['/x=https://user:word@host', /may not have a user name/],
  ['/x=redirect:javascript:1', /Cannot redirect to "javascript:1": say https/],
  ['/x=class:', /nothing behind class:/],
  ['/x=class:#A', /names no class/],
]

for (const [mount, message] of wrong) {
  test(`plait web --mount '${mount}' is a usage error of one line`, async () => {
    const { code, stderr } = await runPlait(['web', '--mount', mount])
    assert.match(stderr, /^error: option '--mount <\/path=target>' argument is invalid\. .*\n$/)
    assert.match(stderr.trimEnd(), message)
    assert.equal(code, 2)
  })
}

test('plait web says when two things are to be at one path', async () => {
  const twice = await runPlait(['web', '--mount', '/x=docs', '--mount', '/x/=src'])
  assert.equal(twice.stderr, 'error: two say what is at /x: --mount /x=docs, and --mount /x/=src\n')
  const root = await runPlait(['web', '--mount', '/=docs', '--wsgi', 'a.b'])
  assert.equal(root.stderr, 'error: two say what is at /: --mount /=docs, and --wsgi a.b\n')
  assert.deepEqual([twice.code, root.code], [2, 2])
})

test('plait web --mount of a directory that is not there says which, exit code 1', async (t) => {
  const cwd = folderWith(t, {})
  const { code, stderr } = await runPlait(['web', '--mount', '/static=./nowhere'], { cwd })
  assert.match(stderr, /^plait: There is no file or directory \S+\/nowhere\n$/)
  assert.equal(code, 1)
})

test('plait web with an application among its mounts that does not import says which, exit code 1', async (t) => {
  const cwd = folderWith(t, { 'good.py': application, 'bad.py': 'import nothing_of_this_name\n' })
  const { code, stderr } = await runPlait(
    ['web', '--listen', '127.0.0.1:0', '--mount', '/a=wsgi:good.app', '--mount', '/b=wsgi:bad.app'],
    {
      cwd,
    },
  )
  assert.match(stderr, /^plait: .*bad.*nothing_of_this_name/)
  assert.doesNotMatch(stderr, /listening/)
  assert.equal(code, 1)
})

test('plait web --mount redirect: sends clients elsewhere', async (t) => {
  const server = await startWeb(['--mount', '/old=redirect:/new/', '--mount', '/out=redirect:https://example.org/?a=b'])
  t.after(() => server.stop())
  const location = async (path: string): Promise<unknown> => {
    const { status, headers } = await fetch(server.url + path, { redirect: 'manual' })
    return [status, headers.get('location')]
  }
  assert.deepEqual(await location('/old/x'), [302, '/new/'])
  assert.deepEqual(await location('/out'), [302, 'https://example.org/?a=b'])
})
