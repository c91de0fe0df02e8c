import assert from 'node:assert/strict'
import { utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { longAgo, serveTree } from './tree.ts'

const written = new Date(longAgo * 1000).toUTCString()
const before = new Date((longAgo - 10) * 1000).toUTCString()
const later = new Date((longAgo + 10) * 1000).toUTCString()

function served() {
  const { port, folder } = serveTree({ 'f.txt': 'hello' })
  const connection = port.connect()
  const get = (fields: Record<string, string> = {}, method = 'GET') => {
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    return connection.request(`${method} /f.txt HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`)
  }
  const etag = async (): Promise<string> => String((await get()).headers['etag'])
  return { get, etag, folder }
}

test('File sends ETag, Last-Modified, Accept-Ranges and nosniff (E123)', async () => {
  const { get } = served()
  const { headers } = await get()
  assert.match(String(headers['etag']), /^"[\w-]+"$/)
  assert.equal(headers['last-modified'], written)
  assert.equal(headers['accept-ranges'], 'bytes')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], undefined)
})

test('File sends Cache-Control by option, in a 304 too', async () => {
  const { port } = serveTree({ 'f.txt': 'hello' }, { maxAge: 600, immutable: true })
  const { headers } = await port.request('GET /f.txt')
  assert.equal(headers['cache-control'], 'public, max-age=600, immutable')
  const response = await port.request('GET /f.txt HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n')
  assert.equal(response.status, 304)
  assert.equal(response.headers['cache-control'], 'public, max-age=600, immutable')
  assert.equal(response.headers['etag'], headers['etag'])
})

test('File answers conditional requests with 304, before ranges (E124)', async () => {
  const { get, etag } = served()
  const tag = await etag()
  for (const fields of [
    { 'If-Modified-Since': written },
    { 'If-Modified-Since': later },
    { 'If-None-Match': tag },
    { 'If-None-Match': `W/${tag}` },
    { 'If-None-Match': `"x", ${tag}` },
    { 'If-None-Match': '*' },
    { 'If-None-Match': tag, 'If-Modified-Since': before },
    { 'If-None-Match': tag, Range: 'bytes=0-1' },
  ]) {
    for (const method of ['GET', 'HEAD']) {
      const response = await get(fields, method)
      assert.equal(response.status, 304, JSON.stringify(fields))
      assert.equal(response.body.length, 0)
      assert.equal(response.headers['etag'], tag)
    }
  }
})

test('File sends the file when the condition holds (E124)', async () => {
  const { get, etag } = served()
  const tag = await etag()
  for (const fields of [
    { 'If-Modified-Since': before },
    { 'If-Modified-Since': 'yesterday' },
    { 'If-None-Match': '"other"' },
    { 'If-None-Match': '"other"', 'If-Modified-Since': later },
    { 'If-Match': tag },
    { 'If-Match': '*' },
    { 'If-Unmodified-Since': written },
    { 'If-Match': tag, 'If-Unmodified-Since': before },
  ]) {
    const response = await get(fields)
    assert.equal(response.status, 200, JSON.stringify(fields))
    assert.equal(response.text, 'hello')
  }
})

test('File answers 412 when If-Match or If-Unmodified-Since fails (E124)', async () => {
  const { get, etag } = served()
  const tag = await etag()
  for (const fields of [
    { 'If-Match': '"other"' },
    { 'If-Match': `W/${tag}` },
    { 'If-Unmodified-Since': before },
    { 'If-Match': '"other"', 'If-None-Match': tag },
  ]) {
    const response = await get(fields)
    assert.equal(response.status, 412, JSON.stringify(fields))
    assert.equal((await get()).status, 200)
  }
})

test('File sends a range only of what If-Range names (E124)', async () => {
  const { get, etag } = served()
  const tag = await etag()
  for (const [field, status] of [
    [tag, 206],
    [written, 206],
    ['"other"', 200],
    [`W/${tag}`, 200],
    [before, 200],
    [later, 200],
    ['nonsense', 200],
  ] as const) {
    const response = await get({ Range: 'bytes=1-2', 'If-Range': field })
    assert.equal(response.status, status, field)
    assert.equal(response.text, status === 206 ? 'el' : 'hello')
  }
  assert.equal((await get({ 'If-Range': tag })).status, 200)
})

test('File changes its ETag with the content, also within one second', async () => {
  const { get, etag, folder } = served()
  const tags = new Set([await etag()])
  for (const seconds of [longAgo + 0.25, longAgo + 0.5]) {
    writeFileSync(path.join(folder, 'f.txt'), 'jello')
    utimesSync(path.join(folder, 'f.txt'), seconds, seconds)
    tags.add(await etag())
  }
  writeFileSync(path.join(folder, 'f.txt'), 'longer')
  utimesSync(path.join(folder, 'f.txt'), longAgo, longAgo)
  tags.add(await etag())
  assert.equal(tags.size, 4)
  assert.equal((await get({ 'If-None-Match': [...tags][0] as string })).status, 200)
})

test('File has a weak ETag for what has changed just now, so that nobody joins parts by it', async () => {
  const { get, folder } = served()
  writeFileSync(path.join(folder, 'f.txt'), 'fresh')
  const tag = String((await get()).headers['etag'])
  assert.match(tag, /^W\/"/)
  assert.equal((await get({ 'If-None-Match': tag })).status, 304)
  assert.equal((await get({ Range: 'bytes=0-1', 'If-Range': tag })).status, 200)
})
