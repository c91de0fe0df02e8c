import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Data } from '#src/resources/data.ts'
import { Resource } from '#src/resource/resource.ts'
import { serve } from '../resource/serve.ts'

test('Data answers GET and HEAD with its bytes, their length and type (B73)', async () => {
  const { port } = serve(asRoot(new Data(Uint8Array.of(1, 255), 'image/x')))
  const response = await port.request('GET /data')
  assert.deepEqual([...response.body], [1, 255])
  assert.equal(response.headers['content-type'], 'image/x')
  assert.equal(response.headers['content-length'], '2')
  const head = await port.request('HEAD /data')
  assert.equal(head.headers['content-length'], '2')
  assert.equal(head.body.length, 0)
})

test('Data is no leaf: below it there is nothing (B73)', async () => {
  const { port } = serve(asRoot(new Data('x', 'text/plain')))
  assert.equal((await port.request('GET /data/')).status, 404)
})

test('Data refuses other methods', async () => {
  const response = await serve(asRoot(new Data('x', 'text/plain'))).port.request('DELETE /data')
  assert.equal(response.status, 405)
  assert.equal(response.headers['allow'], 'HEAD, GET')
})

function asRoot(data: Data): Resource {
  const root = new Resource()
  root.putChild('data', data)
  return root
}
