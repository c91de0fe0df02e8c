import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { NodeReactor, ThreadPool, WSGIResource, wsgiApplication } from '#src/index.ts'
import type { PlaitError } from '#src/index.ts'
import { root as repository } from '../../support/paths.ts'
import { startProgram } from '../../support/server.ts'
import { until } from '../../support/until.ts'
import { answering, folderOf, serveApplication } from './serve-applications.ts'

const howTo = `import { WSGIResource, reactor, type Environ, type StartResponse } from 'plait'
export function application(environ: Environ, startResponse: StartResponse) {
  startResponse('200 OK', [['Content-type', 'text/plain']])
  return ['Hello, world!']
}
export const resource = new WSGIResource(reactor, reactor.getThreadPool(), application)
`

/** A folder in which programs find Plait. */
const programs = (folder: string): string => {
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(repository, path.join(folder, 'node_modules/plait'))
  return folder
}

/** Opens a port and says where. */
const listening = `
const port = reactor.listenTCP(0, new Site(root), { interface: '127.0.0.1' })
await port.ready
console.log(\`listening on http://127.0.0.1:\${port.getHost().port}/\`)
await reactor.run()
`

/** Serves a folder with scripts. */
async function serveScripts(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = programs(folderOf(t, files))
  const program = `import { File, Site, reactor, scriptProcessors } from 'plait'
    const root = new File(${JSON.stringify(folder)}, { processors: scriptProcessors })${listening}`
  writeFileSync(path.join(folder, 'serve.mjs'), program)
  const server = await startProgram(path.join(folder, 'serve.mjs'))
  t.after(() => server.stop())
  return { ...server, folder }
}

test("JavaScriptHost runs the how-to's example as a script, and its next version", async (t) => {
  const { url, folder } = await serveScripts(t, { 'hello.rpy.ts': howTo })
  assert.equal(await (await fetch(`${url}/hello.rpy.ts`)).text(), 'Hello, world!')
  writeFileSync(path.join(folder, 'hello.rpy.ts'), howTo.replace('Hello, world!', 'Good morning'))
  assert.equal(await (await fetch(`${url}/hello.rpy.ts`)).text(), 'Good morning')
})

test('a script may wait for its own application, and give one of another file', async (t) => {
  const waits = `${howTo}\nawait resource.prepare()`
  const other = howTo.replace(/export function[^]*?\n}\n/, "import { application } from './lib.ts'\n")
  const { url } = await serveScripts(t, {
    'waits.rpy.ts': waits,
    'other.rpy.ts': other,
    'lib.ts': howTo.split('export const')[0] ?? '',
  })
  assert.equal(await (await fetch(`${url}/waits.rpy.ts`)).text(), 'Hello, world!')
  assert.equal(await (await fetch(`${url}/other.rpy.ts`)).text(), 'Hello, world!')
})

const program = `
import { Resource, Site, WSGIResource, reactor, wsgiApplication } from 'plait'
import { isMainThread } from 'node:worker_threads'
class Root extends Resource {
  #count = 0
  name = 'root'
  constructor() { super(); this.putChild('here', this.made()) }
  made() { this.#count++; return new Resource() }
  render_GET() { return this.name }
}
// Not exported: which of the calls it is tells them apart.
const first = wsgiApplication(import.meta, (environ, startResponse) => {
  startResponse('200 OK', [])
  return ['first, main: ' + isMainThread]
})
export const second = wsgiApplication(import.meta, (environ, startResponse) => {
  startResponse('200 OK', [])
  return ['second']
})
const root = new Root()
root.putChild('first', new WSGIResource(reactor, reactor.getThreadPool(), first))
root.putChild('second', new WSGIResource(reactor, reactor.getThreadPool(), second))
for (const child of root.listNames()) void child
${listening}
console.log('it has stopped')
`

test('wsgiApplication lets a program give functions, and no second server starts in their threads', async (t) => {
  const folder = programs(folderOf(t, { 'serve.mjs': program }))
  const server = await startProgram(path.join(folder, 'serve.mjs'))
  t.after(() => server.stop())
  assert.equal(await (await fetch(`${server.url}/first`)).text(), 'first, main: false')
  assert.equal(await (await fetch(`${server.url}/second`)).text(), 'second')
  // In the thread its port is nothing, which is said as such.
  const lines = server.log().match(/listening on http:\/\/127\.0\.0\.1:\d+/g)
  assert.equal(lines?.length, 1)
})

test('a program may wait for prepare() before it listens, and ends by itself when its pool has stopped', async (t) => {
  const source = `import { ThreadPool, WSGIResource, reactor, resolveApplication } from 'plait'
    const pool = new ThreadPool()
    const { name } = await pool.prepare(resolveApplication({ application: './app.ts', cwd: import.meta.dirname }))
    console.log('prepared in ' + name)
    await pool.stop()`
  const folder = programs(folderOf(t, { 'app.ts': howTo, 'program.mjs': source }))
  const run = spawnSync(process.execPath, [path.join(folder, 'program.mjs')], { encoding: 'utf8', timeout: 20_000 })
  assert.match(run.stdout, /^prepared in Node \d/, run.stderr)
  assert.equal(run.status, 0)
})

test('WSGIResource refuses a function that nobody can import, and shows the way', async (t) => {
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  const pool = new ThreadPool()
  const make = () => new WSGIResource(reactor, pool, () => [])
  assert.throws(make, (error: PlaitError) => {
    assert.equal(error.code, 'PLAIT_CONFIGURATION')
    assert.match(error.message, /'\.\/file\.ts#name'[^]*wsgiApplication\(import\.meta, function\)/)
    return true
  })
  assert.throws(() => wsgiApplication({ url: 'data:,' }, () => []), { code: 'PLAIT_CONFIGURATION' })
})

test('a script whose application is a closure shows at its first request how to mend it', async (t) => {
  const closure = howTo.replace('getThreadPool(), application)', 'getThreadPool(), (e, s) => application(e, s))')
  const { url, log } = await serveScripts(t, {
    'hello.rpy.ts': closure,
    'prepared.rpy.ts': `${closure}\nvoid resource.prepare().catch((error) => console.log('rejected: ' + error.message))`,
  })
  assert.equal((await fetch(`${url}/hello.rpy.ts`)).status, 500)
  assert.match(log(), /ERROR: [^]*Cannot serve this function[^]*Export it from its module/)
  await fetch(`${url}/prepared.rpy.ts`)
  await until('prepare is rejected', () => /rejected: Cannot serve this function/.test(log()))
})

test('prepare is rejected for a function that is marked where no thread comes by', async (t) => {
  const reactor = new NodeReactor()
  t.after(() => reactor.stop())
  // This module runs its tests: a thread that loads it is not told to.
  const pool = new ThreadPool({ maxThreads: 1 })
  t.after(() => pool.stop())
  const folder = folderOf(t, { 'late.mjs': `export const late = (mark) => mark(import.meta, () => [])` })
  const { late } = (await import(path.join(folder, 'late.mjs'))) as { late: (mark: typeof wsgiApplication) => () => [] }
  const resource = new WSGIResource(reactor, pool, late(wsgiApplication))
  await assert.rejects(resource.prepare(), (error: PlaitError) => {
    assert.equal(error.code, 'PLAIT_APPLICATION')
    assert.match(error.message, /late\.mjs did not come to its wsgiApplication[^]*top level of the module/)
    return true
  })
})

test('plait in a thread does nothing, however it is used, but for the names that mean something', async (t) => {
  const source = `
    import * as everything from 'plait'
    import { NodeReactor, PlaitError, Resource, Site, ThreadPool, escapeHTML, reactor } from 'plait'
    import 'plait/testing'
    const own = new NodeReactor()
    own.callLater(1, () => { throw new Error('never') }).cancel()
    class Counter extends Resource {
      static made = 0
      hits = 0
      get twice() { return this.hits * 2 }
      override render_GET() { return String(++this.hits) }
    }
    const counter = new Counter()
    counter.putChild('x', new Site(new Resource()))
    Counter.made++
    const { port } = reactor.listenTCP(8080, new Site(counter)).getHost()
    for (const one of new ThreadPool().statistics().applications) throw one
    const text = \`http://127.0.0.1:\${port}/\`
    const done = await reactor.run()
    export function application(environ: any, startResponse: any) {
      startResponse('200 OK', [])
      const failure = new PlaitError('PLAIT_RESOURCE', 'mine')
      return [JSON.stringify([counter.render_GET(), counter.twice, Counter.made, counter instanceof Resource, text, escapeHTML('<'), failure instanceof PlaitError, failure.message, typeof everything.Data, done === undefined])]
    }`
  const { text } = await serveApplication(t, source)
  assert.equal(await text('/app'), '["1",2,1,true,"http://127.0.0.1:/","&lt;",true,"mine","function",false]')
})

test('a thread loads none of the modules of the server', async (t) => {
  const source = answering(`loaded: () => JSON.stringify([
    (process as any).moduleLoadList.filter((name: string) => / (?:https?|http2|tls|_http_.*|child_process|cluster)$/.test(name)),
    Object.keys(require.cache ?? {}),
  ]),`)
  const { text } = await serveApplication(t, source)
  const [builtins, packages] = JSON.parse(await text('/app/loaded')) as [string[], string[]]
  assert.deepEqual(builtins, [])
  assert.deepEqual(
    packages.filter((file) => !file.includes('/node_modules/jiti/')),
    [],
  )
})

test("a thread's script imports little of Plait", () => {
  const files = new Set([path.join(repository, 'dist/hosts/javascript/thread/main.js')])
  for (const file of files) {
    const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^'"]*?from '(\.[^']+)'/gms)
    for (const [, specifier = ''] of imports) files.add(path.resolve(path.dirname(file), specifier))
  }
  const strange = [...files]
    .map((file) => path.relative(path.join(repository, 'dist'), file))
    .filter((file) => !/^(?:hosts\/(?:worker|javascript)\/|modules\/|(?:errors|transfer|escape-html)\.js$)/.test(file))
  assert.ok(files.size > 10)
  assert.deepEqual(strange, [])
})
