import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type TreeNode } from '#src/resource/resource.ts'
import { ParentRedirect, Redirect, redirectTo } from '#src/resources/redirect.ts'
import { serve } from '../resource/serve.ts'

function at(name: string, resource: TreeNode) {
  const root = new Resource()
  root.putChild(name, resource)
  return serve(root).port
}

test('Redirect answers any method, at any depth, with 302, Location and a page that links there (B71)', async () => {
  const port = at('old', new Redirect('https://other.example/a?b=1&c=2'))
  for (const request of ['GET /old', 'POST /old', 'DELETE /old/deep/er?x=1']) {
    const response = await port.request(request)
    assert.equal(response.status, 302, request)
    assert.equal(response.headers['location'], 'https://other.example/a?b=1&c=2')
    assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(response.text, /<a href="https:\/\/other\.example\/a\?b=1&amp;c=2">/)
    assert.match(response.text, /<meta http-equiv="refresh" content="0;url=https:\/\/other\.example\/a\?b=1&amp;c=2">/)
  }
  const head = await port.request('HEAD /old')
  assert.deepEqual([head.status, head.body.length], [302, 0])
})

test('Redirect takes the codes of redirects, and no other', async () => {
  for (const code of [301, 302, 303, 307, 308] as const) {
    assert.equal((await at('old', new Redirect('/new', { code })).request('GET /old')).status, code)
  }
  assert.equal((await at('old', new Redirect('/new', { code: 200 as never })).request('GET /old')).status, 500)
})

test('redirectTo makes of every text a field and a page that can be nothing else (B71)', async () => {
  const redirected = (url: string) =>
    at('x', { isLeaf: true, getChildWithDefault: never, render: (request: Request) => redirectTo(url, request) }).request(
      'GET /x',
    )
  const hostile = await redirected('/"><script>alert(1)</script>\\é')
  assert.equal(hostile.status, 302)
  assert.equal(hostile.headers['location'], '/%22%3E%3Cscript%3Ealert(1)%3C/script%3E%5C%C3%A9')
  assert.doesNotMatch(hostile.text, /<script/)
  const single = await redirected("/it's")
  assert.match(single.text, /href="\/it&#39;s"/)
  for (const url of ['/a\r\nSet-Cookie: x=1', 'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x']) {
    const response = await redirected(url)
    assert.deepEqual(
      [response.status, response.headers['location'], response.headers['set-cookie']],
      [500, undefined, undefined],
      url,
    )
  }
})

test('ParentRedirect leads to the directory of the resource, by a relative URL without the query (B71)', async () => {
  const root = new Resource()
  root.putChild('leaf', new ParentRedirect())
  const deep = new Resource()
  deep.putChild('leaf', new ParentRedirect({ code: 303 }))
  root.putChild('deep', deep)
  const { port } = serve(root)
  const leads = async (path: string) => {
    const { headers } = await port.request(`GET ${path}`)
    return new URL(headers['location'] as string, `http://h${path}`).href
  }
  assert.equal(await leads('/leaf'), 'http://h/')
  assert.equal(await leads('/leaf?q=1'), 'http://h/')
  assert.equal(await leads('/deep/leaf'), 'http://h/deep/')
  assert.equal(await leads('/deep/leaf/more/segments?q'), 'http://h/deep/')
  assert.equal((await port.request('POST /deep/leaf')).status, 303)
})

function never(): never {
  throw new Error('A leaf has no children')
}
