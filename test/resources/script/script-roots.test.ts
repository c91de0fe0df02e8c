import assert from 'node:assert/strict'
import { chmodSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Registry, Resource, ResourceScriptDirectory, ResourceScriptWrapper } from '#src/index.ts'
import { serve } from '../../resource/serve.ts'
import { asOrdinaryUser } from '../../support/ordinary-user.ts'
import { makeTree, writeInto } from '../static/tree.ts'

const leaf = `import { Resource, type Request } from 'plait'
class Leaf extends Resource {
  override isLeaf = true
  render_GET(request: Request): string { return '[' + request.prepath.join('|') + '][' + request.postpath.join('|') + ']' }
}
export const resource = new Leaf()
`
const tree = `import { Data, Resource } from 'plait'
export const resource = new Resource()
resource.putChild('', new Data('index', 'text/plain'))
resource.putChild('child', new Data('child', 'text/plain'))
`

test('ResourceScriptWrapper serves a leaf at its place and below (F135)', async () => {
  const folder = makeTree({ 'root.rpy.ts': leaf })
  const { port } = serve(new ResourceScriptWrapper(path.join(folder, 'root.rpy.ts')))
  assert.equal((await port.request('GET /')).text, '[][]')
  assert.equal((await port.request('GET /a/b')).text, '[][a|b]')
  const root = new Resource()
  root.putChild('x', new ResourceScriptWrapper(path.join(folder, 'root.rpy.ts')))
  const below = serve(root).port
  assert.equal((await below.request('GET /x')).text, '[x][]')
  assert.equal((await below.request('GET /x/a/')).text, '[x][a|]')
})

test('ResourceScriptWrapper serves a tree, loads it again, and gives its registry (F135)', async () => {
  const folder = makeTree({ 'root.rpy.ts': tree })
  const registry = new Registry()
  const key = Symbol.for('plait test word')
  registry.setComponent(key, 'registered')
  const { port } = serve(new ResourceScriptWrapper(path.join(folder, 'root.rpy.ts'), registry))
  assert.equal((await port.request('GET /')).text, 'index')
  assert.equal((await port.request('GET /child')).text, 'child')
  assert.equal((await port.request('GET /none')).status, 404)
  writeInto(
    folder,
    'root.rpy.ts',
    `import { Data } from 'plait'\nexport const resource = (registry) => new Data(registry.getComponent(Symbol.for('plait test word')), 'text/plain')`,
  )
  // It is no leaf, and knows of no child.
  assert.equal((await port.request('GET /')).text, 'registered')
  assert.equal((await port.request('GET /none')).status, 404)
})

test('ResourceScriptWrapper answers 404 without its file, and 500 when it fails', async () => {
  const folder = makeTree({ 'bad.rpy.ts': 'throw new Error("bad")', 'none.rpy.ts': '' })
  const status = async (name: string): Promise<number> =>
    (await serve(new ResourceScriptWrapper(path.join(folder, name))).port.request('GET /')).status
  assert.equal(await status('absent.rpy.ts'), 404)
  assert.equal(await status('bad.rpy.ts'), 500)
  assert.equal(await status('none.rpy.ts'), 500)
})

test('ResourceScriptDirectory serves scripts and nothing else (F136)', async () => {
  const folder = makeTree({
    'a.rpy.ts': leaf,
    'sub/b.rpy.js': tree,
    'sub/index.rpy.mjs': tree,
    'secret.txt': 'secret',
    'helper.ts': 'export const secret = 1',
    '.a.rpy.ts': leaf,
    'dir.rpy.ts/c.rpy.ts': leaf,
  })
  const { port } = serve(new ResourceScriptDirectory(folder))
  assert.equal((await port.request('GET /a.rpy.ts/x')).text, '[a.rpy.ts][x]')
  assert.equal((await port.request('GET /sub/b.rpy.js/child')).text, 'child')
  assert.equal((await port.request('GET /dir.rpy.ts/c.rpy.ts')).text, '[dir.rpy.ts|c.rpy.ts][]')
  for (const target of [
    '/',
    '/secret.txt',
    '/helper.ts',
    '/.a.rpy.ts',
    '/none.rpy.ts',
    '/..',
    '/%2e%2e/x',
    '/a',
    '/dir.rpy.ts',
    '/dir.rpy.ts/',
  ]) {
    assert.equal((await port.request(`GET ${target}`)).status, 404, target)
  }
  const redirect = await port.request('GET /sub')
  assert.deepEqual([redirect.status, redirect.headers['location']], [302, './sub/'])
})

test('ResourceScriptDirectory has an index, also at its own place in a tree', async () => {
  const folder = makeTree({ 'index.rpy.ts': leaf })
  const root = new Resource()
  root.putChild('pages', new ResourceScriptDirectory(folder))
  const { port } = serve(root)
  assert.equal((await port.request('GET /pages/')).text, '[pages|][]')
  assert.equal((await port.request('GET /pages')).status, 302)
})

test('ResourceScriptDirectory runs nothing outside, and tells 403 from 404', async () => {
  const outside = makeTree({ 'a.rpy.ts': leaf, 'sub/b.rpy.ts': leaf })
  const folder = makeTree({ 'closed/a.rpy.ts': leaf })
  symlinkSync(path.join(outside, 'a.rpy.ts'), path.join(folder, 'a.rpy.ts'))
  symlinkSync(path.join(outside, 'sub'), path.join(folder, 'sub'))
  const { port } = serve(new ResourceScriptDirectory(folder))
  assert.equal((await port.request('GET /a.rpy.ts')).status, 404)
  assert.equal((await port.request('GET /sub/b.rpy.ts')).status, 404)
  chmodSync(path.join(folder, 'closed'), 0)
  await asOrdinaryUser([folder, path.join(folder, 'closed')], async () => {
    assert.equal((await port.request('GET /closed/a.rpy.ts')).status, 403)
  })
  chmodSync(path.join(folder, 'closed'), 0o700)
})
