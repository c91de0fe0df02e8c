import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { folderWith } from '../cli/run-plait.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { RawClient } from '../support/raw-client.ts'
import { startPlait, startWeb } from '../support/server.ts'
import { smallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024
const body = Buffer.alloc(3 * MIB, 'x')

const files = {
  'size.py': `
def app(environ, start_response):
    size = len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]
`,
  'count.cgi': '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n%d bytes" "$(wc -c)"\n',
  'form.rpy.ts': `
import { Resource, type Request } from 'plait'
class Form extends Resource {
  override readonly isLeaf = true
  async render_POST(request: Request): Promise<string> {
    const form = await request.form()
    return form.files.get('file')?.[0]?.size + ' bytes'
  }
}
export const resource = new Form()
`,
}

test('a full disk costs large uploads alone, of every kind: 507, one line of the log, and all is well when there is room again', async (t) => {
  const disk = smallDisk(t)
  const cwd = folderWith(t, files)
  chmodSync(`${cwd}/count.cgi`, 0o755)
  const upstream = await startPlait({ application: 'size:app', folder: cwd })
  t.after(() => upstream.stop())
  const words = ['--path', '.', '--mount', '/wsgi=wsgi:size:app', '--mount', `/proxy=${upstream.url}`]
  words.push('--request-body', 'buffer', '--temp-dir', disk.directory, '--max-temp', '0')
  const server = await startWeb(words, { cwd, under: disk.under })
  t.after(() => server.stop())
  const form = (): FormData => {
    const data = new FormData()
    data.append('file', new Blob([body]), 'file')
    return data
  }
  const http2 = new HTTP2Client(server.url)
  t.after(() => http2.close())
  const post = async (target: string, sent: Buffer | FormData): Promise<[number, string]> => {
    const response = await fetch(server.url + target, { method: 'POST', body: sent })
    return [response.status, await response.text()]
  }
  const uploads: Record<string, () => Promise<[number, string]>> = {
    'to an application': () => post('/wsgi/', body),
    'to an application over HTTP/2': async () => {
      const { status, text } = await http2.ask({ ':method': 'POST', ':path': '/wsgi/' }, body)
      return [status, text]
    },
    'to a CGI script': () => post('/count.cgi', body),
    'to a server behind': () => post('/proxy/', body),
    'in a form': () => post('/form.rpy.ts', form()),
  }
  const all = async (): Promise<Record<string, [number, string]>> => {
    const answers: Record<string, [number, string]> = {}
    for (const [kind, upload] of Object.entries(uploads)) answers[kind] = await upload()
    return answers
  }
  const fine = Object.fromEntries(Object.keys(uploads).map((kind) => [kind, [200, `${body.length} bytes`]]))
  assert.deepEqual(await all(), fine)

  disk.fill(server.pid)
  for (const [kind, [status, text]] of Object.entries(await all())) {
    assert.equal(status, 507, `${kind}: ${text}`)
    assert.match(text, /The server cannot keep the request body/, kind)
    assert.ok(!text.includes(disk.directory), kind)
  }
  assert.deepEqual(await post('/wsgi/', Buffer.alloc(MIB)), [200, `${MIB} bytes`])
  assert.equal((await fetch(`${server.url}/size.py`)).status, 200)

  disk.free(server.pid)
  assert.deepEqual(await all(), fine)
  await until('the log says that all is well', () => server.log().includes(`Request bodies are kept in ${disk.directory} again`))
  const complaints = server.log().match(/ERROR: .*/g)
  assert.equal(complaints?.length, 1, server.log())
  assert.match(
    complaints[0] as string,
    new RegExp(`Cannot keep request bodies in ${disk.directory}: ${disk.errno}.*Make room there`),
  )
  // Nothing of all that is left on the disk.
  const [folder = ''] = readdirSync(disk.seen(server.pid, '.'))
  assert.match(folder, /^plait-/)
  await until('no file is left', () => readdirSync(disk.seen(server.pid, folder)).length === 0)
})

test('a full disk under both logs costs nobody an answer; they go on when there is room again, and standard error says it meanwhile', async (t) => {
  const disk = smallDisk(t)
  const cwd = folderWith(t, files)
  const logs = ['--access-log', `${disk.directory}/access.log`, '--server-log', `${disk.directory}/server.log`]
  const server = await startWeb(['--path', '.', ...logs, '--listen', '127.0.0.1:0', '--pidfile', `${cwd}/pid`], {
    cwd,
    under: disk.under,
    urlIn: (pid) => disk.seen(pid, 'server.log'),
  })
  t.after(() => server.stop())
  const read = (name: string): string => readFileSync(disk.seen(server.pid, name), 'utf8')
  const ask = async (target: string): Promise<void> => {
    const response = await fetch(`${server.url}/size.py?${target}`)
    await response.arrayBuffer()
    assert.equal(response.status, 200)
  }
  await ask('before')
  await until('it is logged', () => read('access.log').includes('before'))
  disk.fill(server.pid)
  // More than fits into the last page of the disk.
  for (let count = 0; count < 40; count++) await ask(`during-${count}-${'x'.repeat(4000)}`)
  await until('standard error says it', () =>
    /plait: Cannot write the server log|Cannot write the access log/.test(server.log() + read('server.log')),
  )
  disk.free(server.pid)
  await ask('after')
  await until('it is logged', () => /before[^]*during-0-x[^]*during-39-x[^]*after/.test(read('access.log')))
  await until('the server log says it', () =>
    read('server.log').includes(`The access log ${disk.directory}/access.log is written again`),
  )
})

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
}

test('a disk on which nothing can be written: a pidfile is refused in one line, and nothing half made is left', async (t) => {
  const cwd = folderWith(t, {})
  // The size of every file that the server writes is limited to nothing.
  const under = ['sh', '-c', 'ulimit -f 0 && exec "$@"', 'sh']
  await assert.rejects(
    startWeb(['--path', '.', '--pidfile', 'plait.pid'], { cwd, under }),
    /plait: Cannot use the pidfile \S+\/plait\.pid: EFBIG/,
  )
  await assert.rejects(
    startWeb(['--path', '.', '--dev-cert', '--https', '0'], { cwd, under, env: { XDG_CACHE_HOME: cwd } }),
    /plait: Cannot keep the development certificate in \S+: EFBIG/,
  )
  assert.deepEqual(filesBelow(cwd), [])
})

test('--max-temp: a body counts as long as the application has it open, though its client has gone', async (t) => {
  const cwd = folderWith(t, {
    'slow.py': `
import os, time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        open("begun", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.02)
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]
`,
  })
  const server = await startWeb(['--wsgi', 'slow:app', '--temp-dir', cwd, '--max-temp', '5M'], { cwd })
  t.after(() => server.stop())
  const client = await RawClient.connect(server.url)
  client.socket.write(`POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: ${3 * MIB}\r\n\r\n`)
  client.socket.write(body)
  await until('the application has it', () => existsSync(`${cwd}/begun`))
  client.destroy()
  const ask = async (): Promise<number> => {
    const response = await fetch(server.url, { method: 'POST', body })
    await response.arrayBuffer()
    return response.status
  }
  for (let count = 0; count < 3; count++) assert.equal(await ask(), 503)
  writeFileSync(`${cwd}/go`, '')
  await until('there is room again', async () => (await ask()) === 200)
})

test('--max-temp: uploads that find no room get 503 with Retry-After, or 507 where they never will, and the others go on', async (t) => {
  const cwd = folderWith(t, files)
  const words = ['--wsgi', 'size:app', '--temp-dir', cwd, '--max-temp', '5M']
  const server = await startWeb(words, { cwd })
  t.after(() => server.stop())
  const url = new URL(server.url)
  const slow = await RawClient.connect(server.url)
  t.after(() => slow.destroy())
  slow.socket.write(`POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${4 * MIB}\r\n\r\n`)
  slow.socket.write(Buffer.alloc(3 * MIB))
  await until('all of it is on disk', () => filesBelow(cwd).some((file) => statSync(file).size === 3 * MIB))
  // What it announced takes nothing from others: only what it has sent does.
  const refused = await fetch(server.url, { method: 'POST', body })
  assert.equal(await refused.text(), '503 Service Unavailable: The server has no room for the request body\n')
  assert.equal(refused.headers.get('retry-after'), '5')
  const never = await fetch(server.url, { method: 'POST', body: Buffer.alloc(6 * MIB) })
  assert.deepEqual([never.status, never.headers.get('retry-after')], [507, null])
  assert.equal(await never.text(), '507 Insufficient Storage: The server has no room for the request body\n')
  assert.equal(await (await fetch(server.url, { method: 'POST', body: 'abc' })).text(), '3 bytes')
  slow.socket.write(Buffer.alloc(MIB))
  await slow.receives(/4194304 bytes/)
  // Its room is free again at once.
  assert.equal(await (await fetch(server.url, { method: 'POST', body })).text(), `${body.length} bytes`)
  await until(
    'it is logged, once',
    () => server.log().match(/WARN: Request bodies have \d+ bytes on disk, of at most 5242880/g)?.length === 1,
  )
})
