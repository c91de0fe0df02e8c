/** The access log says in which thread a request ran, whatever the threads are. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { NodeReactor, Site, ThreadPool, WSGIResource, type ApplicationSpec } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import { until } from '../support/until.ts'
import { folderOf } from './javascript/serve-applications.ts'

/** Serves an application on four threads; gives how to ask it, and the threads of the log by the targets that were asked for. */
async function serve(t: TestContext, application: ApplicationSpec) {
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const pool = new ThreadPool({ maxThreads: 4, logger })
  const threads = new Map<string, number | undefined>()
  const hosts = new Set<string | undefined>()
  const site = new Site(new WSGIResource(reactor, pool, application, { timeout: 5 }), {
    logger,
    accessLog: ({ uri, times }) => {
      threads.set(uri, times?.thread)
      hosts.add(times?.host)
    },
  })
  const port = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
  await port.ready
  void reactor.run({ installSignalHandlers: false })
  t.after(() => reactor.stop())
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const ask = async (target: string): Promise<string> => (await fetch(url + target)).text()
  const threadOf = (target: string): Promise<number | undefined> =>
    until('its line in the log', () => threads.has(target)).then(() => threads.get(target))
  return { ask, threadOf, hosts }
}

/** Requests at the same time are in several threads, and each says which. */
async function showsThreads(t: TestContext, application: ApplicationSpec): Promise<Awaited<ReturnType<typeof serve>>> {
  const served = await serve(t, application)
  for (let round = 0; round < 3; round++) {
    const targets = Array.from({ length: 4 }, (_, index) => `/name?${round}-${index}`)
    const names = await Promise.all(targets.map(served.ask))
    const told = await Promise.all(targets.map(served.threadOf))
    assert.deepEqual(told.map(String), names)
    assert.ok(new Set(names).size > 1, names.join())
  }
  assert.equal(served.hosts.size, 1)
  return served
}

const python = `
import sys, threading, time

def name():
    return threading.current_thread().name.partition("-")[2].encode()

def application(environ, start_response):
    if environ["PATH_INFO"] == "/raise":
        print("raised in", name().decode(), flush=True)
        raise ValueError("meant")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/late":
        end = time.monotonic() + 30
        while time.monotonic() < end:
            time.sleep(0.01)
    if environ["PATH_INFO"] == "/file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if environ["PATH_INFO"] == "/pieces":
        return iter([name(), b"-" * 100000])
    time.sleep(0.3)
    return [name()]
`

test('AccessTimes has the number that is in the name of the Python thread', { timeout: 60_000 }, async (t) => {
  const folder = folderOf(t, { 'app.py': python })
  const { ask, threadOf } = await showsThreads(t, { application: 'app.application', cwd: folder })
  const pieces = await ask('/pieces')
  assert.equal(String(await threadOf('/pieces')), pieces.replaceAll('-', ''))
  for (const target of ['/file', '/raise', '/late']) {
    const text = await ask(target)
    if (target === '/late') assert.match(text, /Gateway Timeout/)
    assert.match(String(await threadOf(target)), /^[1-9]$/, target)
  }
})

test('AccessTimes has the threadId of a thread of TypeScript', { timeout: 60_000 }, async (t) => {
  const folder = folderOf(t, {
    'app.ts': `
import { threadId } from 'node:worker_threads'
export function application(environ: any, startResponse: any): any {
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  return [String(threadId)]
}`,
  })
  await showsThreads(t, { application: path.join(folder, 'app.ts') })
})

test('AccessTimes tells threads of Pyodide apart', { timeout: 120_000 }, async (t) => {
  const folder = folderOf(t, { 'app.py': python })
  const { ask, threadOf } = await serve(t, { application: 'app.application', runIn: 'pyodide', cwd: folder })
  const targets = ['/name?0', '/name?1', '/name?2', '/name?3']
  await Promise.all(targets.map(ask))
  const told = await Promise.all(targets.map(threadOf))
  for (const thread of told) assert.ok(Number.isInteger(thread), String(thread))
  await ask('/raise')
  assert.ok(Number.isInteger(await threadOf('/raise')))
})
