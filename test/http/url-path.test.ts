import assert from 'node:assert/strict'
import { test } from 'node:test'
import { URLPath } from '#src/http/url-path.ts'

/** What Twisted gives: sibling, child, parent, here, with and without query, then two clicks. */
const table: [url: string, ...others: string[]][] = [
  ['http://h/', '/s', '/s', '/c', '/c', '/', '/', '/', '/', '/x/y?z=2', '/w'],
  ['http://h/a', '/s', '/s', '/a/c', '/a/c', '/', '/', '/', '/', '/x/y?z=2', '/w'],
  ['http://h/a/', '/a/s', '/a/s', '/a/c', '/a/c', '/', '/', '/a/', '/a/', '/a/x/y?z=2', '/w'],
  ['http://h/a/b?q=1', '/a/s', '/a/s?q=1', '/a/b/c', '/a/b/c?q=1', '/', '/?q=1', '/a/', '/a/?q=1', '/a/x/y?z=2', '/w'],
  [
    'http://h/a/b/?q=1',
    '/a/b/s',
    '/a/b/s?q=1',
    '/a/b/c',
    '/a/b/c?q=1',
    '/a/',
    '/a/?q=1',
    '/a/b/',
    '/a/b/?q=1',
    '/a/b/x/y?z=2',
    '/a/w',
  ],
]

test('URLPath gives sibling, child, parent, here and click as Twisted does (B90)', () => {
  for (const [url, ...others] of table) {
    const path = URLPath.fromString(url)
    const all = [path.sibling('s'), path.sibling('s', true), path.child('c'), path.child('c', true)]
    all.push(path.parent(), path.parent(true), path.here(), path.here(true), path.click('x/y?z=2'), path.click('../w'))
    assert.deepEqual(
      all.map(String),
      others.map((other) => `http://h${other}`),
      url,
    )
    assert.equal(String(path), url)
  }
})

test('URLPath encodes names, and takes its parts apart', () => {
  const path = URLPath.fromString('https://h:81/a%20b/c?q=%20#fragment')
  assert.deepEqual([path.scheme, path.netloc, path.path, path.query], ['https', 'h:81', '/a%20b/c', 'q=%20'])
  assert.deepEqual(path.pathList(), ['a%20b', 'c'])
  assert.equal(String(path.sibling('//evil?x#y')), 'https://h:81/a%20b/%2F%2Fevil%3Fx%23y')
  assert.equal(String(path.child('é')), 'https://h:81/a%20b/c/%C3%A9')
  assert.equal(String(new URLPath({ netloc: 'h' })), 'http://h/')
  assert.equal(String(new URLPath({ netloc: 'h', path: 'a' })), 'http://h/a')
})

test('URLPath refuses what is no URL with a host', () => {
  for (const url of ['', '/a', 'h/a', 'mailto:a@b', 'http://', 'http://a b/']) {
    assert.throws(() => URLPath.fromString(url), { code: 'PLAIT_RESOURCE', message: /must have a scheme and a host/ }, url)
  }
  assert.throws(() => URLPath.fromString('http://h/').click('javascript:alert(1)'), { code: 'PLAIT_RESOURCE' })
  assert.equal(String(URLPath.fromString('http://h/a').click('https://other/x')), 'https://other/x')
})
