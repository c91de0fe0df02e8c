import assert from 'node:assert/strict'
import { postFiles, postForm, postJson } from '../support/form.ts'
import { comparePages } from './compare-pages.ts'

comparePages('Falcon', {
  folder: '.',
  module: 'falcon_pages',
  pages: [
    { visit: { path: '/things' }, status: 200, check: (reply) => assert.equal(reply.header('X-Total'), '2') },
    { visit: { path: '/things?limit=many' }, status: 400 },
    { visit: { method: 'HEAD', path: '/things' }, status: 405 },
    { visit: { method: 'OPTIONS', path: '/things' }, status: 200 },
    {
      visit: postJson('/things', { name: 'cap' }),
      status: 201,
      check: (reply) => assert.equal(reply.header('Location'), '/things/cap'),
    },
    { visit: { path: '/things/pen' }, status: 200, check: (reply) => assert.equal(reply.text, 'This is the pen') },
    { visit: { path: '/things/pen', headers: { 'If-None-Match': '"thing-pen"' } }, status: 304 },
    { visit: { path: '/things/nothing' }, status: 404 },
    { visit: { method: 'DELETE', path: '/things/pen' }, status: 204 },
    { visit: { path: '/stream' }, status: 200, check: (reply) => assert.match(reply.text, /^part 0\n[^]*part 19\n$/) },
    { visit: { path: '/stream?known' }, status: 200, check: (reply) => assert.equal(reply.header('Content-Length'), '50000') },
    { visit: postForm('/form', { name: 'Zoë' }), status: 200 },
    {
      visit: postFiles('/form', { a: '1' }, [{ field: 'f', name: 'a.txt', type: 'text/plain', content: Buffer.alloc(150_000) }]),
      status: 200,
      check: (reply) => {
        assert.deepEqual(reply.all('X-Many'), ['a, b'])
        assert.equal(JSON.parse(reply.text)[1][2], 150_000)
      },
    },
    { visit: { path: '/files/document.txt' }, status: 200, check: (reply) => assert.equal(reply.body.length, 19_600) },
    { visit: { path: '/files/document.txt', headers: { Range: 'bytes=0-9' } }, status: 206 },
    { visit: { path: '/files/none.txt' }, status: 404 },
    { visit: { path: '/away' }, status: 303 },
    { visit: { path: '/broken' }, status: 500 },
  ],
})
