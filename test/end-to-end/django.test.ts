import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { postFiles, postForm } from '../support/form.ts'
import { pythonWithFrameworks } from '../support/frameworks.ts'
import { root } from '../support/paths.ts'
import type { Reply, Visit } from '../support/browser.ts'
import { comparePages } from './compare-pages.ts'

const run = promisify(execFile)
const large = randomBytes(20 * 1024 * 1024)
const largeHash = createHash('sha256').update(large).digest('hex')

/** Fills the form that `last` shows. */
function fill(last: Reply, path: string, fields: Record<string, string>): Visit {
  const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(last.text)?.[1]
  assert.ok(token, 'the form has a CSRF token')
  return postForm(path, { csrfmiddlewaretoken: token, ...fields })
}

/** `migrate` and `createsuperuser`, as in a real project. */
async function prepare(_data: string, env: Record<string, string>): Promise<void> {
  const cwd = `${root}/test/fixtures/apps/django_site`
  const all = { ...process.env, ...env, DJANGO_SUPERUSER_PASSWORD: 'tulip' }
  await run(pythonWithFrameworks(), ['manage.py', 'migrate', '--verbosity', '0'], { cwd, env: all })
  const user = ['--noinput', '--username', 'root', '--email', 'root@shop.example']
  await run(pythonWithFrameworks(), ['manage.py', 'createsuperuser', ...user], { cwd, env: all })
}

comparePages('Django', {
  folder: 'django_site',
  module: 'site_of_tests.wsgi',
  prepare,
  pages: [
    { visit: { path: '/' }, status: 200, check: (reply) => assert.match(reply.text, /größer/) },
    { visit: { method: 'HEAD', path: '/' }, status: 200 },
    // A form with CSRF protection.
    { visit: postForm('/products/', { name: 'Forged', price: '1' }), status: 403 },
    { visit: { path: '/products/' }, status: 200 },
    {
      visit: function wrongPrice(last) {
        return fill(last, '/products/', { name: 'Pen', price: 'dear' })
      },
      status: 200,
    },
    {
      visit: function addProduct(last) {
        return fill(last, '/products/', { name: 'Pen', price: '2.50' })
      },
      status: 302,
    },
    { visit: { path: '/products/' }, status: 200, check: (reply) => assert.match(reply.text, /Added Pen[^]*<li>Pen: 2.50/) },
    {
      visit: { path: '/products.json' },
      status: 200,
      check: (reply) => assert.equal(JSON.parse(reply.text).products[0].price, '2.50'),
    },
    // The admin.
    { visit: { path: '/admin' }, status: 301, check: (reply) => assert.equal(reply.header('Location'), '/admin/') },
    { visit: { path: '/admin/' }, status: 302 },
    {
      visit: { path: '/admin/login/?next=/admin/' },
      status: 200,
      check: (reply) => assert.match(reply.text, /Django administration/),
    },
    {
      visit: function logInWrongly(last) {
        return fill(last, '/admin/login/?next=/admin/', { username: 'root', password: 'rose' })
      },
      status: 200,
    },
    {
      visit: function logIn(last) {
        return fill(last, '/admin/login/?next=/admin/', { username: 'root', password: 'tulip', next: '/admin/' })
      },
      status: 302,
      check: (reply) => assert.ok(reply.all('Set-Cookie').some((line) => line.startsWith('sessionid='))),
    },
    { visit: { path: '/admin/' }, status: 200, check: (reply) => assert.match(reply.text, /Site administration[^]*Products/) },
    { visit: { path: '/admin/shop/product/add/' }, status: 200 },
    {
      visit: function addInAdmin(last) {
        return fill(last, '/admin/shop/product/add/', { name: 'Ink', price: '7', _save: 'Save' })
      },
      status: 302,
    },
    {
      visit: { path: '/admin/shop/product/' },
      status: 200,
      check: (reply) => assert.match(reply.text, /Ink[^]*was added successfully/),
    },
    {
      visit: function logOut(last) {
        return fill(last, '/admin/logout/', {})
      },
      status: 200,
    },
    { visit: { path: '/admin/' }, status: 302 },
    // Bodies.
    {
      visit: postFiles('/upload/', {}, [{ field: 'file', name: 'film.bin', type: 'application/octet-stream', content: large }]),
      status: 200,
      check: (reply) => assert.deepEqual(JSON.parse(reply.text), { name: 'film.bin', size: large.length, sha256: largeHash }),
    },
    { visit: { path: '/upload/' }, status: 405 },
    {
      visit: { path: '/report/' },
      status: 200,
      check: (reply) => assert.match(reply.text, /^number;square\n0;0\n[^]*1999;3996001\n$/),
    },
    { visit: { path: '/document/' }, status: 200, check: (reply) => assert.equal(reply.body.length, 19_600) },
    { visit: { method: 'HEAD', path: '/document/' }, status: 200 },
    { visit: { path: '/document/?save' }, status: 200 },
    { visit: { path: '/memory/' }, status: 200, check: (reply) => assert.equal(reply.body.length, 50_000) },
    { visit: { path: '/files/document.txt' }, status: 200 },
    {
      visit: function fileAgain(last) {
        return { path: '/files/document.txt', headers: { 'If-Modified-Since': last.header('Last-Modified') ?? '' } }
      },
      status: 304,
    },
    // Headers and errors.
    {
      visit: { path: '/headers/', headers: { 'X-One': '1', 'X-Two-Words': 'a, b' } },
      status: 200,
      check: (reply) => assert.equal(reply.all('Set-Cookie').length, 2),
    },
    { visit: { path: '/broken/' }, status: 500 },
    { visit: { path: '/nowhere/' }, status: 404 },
    { visit: { path: '/nowhere' }, status: 404 },
  ],
})
