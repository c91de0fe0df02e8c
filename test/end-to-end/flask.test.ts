import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { postFiles, postForm, postJson } from '../support/form.ts'
import type { Reply } from '../support/browser.ts'
import { comparePages } from './compare-pages.ts'

const photo = Buffer.alloc(300_000, 'not really a photo ')
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
const shows =
  (...patterns: RegExp[]) =>
  (reply: Reply): void =>
    patterns.forEach((pattern) => assert.match(reply.text, pattern))

comparePages('Flask', {
  folder: 'flask_shop',
  module: 'shop',
  pages: [
    // Sessions and flashed messages.
    { visit: { path: '/' }, status: 200, check: shows(/Good day</, /Visit 1/) },
    { visit: postForm('/login', { name: 'Zoë' }), status: 302, check: (reply) => assert.equal(reply.header('Location'), '/') },
    { visit: { path: '/' }, status: 200, check: shows(/Welcome, Zoë/, /Good day, Zoë/, /Visit 2/) },
    { visit: { path: '/' }, status: 200, check: (reply) => assert.doesNotMatch(reply.text, /Welcome/) },
    { visit: postForm('/logout', {}), status: 303 },
    { visit: { path: '/' }, status: 200, check: shows(/Visit 1/) },
    // The database.
    { visit: { path: '/messages' }, status: 200, check: shows(/None yet/) },
    { visit: postForm('/messages', { author: 'Ann', text: 'A <b>bold</b> word' }), status: 303 },
    { visit: postJson('/api/messages', { author: 'Bob', text: '汉字' }), status: 201, check: shows(/"id":2/) },
    { visit: { path: '/messages' }, status: 200, check: shows(/A &lt;b&gt;bold/, /汉字/) },
    { visit: { path: '/api/messages' }, status: 200, check: (reply) => assert.equal(JSON.parse(reply.text).length, 2) },
    { visit: { method: 'DELETE', path: '/api/messages/1' }, status: 204, check: (reply) => assert.equal(reply.body.length, 0) },
    { visit: { method: 'DELETE', path: '/api/messages/1' }, status: 404 },
    { visit: postForm('/api/messages', { author: 'no JSON' }), status: 415 },
    // Uploads.
    {
      visit: postFiles('/upload', { note: 'größer' }, [
        { field: 'one', name: 'photo.jpg', type: 'image/jpeg', content: photo },
        { field: 'two', name: 'words.txt', type: 'text/plain', content: 'words' },
      ]),
      status: 200,
      check: (reply) => {
        const [one, two, fields] = JSON.parse(reply.text)
        assert.deepEqual(one, { field: 'one', name: 'photo.jpg', type: 'image/jpeg', sha256: sha256(photo) })
        assert.equal(two.name, 'words.txt')
        assert.deepEqual(fields, { note: 'größer' })
      },
    },
    // Streams and files.
    { visit: { path: '/stream?lines=50&name=Zo%C3%AB' }, status: 200, check: shows(/^line 0 for Zoë$/m, /^line 49 for Zoë$/m) },
    { visit: { method: 'POST', path: '/stream', body: '' }, status: 405, check: (reply) => assert.ok(reply.header('Allow')) },
    { visit: { path: '/download' }, status: 200, check: (reply) => assert.equal(reply.body.length, 19_600) },
    {
      visit: { path: '/download', headers: { Range: 'bytes=100-199' } },
      status: 206,
      check: (reply) => {
        assert.equal(reply.header('Content-Range'), 'bytes 100-199/19600')
        assert.equal(reply.body.length, 100)
      },
    },
    { visit: { path: '/download', headers: { Range: 'bytes=-10' } }, status: 206 },
    { visit: { path: '/download', headers: { Range: 'bytes=99999-' } }, status: 416 },
    { visit: { method: 'HEAD', path: '/download' }, status: 200, check: (reply) => assert.equal(reply.body.length, 0) },
    {
      visit: function downloadAgain(last) {
        return { path: '/download', headers: { 'If-None-Match': last.header('ETag') ?? '' } }
      },
      status: 304,
    },
    {
      visit: { path: '/download?save' },
      status: 200,
      check: (reply) => assert.match(reply.header('Content-Disposition') ?? '', /attachment/),
    },
    { visit: { path: '/static/style.css' }, status: 200 },
    { visit: { path: '/large' }, status: 200, check: (reply) => assert.ok(reply.body.length > 1_000_000) },
    { visit: { method: 'HEAD', path: '/large' }, status: 200 },
    // Headers, names and errors.
    { visit: { path: '/cookies' }, status: 200, check: (reply) => assert.equal(reply.all('Set-Cookie').length, 3) },
    { visit: { path: '/cookies' }, status: 200, check: shows(/"size":"grand & petit"/) },
    { visit: { path: '/hello/Zo%C3%AB%20M?a=1&a=%C3%BC' }, status: 200 },
    { visit: { path: '/hello/a%2Fb' }, status: 404 },
    { visit: { path: '/nothing' }, status: 200, check: (reply) => assert.equal(reply.header('Content-Length'), '0') },
    { visit: { method: 'OPTIONS', path: '/messages' }, status: 200 },
    { visit: { path: '/teapot' }, status: 418, check: shows(/I&#39;m a teapot/) },
    { visit: { path: '/broken' }, status: 500, check: shows(/Internal Server Error/) },
    { visit: { path: '/nowhere' }, status: 404, check: shows(/Not Found/) },
  ],
})
