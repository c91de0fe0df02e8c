import assert from 'node:assert/strict'
import { postFiles, postForm } from '../support/form.ts'
import { comparePages } from './compare-pages.ts'

comparePages('Pyramid', {
  folder: '.',
  module: 'pyramid_pages',
  notInPyodide: 'webob imports cgi, which has gone with Python 3.13',
  pages: [
    { visit: { path: '/' }, status: 200, check: (reply) => assert.match(reply.text, /Visit 1<.*größer/) },
    { visit: { path: '/' }, status: 200, check: (reply) => assert.match(reply.text, /Visit 2</) },
    { visit: { method: 'HEAD', path: '/' }, status: 200 },
    {
      visit: { path: '/json/Z%C3%BCrich?a=%C3%BC' },
      status: 200,
      check: (reply) => assert.equal(JSON.parse(reply.text).place, 'Zürich'),
    },
    { visit: postForm('/form', { name: 'Zoë' }), status: 200 },
    {
      visit: postFiles('/form', { a: '1' }, [{ field: 'f', name: 'a.txt', type: 'text/plain', content: Buffer.alloc(150_000) }]),
      status: 200,
      check: (reply) => assert.deepEqual(JSON.parse(reply.text), { a: '1', f: ['a.txt', 150_000] }),
    },
    { visit: { path: '/form' }, status: 404 },
    { visit: { path: '/download' }, status: 200, check: (reply) => assert.equal(reply.body.length, 19_600) },
    { visit: { path: '/download', headers: { Range: 'bytes=49-97' } }, status: 206 },
    { visit: { path: '/stream' }, status: 200, check: (reply) => assert.match(reply.text, /^part 0\n[^]*part 19\n$/) },
    { visit: { path: '/away' }, status: 302, check: (reply) => assert.equal(reply.all('Set-Cookie').length, 2) },
    { visit: { path: '/empty' }, status: 204 },
    { visit: { path: '/refuse', headers: { Accept: 'application/json' } }, status: 422 },
    { visit: { path: '/refuse', headers: { Accept: 'text/html' } }, status: 422 },
    { visit: { path: '/files/document.txt' }, status: 200 },
    {
      visit: function fileAgain(last) {
        return { path: '/files/document.txt', headers: { 'If-Modified-Since': last.header('Last-Modified') ?? '' } }
      },
      status: 304,
    },
    { visit: { path: '/nowhere' }, status: 404, check: (reply) => assert.equal(reply.text, 'Nothing at /nowhere') },
  ],
})
