import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { MountTree, mountSegments } from '#src/resources/mount-tree.ts'
import { serve } from '../resource/serve.ts'

/** A leaf that says who it is and how it was reached. */
class Named extends Resource {
  override isLeaf = true
  readonly name: string
  constructor(name: string) {
    super()
    this.name = name
  }
  render_GET(request: Request): string {
    return `${this.name} ${JSON.stringify(request.prepath)} ${JSON.stringify(request.postpath)}`
  }
}

/** What a GET of `path` gives: its body, or its status where that is not 200. */
async function get(root: TreeNode, path: string): Promise<string | number> {
  const { status, body } = await serve(root).port.request(`GET ${path}`)
  return status === 200 ? body.toString() : status
}

test('MountTree sends a request to the mount with the longest path', async () => {
  const tree = new MountTree({ '/a': new Named('a'), '/a/b': new Named('ab'), '/x/y/z': new Named('xyz') })
  assert.equal(await get(tree, '/a'), 'a ["a"] []')
  assert.equal(await get(tree, '/a/'), 'a ["a"] [""]')
  assert.equal(await get(tree, '/a/c/b'), 'a ["a"] ["c","b"]')
  assert.equal(await get(tree, '/a/b/c'), 'ab ["a","b"] ["c"]')
  assert.equal(await get(tree, '/a/bc'), 'a ["a"] ["bc"]')
  assert.equal(await get(tree, '/x/y/z/'), 'xyz ["x","y","z"] [""]')
  for (const path of ['/', '/x', '/x/y', '/x/y/', '/ab', '//a']) assert.equal(await get(tree, path), 404, path)
})

test('MountTree gives what no mount takes to the one at /, with nothing in prepath (A7)', async () => {
  const tree = new MountTree({ '/': new Named('root'), '/static': new Named('static'), '/deep/er': new Named('deeper') })
  assert.equal(await get(tree, '/'), 'root [] [""]')
  assert.equal(await get(tree, '/other/x'), 'root [] ["other","x"]')
  assert.equal(await get(tree, '/deep/'), 'root [] ["deep",""]')
  assert.equal(await get(tree, '/static/x'), 'static ["static"] ["x"]')
  assert.equal(await get(tree, '//static'), 'root [] ["","static"]')
})

test('MountTree goes on into a mount that has children, also into the one at /', async () => {
  const root = new Resource()
  root.putChild('', new Named('index'))
  root.putChild('child', new Named('child'))
  const branch = new Resource()
  branch.putChild('leaf', new Named('leaf'))
  const tree = new MountTree({ '/': root, '/branch': branch })
  assert.equal(await get(tree, '/'), 'index [""] []')
  assert.equal(await get(tree, '/child/x'), 'child ["child"] ["x"]')
  assert.equal(await get(tree, '/branch/leaf'), 'leaf ["branch","leaf"] []')
  assert.equal(await get(tree, '/branch/none'), 404)
})

test('MountTree works as a child of another resource', async () => {
  const root = new Resource()
  root.putChild('in', new MountTree({ '/': new Named('root'), '/a/b': new Named('ab') }))
  root.putChild('bare', new MountTree({ '/a': new Named('a') }))
  assert.equal(await get(root, '/in'), 'root ["in"] []')
  assert.equal(await get(root, '/in/a/b/c'), 'ab ["in","a","b"] ["c"]')
  assert.equal(await get(root, '/in/a/c'), 'root ["in"] ["a","c"]')
  assert.equal(await get(root, '/bare'), 404)
})

test('MountTree compares decoded segments: escapes and UTF-8 are found, an encoded slash parts nothing', async () => {
  const tree = new MountTree({ '/café': new Named('café'), '/a%20b': new Named('a b'), '/one%2Ftwo': new Named('one/two') })
  assert.match(String(await get(tree, '/caf%C3%A9/x')), /^café/)
  assert.match(String(await get(tree, '/%61%20b')), /^a b/)
  assert.match(String(await get(tree, '/one%2ftwo')), /^one\/two/)
  assert.equal(await get(tree, '/one/two'), 404)
})

test('MountTree refuses a path twice, and what is no path', () => {
  const tree = new MountTree({ '/a': new Named('a') })
  assert.throws(() => tree.mount('/a/', new Named('again')), /Cannot mount a resource at \/a\/: there is one already/)
  const wrong: readonly [string, RegExp][] = [
    ['', /begin with a slash/],
    ['a', /begin with a slash/],
    ['/a?b', /no query/],
    ['/a#b', /no fragment/],
    ['//', /empty segment/],
    ['/a//b', /empty segment/],
    ['/a/../b', /clients take/],
    ['/a/%2E', /clients take/],
    ['/%zz', /no path of a URL/],
    ['/a%00', /no path of a URL/],
    ['/a\n', /no path of a URL/],
  ]
  for (const [path, message] of wrong) {
    assert.throws(() => tree.mount(path, new Named('x')), { code: 'PLAIT_RESOURCE', message }, path)
  }
})

test('mountSegments gives latin-1 segments, none for /', () => {
  assert.deepEqual(mountSegments('/'), [])
  assert.deepEqual(mountSegments('/a/b/'), ['a', 'b'])
  assert.deepEqual(mountSegments('/é'), ['Ã©'])
})
