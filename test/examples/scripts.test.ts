import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'
import { childrenOf } from '../support/processes.ts'

test('examples/scripts runs its scripts, and again when they change', async (t) => {
  // A copy, since files of it are changed.
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-scripts-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(`${root}/examples/scripts`, folder, { recursive: true })
  symlinkSync(`${root}/package.json`, path.join(folder, 'package.json'))
  symlinkSync(`${root}/dist`, path.join(folder, 'dist'))
  const server = await startProgram(path.join(folder, 'serve.mjs'), { PORT: '0' })
  t.after(() => server.stop())
  const text = async (target: string): Promise<string> => (await fetch(server.url + target)).text()

  assert.match(await text('/'), /<h1>Scripts<\/h1>/)
  assert.match(await text('/clock'), /^It is \d\d:\d\d:\d\d\.\n$/)
  assert.match(await text('/clock.rpy.ts/Asia/Tokyo'), /^It is \d\d:\d\d:\d\d\.\n$/)
  assert.match(await text('/clock/No/Where'), /zone that nobody knows/)
  assert.equal(await text('/wsgi.rpy.ts/some/path'), 'SCRIPT_NAME=/wsgi.rpy.ts PATH_INFO=/some/path\n')
  assert.equal(await text('/wsgi'), 'SCRIPT_NAME=/wsgi PATH_INFO=\n')

  const hosts = childrenOf(server.pid)
  writeFileSync(path.join(folder, 'lib/time.ts'), `export const timeIn = () => 'later'\n`)
  assert.equal(await text('/clock'), 'It is later.\n')
  const script = `import { WSGIResource, reactor } from 'plait'\nexport const resource = new WSGIResource(reactor, reactor.getThreadPool(), 'foo.application') // changed\n`
  writeFileSync(path.join(folder, 'public/wsgi.rpy.ts'), script)
  assert.equal(await text('/wsgi/x'), 'SCRIPT_NAME=/wsgi PATH_INFO=/x\n')
  // The same application: the same processes.
  assert.deepEqual(childrenOf(server.pid), hosts)
})
