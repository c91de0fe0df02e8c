import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { Data } from '#src/resources/data.ts'
import { DeferredResource } from '#src/resources/deferred-resource.ts'
import { serve } from '../resource/serve.ts'

class Leaf extends Resource {
  override isLeaf = true
  render_GET(request: Request): string {
    return JSON.stringify([request.prepath, request.postpath])
  }
}

/** A tree with a deferred child `later`, and what settles it. */
function deferred() {
  let fulfil: (resource: TreeNode) => void = () => undefined
  let refuse: (error: Error) => void = () => undefined
  const promise = new Promise<TreeNode>((resolve, reject) => {
    fulfil = resolve
    refuse = reject
  })
  const root = new Resource()
  root.putChild('later', new DeferredResource(promise))
  return { ...serve(root), fulfil: (resource: TreeNode) => fulfil(resource), refuse: (error: Error) => refuse(error) }
}

test('DeferredResource holds requests until the resource is known, then goes on from it, again and again (B71)', async () => {
  const { port, fulfil } = deferred()
  const waiting = port.request('GET /later/x/y')
  fulfil(new Leaf())
  assert.equal((await waiting).body.toString(), '[["later"],["x","y"]]')
  assert.equal((await port.request('GET /later')).body.toString(), '[["later"],[]]')
  assert.equal((await port.request('GET /later/')).body.toString(), '[["later"],[""]]')
})

test('DeferredResource asks the resource for its children (B71)', async () => {
  const { port, fulfil } = deferred()
  const root = new Resource()
  root.putChild('child', new Data('child', 'text/plain'))
  fulfil(root)
  assert.equal((await port.request('GET /later/child')).body.toString(), 'child')
  assert.equal((await port.request('GET /later/none')).status, 404)
  // The resource itself, which takes no method at all.
  assert.equal((await port.request('GET /later')).status, 405)
})

test('DeferredResource waits for a method that has taken its request over', async () => {
  class Slow extends Resource {
    render_GET(request: Request): void {
      setImmediate(() => {
        request.write('in the end')
        request.finish()
      })
    }
  }
  const { port, fulfil } = deferred()
  fulfil(new Slow())
  assert.equal((await port.request('GET /later')).body.toString(), 'in the end')
})

test('DeferredResource that is rejected answers 500 (B71)', async () => {
  const { port, logger, refuse } = deferred()
  const waiting = port.request('GET /later/x')
  refuse(new Error('no luck'))
  assert.equal((await waiting).status, 500)
  assert.equal((await port.request('GET /later')).status, 500)
  assert.match(JSON.stringify(logger.records), /no luck/)
})
