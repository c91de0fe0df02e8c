import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { File, Registry, Resource, ResourceScript, scriptProcessors } from '#src/index.ts'
import type { FileOptions, SiteOptions } from '#src/index.ts'
import { serve } from '../../resource/serve.ts'
import { makeTree, writeInto } from '../static/tree.ts'

const page = (text: string): string => `import { Data } from 'plait'
export const resource = new Data(${JSON.stringify(text)}, 'text/plain')
`

/** Serves a folder with its scripts, in memory. */
function serveScripts(files: Readonly<Record<string, string>>, options: FileOptions = {}, site: SiteOptions = {}) {
  const folder = makeTree(files)
  return { folder, ...serve(new File(folder, { processors: scriptProcessors, ...options }), site) }
}

test('a script is served as the resource that it exports (F131)', async () => {
  const { port } = serveScripts({
    'a.rpy.ts': page('typed'),
    'b.rpy.js': page('plain'),
    'c.rpy.mjs': page('module'),
    'd/later.rpy.ts': `import { Data } from 'plait'\nexport const resource = Promise.resolve(new Data('later', 'text/plain'))`,
    'd/awaits.rpy.ts': `const { Data } = await import('plait')\nexport const resource = new Data('awaits', 'text/plain')`,
  })
  for (const [target, text] of [
    ['/a.rpy.ts', 'typed'],
    ['/b.rpy.js', 'plain'],
    ['/c.rpy.mjs', 'module'],
    ['/d/later.rpy.ts', 'later'],
    ['/d/awaits.rpy.ts', 'awaits'],
  ] as const) {
    const response = await port.request(`GET ${target}`)
    assert.deepEqual([response.status, response.text], [200, text], target)
  }
})

test('traversal goes on into the resource of a script: children, leaves, applications (F131, A5)', async () => {
  const { port } = serveScripts({
    'tree.rpy.ts': `import { Data, Resource } from 'plait'
export const resource = new Resource()
resource.putChild('', new Data('index', 'text/plain'))
resource.putChild('child', new Data('child', 'text/plain'))`,
    'leaf.rpy.ts': `import { Resource, type Request } from 'plait'
class Leaf extends Resource {
  override isLeaf = true
  render_GET(request: Request): string { return request.prepath.join('|') + ' ' + request.postpath.join('|') }
}
export const resource = new Leaf()`,
    'wsgi.rpy.ts': `import { WSGIResource } from 'plait'
import { MemoryReactor, MemoryThreadPool } from 'plait/testing'
const pool = new MemoryThreadPool((job) => job.answer(200, ['Content-Type', 'text/plain'], job.environ.SCRIPT_NAME + ' ' + job.environ.PATH_INFO))
export const resource = new WSGIResource(new MemoryReactor({ threadPool: pool }), pool, 'foo.application')`,
  })
  for (const [target, text] of [
    ['/tree.rpy.ts/', 'index'],
    ['/tree.rpy.ts/child', 'child'],
    ['/leaf.rpy.ts/x/y', 'leaf.rpy.ts x|y'],
    ['/leaf.rpy.ts', 'leaf.rpy.ts '],
    ['/wsgi.rpy.ts/a%20b/c?d', '/wsgi.rpy.ts /a b/c'],
    ['/wsgi.rpy.ts', '/wsgi.rpy.ts '],
  ] as const) {
    assert.equal((await port.request(`GET ${target}`)).text, text, target)
  }
  assert.equal((await port.request('GET /tree.rpy.ts/none')).status, 404)
})

test('a script runs once, again when it changes, and requests under way keep the old resource (F133)', async () => {
  const script = (word: string): string => `import { Resource } from 'plait'
let waiting: (() => void)[] = []
class Word extends Resource {
  override isLeaf = true
  async render_GET(request): Promise<string> {
    if (request.postpath[0] === 'release') { for (const release of waiting) release(); return 'released' }
    if (request.postpath[0] === 'wait') await new Promise<void>((done) => waiting.push(done))
    return ${JSON.stringify(word)}
  }
}
export const resource = new Word()
`
  const { port, folder, logger } = serveScripts({ 'a.rpy.ts': script('one') })
  const first = port.request('GET /a.rpy.ts/wait')
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'one')
  const old = await ResourceScript(path.join(folder, 'a.rpy.ts'), new Registry())
  writeInto(folder, 'a.rpy.ts', script('two'))
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'two')
  assert.notEqual(await ResourceScript(path.join(folder, 'a.rpy.ts'), new Registry()), old)
  // Only the old resource can let its request go on.
  const released = serve(old).port
  assert.equal((await released.request('GET /release')).text, 'released')
  assert.equal((await first).text, 'one')
  assert.deepEqual(logger.records, [])
})

test('a script without a resource gives a 500 page that says what to export (F132)', async () => {
  const { port, logger } = serveScripts({
    'none.rpy.ts': 'export {}',
    'default.rpy.ts': 'import { Data } from "plait"; export default new Data("x", "text/plain")',
    'class.rpy.ts': 'import { Resource } from "plait"; export class Clock extends Resource {}; export const resource = Clock',
    'text.rpy.ts': 'export const resource = "<b>text</b>"',
    'null.rpy.ts': 'export const resource = null',
    'function.rpy.ts': 'export const resource = () => 7',
  })
  for (const [name, what] of [
    ['none', /none\.rpy\.ts exports no resource\. A script says: export const resource = new …/],
    ['default', /its default export must be named resource/],
    ['class', /exports as resource the class Clock itself, not an object of it/],
    ['text', /exports as resource a value of the type string, which is no resource/],
    ['null', /exports as resource null, which is no resource/],
    ['function', /exports as resource a value of the type number/],
  ] as const) {
    const response = await port.request(`GET /${name}.rpy.ts/x/y`)
    assert.equal(response.status, 500, name)
    assert.match(response.text, what)
    assert.doesNotMatch(response.text, /plait-static-test/)
    const id = /under ([0-9a-f]{8})/.exec(response.text)?.[1]
    assert.ok(logger.records.some((record) => record.fields?.['id'] === id))
  }
})

test('a script that fails gives a 500, with its own line only when the site displays tracebacks (F132)', async () => {
  const files = {
    'throws.rpy.ts': `interface Unused {\n  a: string\n}\n\nthrow new RangeError('too <large>')\n`,
    'broken.rpy.ts': `const a = 1\nconst b: = 2\n`,
    'renders.rpy.ts': `import { Resource } from 'plait'\ntype Text = string\nclass Fails extends Resource {\n  render_GET(): Text {\n    throw new Error('late')\n  }\n}\nexport const resource = new Fails()\n`,
    'factory.rpy.ts': `\nexport const resource = () => { throw Object.assign(new Error('made'), { code: 'ENOENT' }) }`,
  }
  const hidden = serveScripts(files)
  const shown = serveScripts(files, {}, { displayTracebacks: true })
  for (const [name, what] of [
    ['throws', /RangeError: too &lt;large&gt;\n {4}at [^\n]*throws\.rpy\.ts:5:7/],
    ['broken', /line 2: Unexpected token\n[^\n]*broken\.rpy\.ts:2:10\nconst b: = 2\n {9}\^/],
    ['renders', /Error: late\n {4}at Fails\.render_GET \([^\n]*renders\.rpy\.ts:5:11\)/],
    ['factory', /Error: made\n {4}at [^\n]*factory\.rpy\.ts:2:/],
  ] as const) {
    const open = await shown.port.request(`GET /${name}.rpy.ts`)
    assert.equal(open.status, 500)
    assert.match(open.text, what)
    const closed = await hidden.port.request(`GET /${name}.rpy.ts`)
    assert.equal(closed.status, 500)
    assert.doesNotMatch(closed.text, /rpy\.ts/)
  }
})

test('a script that is mended works with the next request', async () => {
  const { port, folder } = serveScripts({ 'a.rpy.ts': `import './helper.ts'\n${page('fine')}` })
  assert.equal((await port.request('GET /a.rpy.ts')).status, 500)
  writeInto(folder, 'helper.ts', '')
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'fine')
  writeInto(folder, 'helper.ts', 'throw 1')
  assert.equal((await port.request('GET /a.rpy.ts')).status, 500)
  writeInto(folder, 'helper.ts', 'export {}')
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'fine')
})

test('a promise or a function that fails is asked again by the next request', async () => {
  const key = 'plait-test-ready'
  const fail = `if (!globalThis['${key}']) throw Object.assign(new Error('not yet'), { code: 'ENOENT' })`
  const { port } = serveScripts({
    'promise.rpy.ts': `import { Data } from 'plait'
export const resource = (async () => { ${fail}; return new Data('ready', 'text/plain') })()`,
    'function.rpy.ts': `import { Data } from 'plait'
export const resource = async () => { ${fail}; return new Data('ready', 'text/plain') }`,
  })
  const targets = ['/promise.rpy.ts', '/function.rpy.ts']
  for (const target of targets) assert.equal((await port.request(`GET ${target}`)).status, 500, target)
  ;(globalThis as Record<string, unknown>)[key] = true
  for (const target of targets) assert.equal((await port.request(`GET ${target}`)).text, 'ready', target)
  Reflect.deleteProperty(globalThis, key)
})

test('a script that exports a function gets the registry of its File, once for each (F134)', async () => {
  class Settings {
    readonly name: string
    made = 0
    constructor(name: string) {
      this.name = name
    }
  }
  const folder = makeTree({
    'a.rpy.ts': `import { Data } from 'plait'
export const resource = (registry) => {
  const settings = registry.getComponent(Symbol.for('plait test settings'))
  settings.made++
  return new Data(settings.name, 'text/plain')
}`,
  })
  const key = Symbol.for('plait test settings')
  const [red, blue] = ['red', 'blue'].map((name) => {
    const registry = new Registry()
    const settings = new Settings(name)
    registry.setComponent(key, settings)
    return { settings, ...serve(new File(folder, { processors: scriptProcessors, registry })) }
  })
  for (const side of [red, blue, red, blue]) {
    assert.equal((await side?.port.request('GET /a.rpy.ts'))?.text, side?.settings.name)
  }
  assert.deepEqual([red?.settings.made, blue?.settings.made], [1, 1])
})

test('File never sends the source of a script, and runs nothing that does not end like one', async () => {
  const { port, folder } = serveScripts({
    'a.rpy.ts': page('ran'),
    'b.RPY.Ts': page('ran'),
    'notes.ts': 'const secret = 1',
    'a.rpy.ts.txt': 'text',
    '.hidden.rpy.ts': page('hidden'),
    'sub/index.rpy.ts': page('index'),
    'dir.rpy.ts/file.txt': 'in a directory',
  })
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'ran')
  assert.doesNotMatch((await port.request('GET /b.RPY.Ts')).text, /import/)
  assert.equal((await port.request('GET /notes.ts')).text, 'const secret = 1')
  assert.equal((await port.request('GET /a.rpy.ts.txt')).text, 'text')
  assert.equal((await port.request('GET /.hidden.rpy.ts')).status, 404)
  assert.equal((await port.request('GET /sub/')).text, 'index')
  for (const target of [
    '/dir.rpy.ts/',
    '/dir.rpy.ts/file.txt',
    '/dir.rpy.ts',
    '/none.rpy.ts',
    '/a%2erpy.ts%00',
    '/..%2fa.rpy.ts',
  ]) {
    const { status, text } = await port.request(`GET ${target}`)
    assert.ok(status === 404 || status === 400, `${target} ${status}`)
    assert.doesNotMatch(text, /import|directory$/)
  }
  const alone = serve(new File(path.join(folder, 'a.rpy.ts'), { processors: scriptProcessors }))
  assert.equal((await alone.port.request('GET /')).status, 404)
  const root = new Resource()
  root.putChild('a', new File(path.join(folder, 'a.rpy.ts'), { processors: scriptProcessors }))
  const { status, text } = await serve(root).port.request('GET /a')
  assert.deepEqual([status, text.includes('import')], [404, false])
})

test('a script outside the served directory is not run, whatever link leads to it', async () => {
  const outside = makeTree({ 'a.rpy.ts': page('outside') })
  const { port, folder } = serveScripts({ 'b.rpy.ts': page('inside') })
  symlinkSync(path.join(outside, 'a.rpy.ts'), path.join(folder, 'a.rpy.ts'))
  symlinkSync('b.rpy.ts', path.join(folder, 'c.rpy.ts'))
  assert.equal((await port.request('GET /a.rpy.ts')).status, 404)
  assert.equal((await port.request('GET /c.rpy.ts')).text, 'inside')
})

test('a pipe with the name of a script holds up nobody', { timeout: 10_000 }, async () => {
  const { port, folder } = serveScripts({ 'a.rpy.ts': page('one') })
  execFileSync('mkfifo', [path.join(folder, 'pipe.rpy.ts')])
  assert.equal((await port.request('GET /pipe.rpy.ts')).status, 404)
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'one')
})

test('a script that goes away is not found, and found again when it comes back', async () => {
  const { port, folder } = serveScripts({ 'a.rpy.ts': page('one') })
  const file = path.join(folder, 'a.rpy.ts')
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'one')
  renameSync(file, `${file}.bak`)
  assert.equal((await port.request('GET /a.rpy.ts')).status, 404)
  const direct = serve(await ResourceScript(file, new Registry()))
  assert.equal((await direct.port.request('GET /')).status, 404)
  renameSync(`${file}.bak`, file)
  assert.equal((await port.request('GET /a.rpy.ts')).text, 'one')
  rmSync(file)
  mkdirSync(file)
  assert.equal((await port.request('GET /a.rpy.ts')).status, 404)
})

test('an application that a script names is found beside it, and else where the server is', async () => {
  const names = ['beside.application', 'pack:app', './sub/file.py:app', 'elsewhere.application']
  const folder = makeTree({
    'scripts/beside.py': '',
    'scripts/pack/__init__.py': '',
    'scripts/sub/file.py': '',
    'scripts/a.ts': `import { named } from '../lib/named.ts'
import { resolveApplication } from 'plait'
export const resolved = ${JSON.stringify(names)}.map((name) => resolveApplication(name).cwd)
export const given = resolveApplication({ application: 'beside.application', cwd: '/' }).cwd
export const other = named('beside.application')`,
    'lib/named.ts': `import { resolveApplication } from 'plait'\nexport const named = (name) => resolveApplication(name).cwd`,
  })
  const { loadModule } = await import('#src/modules/module-loader.ts')
  const { resolved, given, other } = await loadModule(path.join(folder, 'scripts/a.ts'))
  const beside = path.join(folder, 'scripts')
  assert.deepEqual(resolved, [beside, beside, beside, process.cwd()])
  assert.equal(given, '/')
  // It is the file that calls which counts.
  assert.equal(other, process.cwd())
})
