import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

  const words = [path.join(folder, 'node_modules/.bin/plait'), 'web', '--wsgi', 'foo.application', '--listen', '127.0.0.1:0']
  const server = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => server.kill('SIGKILL'))
  let log = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  await until('the server listens', () => /listening on http/.test(log))
  const url = /listening on (http:\S+)/.exec(log)?.[1] as string
  assert.equal(await (await fetch(url)).text(), 'Hello, world!')
  server.kill('SIGINT')
  assert.deepEqual(await once(server, 'exit'), [0, null])
})
