import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { notFound } from '#src/resource/error-page.ts'
import { Resource, definedMethods } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { MemoryClient, requestFor } from '#src/testing.ts'

/** Answers with where it stands in the tree. */
class Where extends Resource {
  readonly name: string

  constructor(name: string, isLeaf = false) {
    super()
    this.name = name
    this.isLeaf = isLeaf
  }

  render_GET(request: Request): string {
    return JSON.stringify({ name: this.name, prepath: request.prepath, postpath: request.postpath })
  }
}

const ask = async (root: TreeNode, path: string): Promise<unknown> => {
  const response = await requestFor(root, { path })
  return response.status === 200 ? response.json() : response.status
}

test('Resource children are found by exactly their name, the index by the empty one (B55, B56)', async () => {
  const root = new Resource()
  const dir = new Where('dir')
  root.putChild('dir', dir)
  dir.putChild('', new Where('index'))
  assert.deepEqual(await ask(root, '/dir'), { name: 'dir', prepath: ['dir'], postpath: [] })
  assert.deepEqual(await ask(root, '/dir/'), { name: 'index', prepath: ['dir', ''], postpath: [] })
  assert.equal(await ask(root, '/Dir'), 404)
  assert.equal(await ask(root, '/dir/x'), 404)
})

test('Resource.getChild is a 404 page at any depth by default (B56)', async () => {
  assert.equal(await ask(new Resource(), '/'), 404)
  assert.equal(await ask(new Resource(), '/a/b/c/'), 404)
})

test('Resource.putChild replaces silently and is visible at once (B57)', async () => {
  const root = new Resource()
  const client = new MemoryClient(root)
  assert.equal((await client.request('/x')).status, 404)
  root.putChild('x', new Where('one'))
  assert.match((await client.request('/x')).text, /one/)
  root.putChild('x', new Where('two'))
  assert.match((await client.request('/x')).text, /two/)
})

test('Resource.putChild refuses a name that is no string (B57)', () => {
  const put = () => new Resource().putChild(5 as unknown as string, new Resource())
  assert.throws(put, { code: 'PLAIT_RESOURCE' })
})

test('Resource tells and forgets its children (B57)', () => {
  const root = new Resource()
  const [a, b] = [new Resource(), new Resource()]
  root.putChild('a', a)
  root.putChild('b', b)
  assert.deepEqual(root.listNames(), ['a', 'b'])
  assert.deepEqual(root.listEntities(), [a, b])
  assert.equal(root.getStaticEntity('a'), a)
  root.delEntity('a')
  root.delEntity('never there')
  assert.deepEqual(root.listNames(), ['b'])
  assert.equal(root.getStaticEntity('a'), undefined)
})

test('Resource leaves keep the rest of the path (B58)', async () => {
  const root = new Resource()
  root.putChild('leaf', new Where('leaf', true))
  assert.deepEqual(await ask(root, '/leaf/a/b/'), { name: 'leaf', prepath: ['leaf'], postpath: ['a', 'b', ''] })
  assert.deepEqual(await ask(new Where('root', true), '/x'), { name: 'root', prepath: [], postpath: ['x'] })
})

test('Resource.getChild may hand segments back to a leaf (A7, B58)', async () => {
  class Root extends Resource {
    override getChild(name: string, request: Request): TreeNode {
      request.prepath.pop()
      request.postpath.unshift(name)
      return new Where('application', true)
    }
  }
  const root = new Root()
  root.putChild('static', new Where('static', true))
  assert.deepEqual(await ask(root, '/x/y'), { name: 'application', prepath: [], postpath: ['x', 'y'] })
  assert.deepEqual(await ask(root, '/static/y'), { name: 'static', prepath: ['static'], postpath: ['y'] })
})

test('Resource children are matched on decoded segments (B59)', async () => {
  const root = new Resource()
  root.putChild('get', new Where('get'))
  root.putChild('a/b', new Where('slash'))
  root.putChild('a b', new Where('space'))
  assert.deepEqual(await ask(root, '/%67et'), { name: 'get', prepath: ['get'], postpath: [] })
  assert.deepEqual(await ask(root, '/a%2Fb'), { name: 'slash', prepath: ['a/b'], postpath: [] })
  assert.deepEqual(await ask(root, '/a%20b'), { name: 'space', prepath: ['a b'], postpath: [] })
})

test('Resource finds a child outside ASCII by its UTF-8 and by its latin-1 bytes', async () => {
  const root = new Resource()
  root.putChild('café', new Where('café', true))
  root.putChild('日', new Where('day', true))
  for (const path of ['/caf%C3%A9', '/caf%E9', '/%E6%97%A5']) assert.notEqual(await ask(root, path), 404)
  root.delEntity('café')
  for (const path of ['/caf%C3%A9', '/caf%E9']) assert.equal(await ask(root, path), 404)
})

test('Resource.getChild may give a promise', async () => {
  class Root extends Resource {
    override async getChild(name: string): Promise<TreeNode> {
      await Promise.resolve()
      if (name === 'gone') return notFound()
      const child = new Where(name)
      child.putChild('deeper', new Where('deeper'))
      return child
    }
  }
  assert.deepEqual(await ask(new Root(), '/x/deeper'), { name: 'deeper', prepath: ['x', 'deeper'], postpath: [] })
  assert.equal(await ask(new Root(), '/gone/x'), 404)
})

test('definedMethods lists what has a render method, base class first, HEAD with GET (B62)', () => {
  class Base extends Resource {
    render_GET(): string {
      return ''
    }
  }
  class Derived extends Base {
    render_POST(): string {
      return ''
    }
  }
  assert.deepEqual(definedMethods(new Derived()), ['HEAD', 'GET', 'POST'])
  assert.deepEqual(definedMethods(new Resource()), [])
})
