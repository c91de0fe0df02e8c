import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Data } from '#src/resources/data.ts'
import { Resource } from '#src/resource/resource.ts'
import { requestFor } from '#src/testing.ts'

test('Data answers GET and HEAD with its bytes, their length and type (B73)', async () => {
  const root = asRoot(new Data(Uint8Array.of(1, 255), 'image/x'))
  const response = await requestFor(root, { path: '/data' })
  assert.deepEqual([...response.body], [1, 255])
  assert.equal(response.headers['content-type'], 'image/x')
  assert.equal(response.headers['content-length'], '2')
  const head = await requestFor(root, { method: 'HEAD', path: '/data' })
  assert.equal(head.headers['content-length'], '2')
  assert.equal(head.body.length, 0)
})

test('Data is no leaf: below it there is nothing (B73)', async () => {
  assert.equal((await requestFor(asRoot(new Data('x', 'text/plain')), { path: '/data/' })).status, 404)
})

test('Data refuses other methods', async () => {
  const response = await requestFor(asRoot(new Data('x', 'text/plain')), { method: 'DELETE', path: '/data' })
  assert.equal(response.status, 405)
  assert.equal(response.headers['allow'], 'HEAD, GET')
})

function asRoot(data: Data): Resource {
  const root = new Resource()
  root.putChild('data', data)
  return root
}
