import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResponse } from '#src/testing/response-parser.ts'

const parse = (text: string, method = 'GET', closed = false) => parseResponse(Buffer.from(text, 'latin1'), method, closed)

test('parseResponse reads a body of declared length and leaves the rest', () => {
  const parsed = parse('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nokHTTP')
  assert.equal(parsed?.response.text, 'ok')
  assert.equal(parsed.response.complete, true)
  assert.equal(parsed.response.headers['set-cookie'], 'a, b')
  assert.equal(parsed.size, 70)
})

test('parseResponse reads chunks and tells their sizes', () => {
  const parsed = parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n')
  assert.equal(parsed?.response.text, 'abcd')
  assert.deepEqual(parsed.response.chunks, [3, 1])
})

test('parseResponse waits for more while a response is not whole', () => {
  assert.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok'), undefined)
  assert.equal(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'), undefined)
  assert.equal(parse('HTTP/1.1 200 OK\r\n\r\nok'), undefined)
})

test('parseResponse says of a cut response that it is not complete', () => {
  assert.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok', 'GET', true)?.response.complete, false)
  const chunked = parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'GET', true)
  assert.equal(chunked?.response.complete, false)
  assert.equal(chunked.response.text, 'abc')
})

test('parseResponse reads until the end of the connection where there is no length', () => {
  const parsed = parse('HTTP/1.0 200 OK\r\n\r\nok', 'GET', true)
  assert.equal(parsed?.response.text, 'ok')
  assert.equal(parsed.response.complete, true)
})

test('parseResponse knows that HEAD, 204 and 304 have no body', () => {
  assert.equal(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD')?.response.complete, true)
  assert.equal(parse('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n')?.response.complete, true)
})

test('parseResponse keeps interim responses apart', () => {
  const parsed = parse('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(parsed?.response.status, 204)
  assert.deepEqual(
    parsed.response.informational.map((response) => [response.status, response.headers['link']]),
    [[103, '</a>']],
  )
})

test('parseResponse forgives nothing', () => {
  assert.throws(() => parse('HTTP/1.1 200 OK\r\nBad header\r\n\r\n'))
  assert.throws(() => parse('HTTP/2 200 OK\r\n\r\n'))
  assert.throws(() => parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'))
})
