import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type TreeNode } from '#src/resource/resource.ts'
import { Data } from '#src/resources/data.ts'
import { RewriterResource, type RewriteRule } from '#src/resources/rewrite/rewriter-resource.ts'
import { alias, tildeToUsers } from '#src/resources/rewrite/rules.ts'
import { serve } from '../../resource/serve.ts'

/** A resource at every path, that says where it is. */
class Everywhere extends Resource {
  override getChild(): TreeNode {
    return this
  }
  render_GET({ prepath, postpath }: Request): string {
    return JSON.stringify([prepath, postpath])
  }
}

async function ask(path: string, ...rules: RewriteRule[]): Promise<unknown> {
  const response = await serve(new RewriterResource(new Everywhere(), ...rules)).port.request(`GET ${path}`)
  return response.status === 200 ? (JSON.parse(response.text) as string[][])[0] : response.status
}

test('RewriterResource asks its rules in order, with the path as a whole (H144)', async () => {
  const seen: unknown[] = []
  const watch: RewriteRule = ({ prepath, postpath }) => void seen.push([[...prepath], [...postpath]])
  const rule: RewriteRule = (request) => void (request.postpath = ['new', ...request.postpath.slice(1)])
  assert.deepEqual(await ask('/old/a%20b/', watch, rule, watch), ['new', 'a b', ''])
  assert.deepEqual(seen, [
    [[], ['old', 'a b', '']],
    [[], ['new', 'a b', '']],
  ])
})

test('RewriterResource lets rules edit what the tree has used (H144)', async () => {
  const root = new Resource()
  const forget: RewriteRule = (request) => void request.prepath.splice(0)
  root.putChild('app', new RewriterResource(new Everywhere(), forget))
  assert.equal((await serve(root).port.request('GET /app/x')).text, '[["x"],[]]')
})

test('RewriterResource passes a leaf what the rules left of the path, and rewrites where the path ends', async () => {
  class Leaf extends Everywhere {
    override isLeaf = true
  }
  const root = new Resource()
  root.putChild('leaf', new RewriterResource(new Leaf(), alias('a', 'b')))
  const add: RewriteRule = (request) => void (request.postpath.length === 0 && request.postpath.push('index'))
  root.putChild('end', new RewriterResource(new Everywhere(), add))
  const late: TreeNode = { isLeaf: false, getChildWithDefault: () => Promise.resolve(new Everywhere()), render: () => '' }
  root.putChild('late', new RewriterResource(late, add))
  const { port } = serve(root)
  assert.equal((await port.request('GET /leaf/a/c')).text, '[["leaf"],["b","c"]]')
  assert.equal((await port.request('GET /end')).text, '[["end","index"],[]]')
  assert.equal((await port.request('GET /late')).text, '[["late","index"],[]]')
})

test('RewriterResource serves its own children first, unchanged', async () => {
  const rewriter = new RewriterResource(new Everywhere(), alias('own', 'other'))
  rewriter.putChild('own', new Data('own', 'text/plain'))
  assert.equal((await serve(rewriter).port.request('GET /own')).text, 'own')
  assert.equal(rewriter.listEntities().length, 2)
})

test('a rule that throws is a failure of the server', async () => {
  const fail: RewriteRule = () => {
    throw new Error('rule')
  }
  assert.equal(await ask('/x', fail), 500)
})

test('alias leads one path to another, by whole segments (H144)', async () => {
  const rule = alias('/old/news/', 'archive/2019')
  assert.deepEqual(await ask('/old/news/page', rule), ['archive', '2019', 'page'])
  assert.deepEqual(await ask('/old/news', rule), ['archive', '2019'])
  assert.deepEqual(await ask('/old/news/', rule), ['archive', '2019', ''])
  assert.deepEqual(await ask('/old/newspaper', rule), ['old', 'newspaper'])
  assert.deepEqual(await ask('/old', rule), ['old'])
  assert.deepEqual(await ask('/x/old/news', rule), ['x', 'old', 'news'])
  assert.deepEqual(await ask('/old/x', alias('old', '')), ['x'])
  assert.deepEqual(await ask('/caf%C3%A9/x', alias('café', 'ü')), ['\xc3\xbc', 'x'])
  assert.throws(() => alias('/', 'x'), { code: 'PLAIT_RESOURCE' })
})

test('tildeToUsers leads ~name to users/name (H144)', async () => {
  assert.deepEqual(await ask('/~anna/page', tildeToUsers), ['users', 'anna', 'page'])
  assert.deepEqual(await ask('/%7Eanna/', tildeToUsers), ['users', 'anna', ''])
  assert.deepEqual(await ask('/~', tildeToUsers), ['users', ''])
  assert.deepEqual(await ask('/x/~anna', tildeToUsers), ['x', '~anna'])
  assert.deepEqual(await ask('/', tildeToUsers), [''])
})
