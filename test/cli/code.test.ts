import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith, runPlait } from './run-plait.ts'

async function text(url: string): Promise<string> {
  return await (await fetch(url)).text()
}

const hello = `
import { Resource, type Request } from 'plait'
export class Hello extends Resource {
  override isLeaf = true
  render_GET(request: Request): string { return 'hello from ' + ['', ...request.prepath].join('/') }
}
export default Hello
export const value = 3
`
const script = `
import { Resource } from 'plait'
class Clock extends Resource { render_GET() { return 'a script' } }
export const resource = new Clock()
`
const application = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from the application"]
`

test('plait web --class serves an object of a class, of TypeScript too (G --class)', async (t) => {
  const cwd = folderWith(t, { 'hello.ts': hello })
  for (const name of ['hello.ts#Hello', './hello.ts#Hello', './hello.ts']) {
    const server = await startWeb(['--class', name, '--mount', '/other=class:./hello.ts#Hello'], { cwd })
    t.after(() => server.stop())
    assert.match(await text(`${server.url}/x`), /^hello from/, name)
    assert.match(await text(`${server.url}/other/y`), /^hello from \/other/, name)
    await server.stop()
  }
})

test('plait web --class takes packages, found from where the user stands (G --class)', async (t) => {
  const cwd = folderWith(t, {})
  mkdirSync(`${cwd}/node_modules/resources`, { recursive: true })
  writeFileSync(`${cwd}/node_modules/resources/package.json`, '{"name":"resources","type":"module","exports":"./index.js"}')
  writeFileSync(
    `${cwd}/node_modules/resources/index.js`,
    `export class Plain { isLeaf = true; getChildWithDefault() { return this }; render() { return 'from a package' } }`,
  )
  const server = await startWeb(['--class', 'resources#Plain'], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(server.url), 'from a package')
})

const wrongClasses: readonly [name: string, code: number, message: RegExp][] = [
  ['#Hello', 2, /^error: "#Hello" names no class: say \.\/file\.ts#Class/],
  ['./hello.ts#', 2, /names no class/],
  ['./none.ts#Hello', 1, /^plait: Cannot load \S+none\.ts: there is no such file/],
  ['./hello.ts#None', 1, /^plait: \.\/hello\.ts has no export None; its exports are Hello, default, value/],
  ['./hello.ts#value', 1, /^plait: \.\/hello\.ts#value is no class of resources/],
  ['no-such-package#X', 1, /^plait: There is neither a file \S+no-such-package nor a package no-such-package/],
  ['./broken.ts#X', 1, /^plait: Cannot load \S+broken\.ts: line 1: /],
  ['./throws.ts#X', 1, /^plait: Cannot load \S+throws\.ts: Error: boom\n[^]*throws\.ts:1/],
]

test('plait web --class says what is wrong with it (G --class)', async (t) => {
  const cwd = folderWith(t, { 'hello.ts': hello, 'broken.ts': 'export const = 3', 'throws.ts': 'throw new Error("boom")' })
  for (const [name, code, message] of wrongClasses) {
    const run = await runPlait(['web', '--listen', '127.0.0.1:0', '--class', name], { cwd })
    assert.match(run.stderr, message, name)
    assert.equal(run.code, code, name)
  }
})

test('plait web --resource-script serves what a script exports, and sees its changes (G --resource-script)', async (t) => {
  const cwd = folderWith(t, { 'page.rpy.ts': script })
  const server = await startWeb(['--resource-script', 'page.rpy.ts', '--mount', '/m=script:page.rpy.ts'], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(server.url), 'a script')
  assert.equal(await text(`${server.url}/m`), 'a script')
  writeFileSync(`${cwd}/page.rpy.ts`, script.replace('a script', 'another'))
  assert.equal(await text(server.url), 'another')
  const missing = await runPlait(['web', '--resource-script', 'none.rpy.ts'], { cwd })
  assert.match(missing.stderr, /^plait: There is no file or directory \S+none\.rpy\.ts\n$/)
  assert.equal(missing.code, 1)
})

test('plait web --path runs scripts, --mount of a directory does not, scripts: runs nothing else (G --path)', async (t) => {
  const cwd = folderWith(t, { 'page.rpy.ts': script, 'a.txt': 'a' })
  const server = await startWeb(['--path', '.', '--mount', '/files=.', '--mount', '/scripts=scripts:.'], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(`${server.url}/page.rpy.ts`), 'a script')
  assert.equal(await text(`${server.url}/files/page.rpy.ts`), script)
  assert.equal(await text(`${server.url}/scripts/page.rpy.ts`), 'a script')
  assert.equal((await fetch(`${server.url}/scripts/a.txt`)).status, 404)
  // Named itself, a script is run too, and not shown.
  const one = await startWeb(['--path', 'page.rpy.ts'], { cwd })
  t.after(() => one.stop())
  assert.equal(await text(one.url), 'a script')
})

test('plait web --processor makes the resources of files, by class and by function (G --processor)', async (t) => {
  const processors = `
import { readFileSync } from 'node:fs'
import { Data, Resource, type Registry } from 'plait'
export class Shouted extends Resource {
  override isLeaf = true
  constructor(readonly path: string, readonly registry: Registry) { super() }
  render_GET() { return readFileSync(this.path, 'utf8').toUpperCase() + typeof this.registry.getComponent }
}
export const reversed = (path: string) => new Data([...readFileSync(path, 'utf8')].reverse().join(''), 'text/plain')
export const nothing = 3
`
  const cwd = folderWith(t, { 'processors.ts': processors, 'a.shout': 'abc ', 'b.rev': 'abc' })
  const words = ['--processor', '.shout=./processors.ts#Shouted', '--processor', '.rev=./processors.ts#reversed']
  const server = await startWeb([...words, '--mount', '/m=.'], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(`${server.url}/m/a.shout`), 'ABC function')
  assert.equal(await text(`${server.url}/m/b.rev`), 'cba')
  const wrong = await runPlait(['web', '--path', '.', '--listen', '127.0.0.1:0', '--processor', '.x=./processors.ts#nothing'], {
    cwd,
  })
  assert.match(wrong.stderr, /^plait: \.\/processors\.ts#nothing is no class and no function/)
  const syntax = await runPlait(['web', '--path', '.', '--processor', 'x'], { cwd })
  assert.match(syntax.stderr, /It must be written like \.md=/)
  assert.deepEqual([wrong.code, syntax.code], [1, 2])
})

/** The forms in which a service file may give a tree. */
const services: Readonly<Record<string, string>> = {
  'site.ts': `import { Data, Resource, Site } from 'plait'
    const root: Resource = new Resource()
    root.putChild('', new Data('served', 'text/plain'))
    export default new Site(root)`,
  'named.mts': `import { Data, MountTree } from 'plait'
    export const resource = Promise.resolve(new MountTree({ '/': new Data('never', 'text/plain'), '/x': new Data('served', 'text/plain') }))`,
  'factory.js': `import { Data, MountTree, reactor } from 'plait'
    export default async (given) => new MountTree({ '/x': new Data(given === reactor ? 'served' : 'another', 'text/plain') })`,
  'root.mjs': `import { Data } from 'plait'
    export const root = { isLeaf: true, getChildWithDefault() { return this }, render: () => 'served' }`,
}

for (const [name, source] of Object.entries(services)) {
  test(`plait web --service ${name} serves what it exports (G141)`, async (t) => {
    const cwd = folderWith(t, { [name]: source })
    const server = await startWeb(['--service', name], { cwd })
    t.after(() => server.stop())
    const path = name === 'named.mts' || name === 'factory.js' ? '/x' : '/'
    assert.equal(await text(server.url + path), 'served')
    assert.match(server.log(), new RegExp(`Service \\S+/${name}`))
  })
}

test('plait web takes plait.config.ts when nothing else says what to serve, with its endpoints and applications (G141)', async (t) => {
  const cwd = folderWith(t, {
    'app.py': application,
    'a.txt': 'a',
    'plait.config.ts': `import { File, MountTree, WSGIResource, reactor } from 'plait'
      export const listen = ['127.0.0.1:0', 'unix:./app.sock']
      export default new MountTree({ '/': new WSGIResource(reactor, reactor.getThreadPool(), 'app.app'), '/f': new File('.') })`,
  })
  const server = await startWeb(['--threads', '7'], { cwd, env: { PLAIT_LISTEN_NOTHING: '' } })
  t.after(() => server.stop())
  assert.equal(await text(server.url), 'from the application')
  assert.equal(await text(`${server.url}/f/a.txt`), 'a')
  assert.match(server.log(), /Interpreter [^]*1 process × 7 threads/)
  const other = await startWeb(['--path', '.'], { cwd })
  t.after(() => other.stop())
  assert.equal(await text(`${other.url}/a.txt`), 'a')
  assert.doesNotMatch(other.log(), /Service/)
})

async function failing(t: TestContext, source: string, words: readonly string[] = []) {
  const cwd = folderWith(t, { 'site.ts': source, 'a.txt': '' })
  return runPlait(['web', '--listen', '127.0.0.1:0', '--service', 'site.ts', ...words], { cwd })
}

const wrongServices: readonly [what: string, source: string, message: RegExp][] = [
  ['nothing', 'export const x = 3', /it exports nothing to serve: say export default new Site/],
  ['a number', 'export default 3', /its export default is of the type number: say/],
  ['a class', "import { Resource } from 'plait'\nexport default class Shop extends Resource {}", /is the class Shop itself/],
  ['a function without result', 'export default () => {}', /its export default gave nothing/],
  [
    'a wrong listen',
    "import { Data } from 'plait'\nexport default new Data('', '')\nexport const listen = {}",
    /its export listen must be/,
  ],
  [
    'a running reactor',
    "import { reactor } from 'plait'\nawait reactor.run()",
    /it runs the reactor itself: leave reactor\.run\(\) out/,
  ],
]

for (const [what, source, message] of wrongServices) {
  test(`plait web --service that exports ${what} is one line, exit code 1`, async (t) => {
    const { code, stderr } = await failing(t, source)
    assert.match(stderr, new RegExp(`^plait: Cannot serve \\S+site\\.ts: .*${message.source}.*\n$`))
    assert.equal(code, 1)
  })
}

test('plait web --service that throws, is not there, or does not parse says where', async (t) => {
  const throws = await failing(t, 'const x: number = 3\nthrow new Error("boom")')
  assert.match(throws.stderr, /^plait: Cannot load \S+site\.ts: Error: boom\n[^]*site\.ts:2:/)
  const parse = await failing(t, 'export const = 3')
  assert.match(parse.stderr, /^plait: Cannot load \S+site\.ts: line 1: /)
  const missing = await runPlait(['web', '--service', 'none.ts'])
  assert.match(missing.stderr, /^plait: Cannot serve \S+none\.ts: there is no such file\n$/)
  assert.deepEqual([throws.code, parse.code, missing.code], [1, 1, 1])
})

test('plait web --service with mounts needs the resource, and warns of options that a site of its own does not use', async (t) => {
  const site = `import { Data, Resource, Site } from 'plait'
    const root = new Resource()
    root.putChild('', new Data('served', 'text/plain'))
    export default new Site(root)`
  const mounted = await failing(t, site, ['--mount', '/x=a.txt'])
  assert.match(
    mounted.stderr,
    /^plait: Cannot serve \S+site\.ts: it makes a site of its own\. With --mount, --uid and --gid it must export the resource/,
  )
  assert.equal(mounted.code, 1)
  const cwd = folderWith(t, { 'site.ts': site, 'resource.ts': site.replace('new Site(root)', 'root'), 'a.txt': 'mounted' })
  const alone = await startWeb(['--service', 'site.ts', '--add-header', 'X: y'], { cwd })
  t.after(() => alone.stop())
  assert.match(alone.log(), /WARN: --add-header not used: \S+site\.ts makes a site of its own/)
  const both = await startWeb(['--service', 'resource.ts', '--mount', '/x=a.txt', '--add-header', 'X: y'], { cwd })
  t.after(() => both.stop())
  assert.equal(await text(both.url), 'served')
  assert.equal(await text(`${both.url}/x`), 'mounted')
  assert.equal((await fetch(both.url)).headers.get('x'), 'y')
})

test('plait web --uid runs the service file as that user, after the ports are bound (G --uid, G141)', async (t) => {
  const uid = process.getuid?.() === 0 ? 65534 : (process.getuid?.() as number)
  const cwd = folderWith(t, {
    'site.mjs': `export const listen = 'unix:/never'
      export const root = { isLeaf: true, getChildWithDefault() { return this }, render: () => String(process.getuid()) }`,
  })
  chmodSync(cwd, 0o755)
  const server = await startWeb(['--service', 'site.mjs', '--uid', String(uid)], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(server.url), String(uid))
  assert.match(server.log(), /WARN: With --uid and --gid what \S+site\.mjs exports as listen does not count: say --listen/)
})

test('plait web ends although code of the user leaves timers behind, also when it cannot start', async (t) => {
  const source = `import { Data } from 'plait'
    setInterval(() => undefined, 1000)
    export default new Data('', 'text/plain')`
  const cwd = folderWith(t, { 'site.ts': source, 'wrong.ts': source.replace('export default', 'void ') })
  const server = await startWeb(['--service', 'site.ts'], { cwd })
  await server.stop()
  assert.equal(await server.exited, 0)
  const { code } = await runPlait(['web', '--listen', '127.0.0.1:0', '--service', 'wrong.ts'], { cwd })
  assert.equal(code, 1)
})

test('plait web lives on when code of the user throws where nobody catches it, and logs that', async (t) => {
  const cwd = folderWith(t, {
    'page.rpy.mjs': `
      import { Resource } from 'plait'
      class Page extends Resource {
        isLeaf = true
        render_GET(request) {
          if (request.uri === '/timer') setTimeout(() => { throw new Error('thrown in a timer') })
          if (request.uri === '/promise') void Promise.reject(new Error('rejected in vain'))
          if (request.uri === '/value') void Promise.reject({ code: 'NO_ERROR' })
          return 'here'
        }
      }
      export const resource = new Page()`,
  })
  const server = await startWeb(['--resource-script', 'page.rpy.mjs'], { cwd })
  t.after(() => server.stop())
  for (const [path, said] of [
    ['/timer', /An error that nobody caught.*thrown in a timer/],
    ['/promise', /A promise was rejected that nobody waited for.*rejected in vain/],
    ['/value', /A promise was rejected that nobody waited for.*NO_ERROR/],
  ] as const) {
    assert.equal(await (await fetch(`${server.url}${path}`)).text(), 'here')
    await until(`${path} is logged`, () => said.test(server.log()))
  }
  assert.equal(await (await fetch(`${server.url}/`)).text(), 'here')
})

test('plait web does not start when code of the user throws in vain before it has', async (t) => {
  const cwd = folderWith(t, {
    'site.mjs': `import { Data } from 'plait'\nvoid Promise.reject(new Error('no database'))\nawait new Promise((r) => setTimeout(r, 50))\nexport default new Data('x', 'text/plain')`,
  })
  const { code, stderr } = await runPlait(['web', '--service', 'site.mjs', '--listen', '127.0.0.1:0'], { cwd })
  assert.match(stderr, /no database/)
  assert.equal(code, 1)
})

test('plait web --python holds for applications of service files and scripts too', async (t) => {
  const cwd = folderWith(t, {
    'marked/app.py': `
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ.get("MARK", "another interpreter").encode()]
`,
    'marked/python': '#!/bin/sh\nMARK="the interpreter of --python" exec python3 "$@"\n',
    'marked/service.ts': `
import { Resource, WSGIResource, reactor } from 'plait'
const root = new Resource()
root.putChild('app', new WSGIResource(reactor, reactor.getThreadPool(), 'app.application'))
export const resource = root
`,
    'marked/app.rpy.ts': `
import { WSGIResource, reactor } from 'plait'
export const resource = new WSGIResource(reactor, reactor.getThreadPool(), 'app.application')
`,
  })
  chmodSync(`${cwd}/marked/python`, 0o755)
  const marked = `${cwd}/marked`
  for (const [words, page] of [
    [['--service', 'service.ts'], '/app'],
    [['--path', '.'], '/app.rpy.ts'],
  ] as const) {
    const server = await startWeb([...words, '--python', './python'], { cwd: marked })
    t.after(() => server.stop())
    assert.equal(await text(server.url.replace(/\/$/, '') + page), 'the interpreter of --python', words[0])
    await server.stop()
  }
})
