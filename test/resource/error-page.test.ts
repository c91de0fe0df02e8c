import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorPage, escapeHTML, forbidden, notFound } from '#src/resource/error-page.ts'
import { serve } from './serve.ts'

test('errorPage answers every method at any depth, escaped, as UTF-8 HTML (B70)', async () => {
  const { port } = serve(errorPage(418, 'Tea & <co>', `"it's"`))
  for (const target of ['GET /', 'POST /a/b', 'PROPFIND /x/']) {
    const response = await port.request(target)
    assert.equal(response.status, 418)
    assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(response.text, /<title>418 - Tea &amp; &lt;co&gt;<\/title>/)
    assert.match(response.text, /<h1>Tea &amp; &lt;co&gt;<\/h1>/)
    assert.match(response.text, /<p>&quot;it&#39;s&quot;<\/p>/)
  }
  assert.equal((await port.request('HEAD /')).status, 418)
})

test('notFound and forbidden have default texts (B70)', async () => {
  const missing = await serve(notFound()).port.request('GET /')
  assert.equal(missing.status, 404)
  assert.match(missing.text, /No Such Resource/)
  const refused = await serve(forbidden()).port.request('GET /')
  assert.equal(refused.status, 403)
  assert.match(refused.text, /Forbidden Resource/)
})

test('escapeHTML replaces the five characters', () => {
  assert.equal(escapeHTML(`<a href="x" title='y'>&`), '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;')
})
