/** Hosts that live and say nothing: a frame that does not end, a process that is stopped. Looked at more often than otherwise. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { NodeReactor, Site, ThreadPool, WSGIResource } from '#src/index.ts'
import { findPython } from '#src/hosts/python/find-python.ts'
import { PythonHost } from '#src/hosts/python/python-host.ts'
import { PythonProcess } from '#src/hosts/python/python-process.ts'
import { RecordingLogger } from '#src/testing.ts'
import { encodeFrame, ToServer } from '#src/wire/frame.ts'
import { isAlive } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { folderOf } from '../javascript/serve-applications.ts'

const application = `
import os, time

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    path = environ["PATH_INFO"]
    if path == "/pid":
        return [str(os.getpid()).encode()]
    if path == "/half":
        os.write(3, environ["wsgi.input"].read())
    mark = os.path.join(os.getcwd(), environ["QUERY_STRING"] or "none")
    again = os.path.exists(mark)
    open(mark, "a").close()
    if not again:
        time.sleep(600)
    return [b"at the second time"]
`

async function serve(t: TestContext, processes: number, lookMs = 100) {
  const cwd = folderOf(t, { 'app.py': application })
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const found = await findPython({ cwd, env: process.env })
  const pool = new ThreadPool({
    maxThreads: 8,
    processes,
    logger,
    gracefulTimeout: 0.1,
    createHost: (options) =>
      new PythonHost(options, found, { lookMs, launch: (events) => new PythonProcess(found.path, options.application, events) }),
  })
  const resource = new WSGIResource(reactor, pool, { application: 'app.application', cwd })
  const port = reactor.listenTCP(0, new Site(resource, { logger }), { interface: '127.0.0.1' })
  await port.ready
  void reactor.run({ installSignalHandlers: false })
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const ask = async (target: string, init?: RequestInit): Promise<string> => {
    const answer = await fetch(url + target, init)
    return `${answer.status} ${answer.status === 200 ? await answer.text() : ''}`
  }
  const pid = async (): Promise<number> => Number((await ask('/pid')).slice(4))
  const log = (): string => logger.records.map(({ level, message }) => `${level} ${message}`).join('\n')
  const began = (mark: string): Promise<unknown> => until(`${mark} to run`, () => existsSync(`${cwd}/${mark}`))
  /** Process ids of the hosts that are ready, once there are so many. */
  const hosts = (): Promise<number[]> =>
    until('all hosts to be ready', () => {
      const ready = pool.statistics().applications.flatMap((one) => one.hosts.filter(({ state }) => state === 'ready'))
      return ready.length === processes && ready.map((one) => one.pid as number)
    })
  return { ask, pid, log, began, hosts }
}

const linux = { skip: process.platform !== 'linux', timeout: 60_000 }

test(
  'PythonHost that begins a frame and does not end it is killed and replaced; a GET in it runs once more, a POST gets 502',
  linux,
  async (t) => {
    const { ask, pid, log, began } = await serve(t, 1)
    const before = await pid()
    const innocent = ask('/wait?get')
    await began('get')
    // A piece of a response to nobody.
    const half = encodeFrame(ToServer.DATA, 0xffff, Buffer.alloc(1000)).subarray(0, 500)
    assert.equal(await ask('/half?post', { method: 'POST', body: new Uint8Array(half) }), '502 ')
    assert.equal(await innocent, '200 at the second time')
    assert.notEqual(await pid(), before)
    assert.equal(isAlive(before), false)
    assert.match(
      log(),
      /error Host app\.application#1 was killed: it began to say something, and did not come to its end for \d+ s; another one starts now/,
    )
  },
)

test(
  'PythonHost that is stopped is told in the log, gets no more requests where there is another, and is replaced',
  linux,
  async (t) => {
    const { ask, pid, log, began, hosts } = await serve(t, 2)
    await pid()
    const [before] = (await hosts()) as [number]
    // One in each.
    const waiting = [ask('/wait?one'), ask('/wait?two')]
    await Promise.all([began('one'), began('two')])
    process.kill(before, 'SIGSTOP')
    await until('it is told', () => /warn Host app\.application#\d is stopped \(SIGSTOP\): 1 request waits/.test(log()))
    for (let count = 0; count < 10; count++) assert.notEqual(await pid(), before)
    await until('it is replaced', () =>
      /was killed: it has been stopped \(SIGSTOP\) for \d+ s; another one starts now/.test(log()),
    )
    await until('it is gone', () => !isAlive(before))
    assert.equal(await Promise.race(waiting), '200 at the second time')
    assert.match(log(), /1 request of a safe method runs once more/)
  },
)

test('PythonHost that is stopped and goes on in time loses nothing', linux, async (t) => {
  const { ask, pid, log, began } = await serve(t, 1, 1000)
  const before = await pid()
  void ask('/wait?one').catch(() => undefined)
  await began('one')
  process.kill(before, 'SIGSTOP')
  const asked = ask('/pid', { method: 'POST' })
  await until('it is told', () => log().includes('is stopped (SIGSTOP)'))
  process.kill(before, 'SIGCONT')
  assert.equal(await asked, `200 ${before}`)
  await until('that is told too', () => log().includes('goes on'))
  assert.equal(isAlive(before), true)
})
