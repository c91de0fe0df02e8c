import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './support/paths.ts'
import { until } from './support/until.ts'

const program = `
import { NodeReactor, Resource, Site, ThreadPool, WSGIResource, reactor } from 'plait'
import { Clock, MemoryReactor } from 'plait/testing'
if (![NodeReactor, Resource, Site, ThreadPool, WSGIResource, Clock, MemoryReactor].every((one) => typeof one === 'function')) throw new Error('missing')
const root = new Resource()
root.putChild('app', new WSGIResource(reactor, reactor.getThreadPool(), 'foo.application'))
const port = reactor.listenTCP(0, new Site(root), { interface: '127.0.0.1' })
await port.ready
reactor.callWhenRunning(async () => {
  const response = await fetch('http://127.0.0.1:' + port.getHost().port + '/app/')
  console.log(response.status, await response.text())
  await reactor.stop()
})
await reactor.run()
console.log('stopped')
`

/** Scripts lie in a folder with no package near, and in one with another Plait near. */
const scripts = `
import assert from 'node:assert/strict'
import { File, Registry, Resource, Site, WSGIResource, reactor, scriptProcessors } from 'plait'
import { Clock } from 'plait/testing'
const registry = new Registry()
const root = new Resource()
for (const name of ['far', 'near']) root.putChild(name, new File(process.argv[2] + '/' + name, { processors: scriptProcessors, registry }))
const port = reactor.listenTCP(0, new Site(root, { displayTracebacks: true }), { interface: '127.0.0.1' })
await port.ready
const url = 'http://127.0.0.1:' + port.getHost().port
reactor.callWhenRunning(async () => {
  for (const folder of ['far', 'near']) for (const ending of ['ts', 'js', 'mjs']) {
    registry.setComponent(Symbol.for('found'), undefined)
    const response = await fetch(url + '/' + folder + '/a.rpy.' + ending)
    const text = await response.text()
    assert.equal(text, folder + ' ' + ending, text)
    const found = registry.getComponent(Symbol.for('found'))
    assert.equal(found.length, 3)
    for (const one of found) {
      assert.equal(one.reactor, reactor)
      assert.equal(one.Resource, Resource)
      assert.equal(one.WSGIResource, WSGIResource)
      assert.equal(one.Clock, Clock)
    }
    console.log(text)
  }
  console.log((await (await fetch(url + '/far/wsgi.rpy.ts/some/path')).text()).trim())
  await reactor.stop()
})
await reactor.run()
`

function writeScripts(folder: string): void {
  const names = '{ reactor, Resource, WSGIResource, Clock }'
  const imports = `import { Data, reactor, Resource, WSGIResource } from 'plait'\nimport { Clock } from 'plait/testing'`
  for (const place of ['far', 'near']) {
    mkdirSync(path.join(folder, place), { recursive: true })
    for (const ending of ['ts', 'js', 'mjs']) {
      writeFileSync(path.join(folder, place, `helper-${ending}.${ending}`), `${imports}\nexport const found = ${names}`)
      const script = `${imports}
import { found } from './helper-${ending}.${ending}'
const later = { ...(await import('plait')), ...(await import('plait/testing')) }
export const resource = (registry) => {
  registry.setComponent(Symbol.for('found'), [${names}, found, later])
  return new Data('${place} ${ending}', 'text/plain')
}`
      writeFileSync(path.join(folder, place, `a.rpy.${ending}`), script)
    }
  }
  const running = `import { reactor, Data } from 'plait'
export const resource = () => new Data(\`\${reactor.running} \${Data.name}\`, 'text/plain')`
  writeFileSync(path.join(folder, 'near/running.rpy.mjs'), running)
  const other = path.join(folder, 'near/node_modules/plait')
  mkdirSync(other, { recursive: true })
  const values = ['Data', 'reactor', 'Resource', 'WSGIResource', 'Clock'].map((name) => `${name} = 'another'`).join(', ')
  const manifest = { name: 'plait', version: '0.0.1', type: 'module', exports: { '.': './i.js', './testing': './i.js' } }
  writeFileSync(path.join(other, 'package.json'), JSON.stringify(manifest))
  writeFileSync(path.join(other, 'i.js'), `export const ${values}`)
  copyFileSync(path.join(root, 'examples/scripts/public/wsgi.rpy.ts'), path.join(folder, 'far/wsgi.rpy.ts'))
  copyFileSync(path.join(root, 'examples/scripts/foo.py'), path.join(folder, 'far/foo.py'))
}

test('the packed package serves from an empty folder', { timeout: 180_000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-package-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  // The command of the package builds again; tests that run beside this one use dist/, so it must not.
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }]
  assert.ok(files.some((file) => file.path === 'python/host.py'))
  assert.ok(!files.some((file) => /^(src|test|bench|build)\//.test(file.path) || file.path.endsWith('.pyc')))

  writeFileSync(path.join(folder, 'package.json'), '{"private": true, "type": "module"}')
  copyFileSync(path.join(root, 'examples/hello/foo.py'), path.join(folder, 'foo.py'))
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  } catch (error) {
    return t.skip(`npm cannot install: ${String((error as { stderr?: Buffer }).stderr).slice(0, 200)}`)
  }

  writeFileSync(path.join(folder, 'program.mjs'), program)
  assert.equal(
    execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    '200 Hello, world!\nstopped\n',
  )

  const elsewhere = mkdtempSync(path.join(tmpdir(), 'plait-scripts-'))
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }))
  writeScripts(elsewhere)
  writeFileSync(path.join(folder, 'scripts.mjs'), scripts)
  assert.equal(
    execFileSync(process.execPath, ['scripts.mjs', elsewhere], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
    'far ts\nfar js\nfar mjs\nnear ts\nnear js\nnear mjs\nSCRIPT_NAME=/far/wsgi.rpy.ts PATH_INFO=/some/path\n',
  )

  const serve = async (...options: string[]): Promise<{ url: string; stop: () => Promise<void> }> => {
    const words = [path.join(folder, 'node_modules/.bin/plait'), 'web', ...options, '--listen', '127.0.0.1:0']
    const server = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    t.after(() => server.kill('SIGKILL'))
    let log = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    await until('the server listens', () => /listening on http/.test(log))
    const stop = async (): Promise<void> => {
      server.kill('SIGINT')
      assert.deepEqual(await once(server, 'exit'), [0, null])
    }
    return { url: /listening on (http:\S+)/.exec(log)?.[1] as string, stop }
  }
  const application = await serve('--wsgi', 'foo.application')
  assert.equal(await (await fetch(application.url)).text(), 'Hello, world!')
  await application.stop()
  const script = await serve('--resource-script', path.join(elsewhere, 'near/running.rpy.mjs'))
  assert.equal(await (await fetch(script.url)).text(), 'true Data')
  await script.stop()
  const directory = await serve('--path', elsewhere)
  assert.equal(await (await fetch(`${directory.url}near/running.rpy.mjs`)).text(), 'true Data')
  await directory.stop()
})
