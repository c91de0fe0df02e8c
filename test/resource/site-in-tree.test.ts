import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { serve } from './serve.ts'

class Where extends Resource {
  render_GET(request: Request): string {
    return JSON.stringify([request.prepath, request.postpath, request.site === inner])
  }
}

class Leaf extends Where {
  override isLeaf = true
}

const tree = new Resource()
tree.putChild('', new Where())
tree.putChild('page', new Where())
const inner = new Site(tree)

test('a Site in the tree of another passes its path on, and is the site of these requests (B75)', async () => {
  const root = new Resource()
  root.putChild('sub', inner)
  root.putChild('leaf', new Site(new Leaf()))
  const { port } = serve(root)
  assert.equal((await port.request('GET /sub/')).text, '[["sub",""],[],true]')
  assert.equal((await port.request('GET /sub/page')).text, '[["sub","page"],[],true]')
  assert.equal((await port.request('GET /sub/none')).status, 404)
  assert.deepEqual(inner.listEntities(), [tree])
  assert.equal((await port.request('GET /leaf/a/b')).text, '[["leaf"],["a","b"],false]')
})

test('a Site in a tree is a directory: without a slash at its end it redirects, the query kept (B75)', async () => {
  const root = new Resource()
  root.putChild('sub', inner)
  const response = await serve(root).port.request('GET /sub?x=1')
  assert.deepEqual([response.status, response.headers['location']], [302, './sub/?x=1'])
})
