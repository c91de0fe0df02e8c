import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { RawClient } from '../support/raw-client.ts'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

const asRoot = process.getuid?.() === 0
const NOBODY = 65534
const MIB = 1024 * 1024

const slow = `
import os, signal, time
def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    if environ["PATH_INFO"] == "/die":
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes" % size]
`

/** Private folders in `folder`. */
function left(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('plait-'))
}

/** Bytes of the bodies in `folder`. */
function spooled(folder: string): number {
  const files = left(folder).flatMap((name) => readdirSync(path.join(folder, name)).map((file) => path.join(folder, name, file)))
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
}

async function uploading(url: string, bytes: number): Promise<RawClient> {
  const client = await RawClient.connect(url)
  client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`)
  client.socket.write(Buffer.alloc(bytes - 1))
  return client
}

test('plait web --temp-dir that cannot be used is one line, exit code 1, before any code runs', async (t) => {
  const cwd = folderWith(t, { file: '', 'app.py': 'print("imported")\n' })
  const run = (directory: string) =>
    runPlait(['web', '--wsgi', 'app:app', '--listen', '127.0.0.1:0', '--temp-dir', directory], { cwd })
  const [none, file] = [await run('none'), await run('file')]
  assert.match(none.stderr, /^plait: Cannot keep temporary files in \/\S+\/none: there is no such directory\n$/)
  assert.match(file.stderr, /^plait: Cannot keep temporary files in \/\S+\/file: it is no directory\n$/)
  assert.deepEqual([none.code, file.code], [1, 1])
})

test('plait web --temp-dir is looked at as the user of --uid, and its folder is that user’s (G --uid)', async (t) => {
  const cwd = folderWith(t, { 'size.py': slow })
  chmodSync(cwd, 0o755)
  for (const name of ['closed', 'open']) mkdirSync(`${cwd}/${name}`)
  const [uid, gid] = asRoot ? [NOBODY, NOBODY] : [process.getuid?.() as number, process.getgid?.() as number]
  chmodSync(`${cwd}/closed`, asRoot ? 0o755 : 0o500)
  chmodSync(`${cwd}/open`, 0o1777)
  const words = ['--path', '.', '--uid', String(uid), '--gid', String(gid), '--temp-dir']
  const { code, stderr } = await runPlait(['web', '--listen', '127.0.0.1:0', ...words, 'closed'], { cwd })
  assert.match(stderr, /^plait: Cannot keep temporary files in \S+\/closed: the user \S+( \(uid \d+\))? may not write there\n$/)
  assert.equal(code, 1)
  // The tests' own files may lie where that user cannot go: a server of files needs none of them.
  const server = await startWeb([...words, 'open'], { cwd })
  t.after(() => server.stop())
  assert.equal((await fetch(`${server.url}/size.py`)).status, 200)
  assert.deepEqual(left(`${cwd}/open`), [])
})

test('plait web sweeps at its start what a killed server left, and leaves nothing itself after SIGTERM in the middle of an upload', async (t) => {
  const cwd = folderWith(t, { 'size.py': slow })
  const words = ['--wsgi', 'size:app', '--temp-dir', cwd, '--graceful-timeout', '0.5']
  const killed = await startWeb(words, { cwd })
  t.after(() => killed.stop())
  const first = await uploading(killed.url, 3 * MIB)
  t.after(() => first.destroy())
  await until('the body is on disk', () => spooled(cwd) === 3 * MIB - 1)
  killed.process.kill('SIGKILL')
  await killed.exited
  assert.equal(left(cwd).length, 1)

  const server = await startWeb(words, { cwd })
  t.after(() => server.stop())
  assert.deepEqual(left(cwd), [])
  assert.match(server.log(), /INFO: Removed a folder of request bodies that killed servers left in /)
  const second = await uploading(server.url, 3 * MIB)
  t.after(() => second.destroy())
  await until('the body is on disk', () => spooled(cwd) === 3 * MIB - 1)
  await server.stop()
  assert.deepEqual(left(cwd), [])
})

test('plait web leaves no body behind when a Python process dies with it, or its client goes', async (t) => {
  const cwd = folderWith(t, { 'size.py': slow })
  const server = await startWeb(['--wsgi', 'size:app', '--temp-dir', cwd], { cwd })
  t.after(() => server.stop())
  const died = await fetch(`${server.url}/die`, { method: 'POST', body: Buffer.alloc(2 * MIB) })
  assert.equal(died.status, 502)
  const client = await uploading(server.url, 3 * MIB)
  await until('the body is on disk', () => spooled(cwd) === 3 * MIB - 1)
  client.destroy()
  await until('nothing is on disk', () => spooled(cwd) === 0)
  assert.deepEqual(
    left(cwd).flatMap((name) => readdirSync(path.join(cwd, name))),
    [],
  )
})

test('plait web takes it when its folder, or the whole directory, is taken away, or given to others', async (t) => {
  const cwd = folderWith(t, { 'size.py': slow })
  const directory = `${cwd}/spool`
  mkdirSync(directory)
  const server = await startWeb(['--wsgi', 'size:app', '--temp-dir', directory], { cwd })
  t.after(() => server.stop())
  const upload = async (): Promise<string> => {
    const response = await fetch(server.url, { method: 'POST', body: Buffer.alloc(2 * MIB) })
    return `${response.status} ${await response.text()}`
  }
  const fine = `200 ${2 * MIB} bytes`
  assert.equal(await upload(), fine)
  const remove = spawn('rm', ['-rf', directory])
  await once(remove, 'exit')
  assert.equal(await upload(), fine)
  // In the middle of an upload: that one has no body any more, and says so; the next one is well.
  const client = await uploading(server.url, 2 * MIB)
  t.after(() => client.destroy())
  await until('the body is on disk', () => spooled(directory) === 2 * MIB - 1)
  await once(spawn('rm', ['-rf', directory]), 'exit')
  client.socket.write('x')
  await client.receives(/^HTTP\/1\.1 500 /)
  assert.equal(await upload(), fine)
  // A file in its place, until somebody mends it.
  await once(spawn('rm', ['-rf', directory]), 'exit')
  writeFileSync(directory, '')
  assert.match(await upload(), /^507 /)
  await once(spawn('rm', [directory]), 'exit')
  assert.equal(await upload(), fine)
})
