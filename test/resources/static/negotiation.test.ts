import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { File } from '#src/resources/static/file.ts'
import { serve } from '../../resource/serve.ts'
import { longAgo, makeTree, serveTree } from './tree.ts'

const accepting = (target: string, codings: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${codings}\r\n${more}\r\n`

const siblings = { 'a.js': 'plain', 'a.js.br': 'as br', 'a.js.zst': 'as zstd', 'a.js.gz': 'as gzip' }

test('File tells types by the last ending, in any case (E122)', async () => {
  const names = {
    'a.html': 'text/html; charset=utf-8',
    'a.HTML': 'text/html; charset=utf-8',
    'a.tar.css': 'text/css; charset=utf-8',
    'a.js': 'text/javascript; charset=utf-8',
    'a.mjs': 'text/javascript; charset=utf-8',
    'a.json': 'application/json',
    'a.svg': 'image/svg+xml',
    'a.png': 'image/png',
    'a.wasm': 'application/wasm',
    'a.conf': 'text/plain; charset=utf-8',
    'a.diff': 'text/plain; charset=utf-8',
    'a.java': 'text/plain; charset=utf-8',
    'a.patch': 'text/plain; charset=utf-8',
    'a.flac': 'audio/x-flac',
    'a.unknown': 'application/octet-stream',
    'a.constructor': 'application/octet-stream',
    html: 'application/octet-stream',
    'a.': 'application/octet-stream',
  }
  const { port } = serveTree(Object.fromEntries(Object.keys(names).map((name) => [name, ''])))
  for (const [name, type] of Object.entries(names))
    assert.equal((await port.request(`GET /${name}`)).headers['content-type'], type, name)
})

test('File takes types of its own, and another for what nobody knows (E122, E129)', async () => {
  const folder = makeTree({ 'd/a.md': '', 'a.html': '', 'a.unknown': '', 'a.csv': '' })
  const file = new File(folder, {
    contentTypes: { '.html': 'text/x-mine', '.csv': 'text/csv; charset=latin1' },
    defaultType: 'text/x-new',
  })
  file.contentTypes['.md'] = 'text/markdown'
  const { port } = serve(file)
  const typeOf = async (target: string) => (await port.request(`GET ${target}`)).headers['content-type']
  assert.equal(await typeOf('/d/a.md'), 'text/markdown; charset=utf-8')
  assert.equal(await typeOf('/a.html'), 'text/x-mine; charset=utf-8')
  assert.equal(await typeOf('/a.csv'), 'text/csv; charset=latin1')
  assert.equal(await typeOf('/a.unknown'), 'text/x-new; charset=utf-8')
})

test('File.type and File.encoding are for one file (E129)', async () => {
  const file = new File(path.join(makeTree({ 'a.bin': 'x', 'a.bin.gz': 'y' }), 'a.bin'))
  file.type = 'application/x-mine'
  file.encoding = 'x-mine'
  const response = await serve(file).port.request(accepting('/', 'gzip'))
  assert.equal(response.status, 404)
  const found = await serve({
    isLeaf: true,
    getChildWithDefault: () => file,
    render: (request) => file.render(request),
  }).port.request('GET /a')
  assert.equal(found.headers['content-type'], 'application/x-mine')
  assert.equal(found.headers['content-encoding'], 'x-mine')
})

test('File sends a compressed file that is asked for by name as it is, without Content-Encoding (E122)', async () => {
  const { port } = serveTree({ 'a.tar.gz': 'x', 'a.txt.gz': 'x', 'a.txt.br': 'x' })
  const { headers } = await port.request(accepting('/a.tar.gz', 'gzip'))
  assert.equal(headers['content-type'], 'application/gzip')
  assert.equal(headers['content-encoding'], undefined)
  assert.equal(headers['vary'], undefined)
})

test("File.contentEncodings brings Twisted's way back (E122)", async () => {
  const file = new File(makeTree({ 'a.html.gz': 'x', 'a.bz2': 'x' }))
  file.contentEncodings = { '.gz': 'gzip', '.bz2': 'bzip2' }
  const { port } = serve(file)
  const { headers } = await port.request('GET /a.html.gz')
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(headers['content-encoding'], 'gzip')
  assert.equal((await port.request('GET /a.bz2')).headers['content-encoding'], 'bzip2')
})

test('File sends the sibling that the client likes best, with a tag of its own', async () => {
  const { port } = serveTree(siblings)
  const tags = new Set<unknown>()
  for (const [codings, encoding, text] of [
    ['gzip, deflate, br, zstd', 'br', 'as br'],
    ['gzip, zstd', 'zstd', 'as zstd'],
    ['gzip', 'gzip', 'as gzip'],
    ['br;q=0.1, gzip;q=0.9', 'gzip', 'as gzip'],
    ['br;q=0, *;q=0.5', 'zstd', 'as zstd'],
    ['deflate', undefined, 'plain'],
    ['identity, gzip;q=0.5', undefined, 'plain'],
    ['gzip;q=0', undefined, 'plain'],
  ] as const) {
    const response = await port.request(accepting('/a.js', codings))
    assert.equal(response.headers['content-encoding'], encoding, codings)
    assert.equal(response.text, text)
    assert.equal(response.headers['vary'], 'Accept-Encoding')
    assert.equal(response.headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(response.headers['content-length'], String(text.length))
    tags.add(response.headers['etag'])
  }
  assert.equal(tags.size, 4)
  const plain = await port.request('GET /a.js')
  assert.equal(plain.text, 'plain')
  assert.equal(plain.headers['vary'], 'Accept-Encoding')
})

test('File answers conditions and ranges about the sibling that it would send', async () => {
  const { port } = serveTree(siblings)
  const tag = String((await port.request(accepting('/a.js', 'br'))).headers['etag'])
  const unchanged = await port.request(accepting('/a.js', 'br', `If-None-Match: ${tag}\r\n`))
  assert.equal(unchanged.status, 304)
  assert.equal(unchanged.headers['vary'], 'Accept-Encoding')
  assert.equal((await port.request(accepting('/a.js', 'gzip', `If-None-Match: ${tag}\r\n`))).status, 200)
  const part = await port.request(accepting('/a.js', 'br', 'Range: bytes=3-4\r\n'))
  assert.equal(part.status, 206)
  assert.equal(part.text, 'br')
  assert.equal(part.headers['content-range'], 'bytes 3-4/5')
})

test('File leaves a sibling alone that is older than the file', async () => {
  const { port, folder } = serveTree(siblings)
  utimesSync(path.join(folder, 'a.js'), longAgo + 5, longAgo + 5)
  utimesSync(path.join(folder, 'a.js.gz'), longAgo + 5, longAgo + 5)
  const response = await port.request(accepting('/a.js', 'br, gzip'))
  assert.equal(response.text, 'as gzip')
  assert.equal((await port.request(accepting('/a.js', 'br'))).text, 'plain')
})

test('File sends no sibling without the file, for pictures, or when that is switched off', async () => {
  const { port } = serveTree({ 'a.js.br': 'as br', 'a.png': 'picture', 'a.png.br': 'as br' })
  assert.equal((await port.request(accepting('/a.js', 'br'))).status, 404)
  assert.equal((await port.request(accepting('/a.png', 'br'))).text, 'picture')
  const without = serveTree(siblings, { precompressed: false })
  const response = await without.port.request(accepting('/a.js', 'br'))
  assert.equal(response.text, 'plain')
  assert.equal(response.headers['vary'], undefined)
})

test('File sends the sibling of an index and of a File that is a single file', async () => {
  const folder = makeTree({ 'index.html': 'plain', 'index.html.gz': 'as gzip' })
  assert.equal((await serve(new File(folder)).port.request(accepting('/', 'gzip'))).text, 'as gzip')
  const single = new File(path.join(folder, 'index.html'), { symlinks: 'deny' })
  const leaf = { isLeaf: true, getChildWithDefault: () => single, render: single.render.bind(single) }
  assert.equal((await serve(leaf).port.request(accepting('/', 'gzip'))).text, 'as gzip')
})
