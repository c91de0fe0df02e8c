import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveTree } from './tree.ts'

test('File serves GET and HEAD of a file and refuses other methods (E118)', async () => {
  const { port } = serveTree({ 'f.txt': 'hello' })
  const got = await port.request('GET /f.txt')
  assert.equal(got.status, 200)
  assert.equal(got.text, 'hello')
  assert.equal(got.headers['content-length'], '5')
  const head = await port.request('HEAD /f.txt')
  assert.equal(head.status, 200)
  assert.equal(head.headers['content-length'], '5')
  assert.equal(head.body.length, 0)
  const posted = await port.request('POST /f.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  assert.equal(posted.status, 405)
  assert.equal(posted.headers['allow'], 'HEAD, GET')
})

test('File gives 404 for what is not there, and for anything below a file (E118)', async () => {
  const { port } = serveTree({ 'f.txt': 'hello' })
  for (const path of ['/nothing', '/f.txt/', '/f.txt/x', '/f.txt/x/y', '/nothing/']) {
    const response = await port.request(`GET ${path}`)
    assert.equal(response.status, 404, path)
    assert.match(response.text, /File not found\./)
  }
})
