import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { folderWith } from '../cli/run-plait.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { root } from '../support/paths.ts'
import { isAlive } from '../support/processes.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

const application = `import os, time
def application(environ, start_response):
    length = len(environ["wsgi.input"].read())
    name, _, seconds = environ["QUERY_STRING"].partition("=")
    if name:
        open("running-" + name, "w").close()
        time.sleep(float(seconds))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"whole %d" % length]
`

const script = `#!/bin/sh
: > running-script
sleep 2
printf 'Content-Type: text/plain\\r\\n\\r\\nwhole script'
`

/** A server with everything that could be left behind, in a process group of its own. */
async function startWhole(t: TestContext) {
  const cwd = folderWith(t, { 'app/app.py': application, 'cgi/slow': script, 'tmp/.keep': '' })
  chmodSync(`${cwd}/cgi/slow`, 0o755)
  const words = ['--wsgi', 'app', '--chdir', 'app', '--mount', '/cgi=cgi:cgi', '--processes', '2', '--pidfile', 'plait.pid']
  words.push('--listen', '127.0.0.1:0', '--listen', `unix:${cwd}/app.sock`)
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, 'web', ...words], {
    cwd,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: `${cwd}/tmp` },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const group = child.pid as number
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  t.after(() => membersOf(group).forEach((pid) => process.kill(pid, 'SIGKILL')))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const [, url = ''] = await until('the server listens', () => /listening on (http:\S+)\/[^]*processes ×/.exec(log), 60)
  const runs = (name: string): Promise<unknown> =>
    until(`${name} runs`, () => ['app', 'cgi'].some((folder) => existsSync(`${cwd}/${folder}/running-${name}`)))
  /** Nothing that the server has made is there any more. */
  const nothingIsLeft = async (): Promise<void> => {
    await until('all processes are gone', () => membersOf(group).length === 0)
    assert.deepEqual(readdirSync(cwd).toSorted(), ['app', 'cgi', 'tmp'])
    assert.deepEqual(readdirSync(`${cwd}/tmp`), ['.keep'])
  }
  return { cwd, url, group, exited, log: () => log, runs, nothingIsLeft }
}

/** Processes of a group. */
function membersOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => groupOf(pid) === group && isAlive(pid))
}

function groupOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
  } catch {
    return 0
  }
}

/** Status and body, or why there is none. */
function send(where: object, body?: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ ...where, method: body === undefined ? 'GET' : 'POST', agent: false })
    sent.on('error', (error) => resolve(`failed: ${error.message}`))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.on('close', () => resolve(`${response.statusCode} ${response.complete ? text : 'cut'}`))
    })
    sent.end(body)
  })
}

describe('a signal to the whole process group', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal}: all that runs finishes, exit code 0, and nothing is left behind`, async (t) => {
      const { cwd, url, group, exited, log, runs, nothingIsLeft } = await startWhole(t)
      const { hostname, port } = new URL(url)
      const client = await HTTP2Client.connect(url)
      t.after(() => client.close())
      const idle = await RawClient.connect(url)
      const answers = [
        send({ hostname, port, path: '/?get=2' }),
        send({ socketPath: path.join(cwd, 'app.sock'), path: '/?unix=2' }),
        // More than is kept in memory: it lies in a temporary file.
        send({ hostname, port, path: '/?post=2' }, Buffer.alloc(3 * 1024 ** 2)),
        send({ hostname, port, path: '/cgi/slow' }),
      ]
      const stream = client.ask({ ':path': '/?stream=2' })
      for (const name of ['get', 'unix', 'post', 'script', 'stream']) await runs(name)
      assert.ok(readdirSync(`${cwd}/tmp`).length > 1)
      process.kill(-group, signal)
      await until('GOAWAY', () => client.goneAway === 0)
      await until('the idle connection is closed', () => idle.ended)
      const { status, text, resetWith } = await stream
      assert.deepEqual([status, text, resetWith], [200, 'whole 0', 0])
      assert.deepEqual(await Promise.all(answers), ['200 whole 0', '200 whole 0', '200 whole 3145728', '200 whole script'])
      assert.equal(await exited, 0, log())
      assert.doesNotMatch(log(), /Traceback|KeyboardInterrupt|Unhandled|ERROR/)
      await nothingIsLeft()
    })
  }

  test('the second one, later: now, with exit code 0, and nothing is left behind either', async (t) => {
    const { url, group, exited, log, runs, nothingIsLeft } = await startWhole(t)
    const { hostname, port } = new URL(url)
    const answers = [
      send({ hostname, port, path: '/?get=60' }),
      send({ hostname, port, path: '/?post=60' }, Buffer.alloc(3 * 1024 ** 2)),
      send({ hostname, port, path: '/cgi/slow' }),
    ]
    for (const name of ['get', 'post', 'script']) await runs(name)
    process.kill(-group, 'SIGTERM')
    await until('the first one is there', () => /SIGTERM: stopping; running requests may finish/.test(log()))
    // One that follows at once counts as the same.
    const again = setInterval(() => membersOf(group).length > 0 && process.kill(-group, 'SIGTERM'), 700)
    t.after(() => clearInterval(again))
    void exited.then(() => clearInterval(again))
    assert.equal(await exited, 0, log())
    for (const answer of await Promise.all(answers)) assert.match(answer, /^failed: /)
    await nothingIsLeft()
  })

  test('SIGHUP: applications are loaded anew, what runs finishes, and the server goes on', async (t) => {
    const { url, group, exited, log, runs, nothingIsLeft } = await startWhole(t)
    const { hostname, port } = new URL(url)
    const slow = send({ hostname, port, path: '/?get=2' })
    await runs('get')
    process.kill(-group, 'SIGHUP')
    await until('it has reloaded', () => /ha(?:s|ve) taken over/.test(log()))
    assert.equal(await slow, '200 whole 0')
    assert.equal(await send({ hostname, port, path: '/' }), '200 whole 0')
    process.kill(-group, 'SIGTERM')
    assert.equal(await exited, 0)
    await nothingIsLeft()
  })
})
