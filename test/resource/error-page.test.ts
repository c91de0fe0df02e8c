import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeHTML } from '#src/escape-html.ts'
import { ErrorPage, errorPage, ForbiddenResource, forbidden, NoResource, notFound } from '#src/resource/error-page.ts'
import { requestFor } from '#src/testing.ts'

test('errorPage answers every method at any depth, escaped, as UTF-8 HTML (B70)', async () => {
  const page = errorPage(418, 'Tea & <co>', `"it's"`)
  for (const [method, path] of [
    ['GET', '/'],
    ['POST', '/a/b'],
    ['PROPFIND', '/x/'],
  ] as const) {
    const response = await requestFor(page, { method, path })
    assert.equal(response.status, 418)
    assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(response.text, /<title>418 - Tea &amp; &lt;co&gt;<\/title>/)
    assert.match(response.text, /<h1>Tea &amp; &lt;co&gt;<\/h1>/)
    assert.match(response.text, /<p>&quot;it&#39;s&quot;<\/p>/)
  }
  assert.equal((await requestFor(page, { method: 'HEAD' })).status, 418)
})

test('notFound and forbidden have default texts (B70)', async () => {
  const missing = await requestFor(notFound())
  assert.equal(missing.status, 404)
  assert.match(missing.text, /No Such Resource/)
  const refused = await requestFor(forbidden())
  assert.equal(refused.status, 403)
  assert.match(refused.text, /Forbidden Resource/)
})

test('escapeHTML replaces the five characters', () => {
  assert.equal(escapeHTML(`<a href="x" title='y'>&`), '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;')
})

test('ErrorPage, NoResource and ForbiddenResource are the same pages by their older names (B70)', async () => {
  const pages = [
    new ErrorPage(402, 'Pay <first>', 'Please.'),
    new NoResource(),
    new NoResource('Gone <away>.'),
    new ForbiddenResource('Not you.'),
  ]
  const shown = await Promise.all(pages.map((page) => requestFor(page, { path: '/a/b' })))
  assert.deepEqual(
    shown.map(({ status, text }) => [status, /<h1>(.*)<\/h1>\n<p>(.*)<\/p>/.exec(text)?.slice(1)]),
    [
      [402, ['Pay &lt;first&gt;', 'Please.']],
      [404, ['No Such Resource', 'Sorry. No luck finding that resource.']],
      [404, ['No Such Resource', 'Gone &lt;away&gt;.']],
      [403, ['Forbidden Resource', 'Not you.']],
    ],
  )
})
