import assert from 'node:assert/strict'
import { postFiles, postForm, postJson } from '../support/form.ts'
import { comparePages } from './compare-pages.ts'

comparePages('Bottle', {
  folder: '.',
  module: 'bottle_pages',
  pages: [
    { visit: { path: '/' }, status: 200, check: (reply) => assert.match(reply.text, /<p>2 &amp; größer<\/p>/) },
    { visit: { method: 'HEAD', path: '/' }, status: 200 },
    { visit: { path: '/json?x=%C3%BC&y=' }, status: 200, check: (reply) => assert.equal(JSON.parse(reply.text).query.x, 'ü') },
    { visit: postForm('/form', { name: 'Zoë' }), status: 200, check: (reply) => assert.equal(reply.text, 'Zoë|') },
    {
      visit: postFiles('/form', { name: 'x' }, [
        { field: 'f', name: 'a.txt', type: 'text/plain', content: Buffer.alloc(200_000) },
      ]),
      status: 200,
      check: (reply) => assert.equal(reply.text, 'x|a.txt 200000'),
    },
    { visit: postJson('/body', [1, 2], 'PUT'), status: 200 },
    { visit: { path: '/body' }, status: 405 },
    { visit: { path: '/files/document.txt' }, status: 200, check: (reply) => assert.equal(reply.body.length, 19_600) },
    { visit: { path: '/files/document.txt', headers: { Range: 'bytes=49-97' } }, status: 206 },
    {
      visit: function fileAgain(last) {
        return { path: '/files/document.txt', headers: { 'If-Modified-Since': last.header('Last-Modified') ?? '' } }
      },
      status: 304,
    },
    { visit: { method: 'HEAD', path: '/files/document.txt' }, status: 200 },
    { visit: { path: '/stream' }, status: 200, check: (reply) => assert.equal(reply.text, 'one\ntwo\n') },
    { visit: { path: '/count' }, status: 200, check: (reply) => assert.equal(reply.text, '1') },
    { visit: { path: '/count' }, status: 200, check: (reply) => assert.equal(reply.text, '2') },
    {
      visit: { path: '/away' },
      status: 303,
      check: (reply) => assert.equal(reply.header('Location'), 'http://shop.example/json?from=away'),
    },
    { visit: { path: '/gone' }, status: 410 },
    { visit: { method: 'GET', path: '/empty' }, status: 204 },
    { visit: { path: '/broken' }, status: 500 },
    { visit: { path: '/nowhere' }, status: 404, check: (reply) => assert.equal(reply.text, 'Nothing at /nowhere') },
  ],
})
