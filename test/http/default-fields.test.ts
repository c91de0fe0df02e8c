import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import type { DefaultHeaders } from '#src/http/default-fields.ts'
import { Site } from '#src/resource/site.ts'
import type { MemoryPort } from '#src/testing.ts'
import { serveWSGI } from '../wsgi/serve-wsgi.ts'
import { leaf, serveLeaf } from './leaf.ts'

const defaultHeaders: DefaultHeaders = { 'X-Frame-Options': 'DENY', Link: ['</a>', '</b>'], Server: 'mine' }

/** The values of the fields with this name, in the order in which they came. */
function values(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}

async function assertCompleted(port: MemoryPort, bytes: string, status: number): Promise<void> {
  const response = await port.request(bytes)
  assert.equal(response.status, status)
  const { rawHeaders } = response
  assert.deepEqual(
    ['x-frame-options', 'link', 'server'].map((name) => values(rawHeaders, name)),
    [['DENY'], ['</a>', '</b>'], ['mine']],
  )
}

test('Site adds defaultHeaders to pages, refusals and failures', async () => {
  const { port } = serveLeaf(
    (request) => {
      if (request.path === '/fails') throw new Error('on purpose')
      if (request.path === '/refuses') throw new PlaitError('PLAIT_PROTOCOL', 'No', { status: 418 })
      if (request.path === '/whole') return request.sendWhole(200, 'OK', ['A', 'b'], Buffer.from('x'))
      if (request.path === '/streams') request.write('x')
      return 'page'
    },
    { defaultHeaders, maxTarget: 50 },
  )
  await assertCompleted(port, 'GET /', 200)
  await assertCompleted(port, 'HEAD /', 200)
  await assertCompleted(port, 'GET / HTTP/1.0\r\n\r\n', 200)
  await assertCompleted(port, 'GET /fails', 500)
  await assertCompleted(port, 'GET /refuses', 418)
  await assertCompleted(port, 'GET /whole', 200)
  await assertCompleted(port, 'GET /streams', 200)
  await assertCompleted(port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 200)
  await assertCompleted(port, `GET /${'x'.repeat(60)}`, 414)
  await assertCompleted(port, 'GET / HTTP/1.1\r\n\r\n', 400)
  await assertCompleted(port, 'no request at all\r\n\r\n', 400)
})

test('Site adds defaultHeaders to what applications answer, in one piece and streamed', async () => {
  const shared = ['X-A', '1']
  const { port } = serveWSGI(
    (job) => {
      if (job.environ['PATH_INFO'] === '/streams') {
        job.sink.respond({ status: 200, reason: 'OK', headers: shared }, Buffer.from('x'), false)
        job.sink.finished(undefined)
      } else job.answer(200, job.environ['PATH_INFO'] === '/own' ? ['x-frame-options', 'SAMEORIGIN'] : shared, 'x')
    },
    { defaultHeaders },
  )
  await assertCompleted(port, 'GET /', 200)
  await assertCompleted(port, 'GET /', 200)
  await assertCompleted(port, 'GET /streams', 200)
  assert.deepEqual(values((await port.request('GET /own')).rawHeaders, 'x-frame-options'), ['SAMEORIGIN'])
})

test('Site leaves a field alone that the resource set, in any case (B92)', async () => {
  const { port } = serveLeaf(
    (request) => {
      request.setHeader('x-frame-options', 'SAMEORIGIN')
      request.addHeader('LINK', '</own>')
      request.setHeader('server', 'its own')
      request.setHeader('Date', 'Tue, 24 Nov 2026 08:00:00 GMT')
      return 'x'
    },
    { defaultHeaders },
  )
  const { rawHeaders } = await port.request('GET /')
  assert.deepEqual(
    ['x-frame-options', 'link', 'server', 'date'].map((name) => values(rawHeaders, name)),
    [['SAMEORIGIN'], ['</own>'], ['its own'], ['Tue, 24 Nov 2026 08:00:00 GMT']],
  )
})

test('Site without defaultHeaders sends Server and Date (B92)', async () => {
  const { headers } = await serveLeaf(() => 'x').port.request('GET /')
  assert.match(headers['server'] ?? '', /^Plait\/\d/)
  assert.ok(Math.abs(Date.parse(headers['date'] ?? '') - Date.now()) < 5000)
})

test('Site refuses defaultHeaders that are no fields, or of one response alone', () => {
  const refused: Record<string, unknown>[] = [
    { 'a b': 'x' },
    { '': 'x' },
    { a: 'x\r\nb: y' },
    { a: 'x\0' },
    { a: '€' },
    { a: 1 },
    { a: ['x', undefined] },
    { 'Content-Length': '5' },
    { 'transfer-encoding': 'chunked' },
    { Connection: 'close' },
  ]
  for (const headers of refused) {
    assert.throws(
      () =>
        new Site(
          leaf(() => ''),
          { defaultHeaders: headers as DefaultHeaders },
        ),
      {
        code: 'PLAIT_CONFIGURATION',
        message: /defaultHeaders/,
      },
    )
  }
})

test('fields set on the way to an application are sent with its response; its own win, cookies and Vary add up (B79)', async () => {
  const { port, resource } = serveWSGI((job) =>
    job.answer(200, ['X-A', 'application', 'Set-Cookie', 'b=2', 'Vary', 'Cookie'], 'x'),
  )
  const render = resource.render.bind(resource)
  resource.render = (request) => {
    request.setHeader('x-a', 'way')
    request.setHeader('X-B', 'way')
    request.setHeader('Content-Length', '99')
    request.setHeader('Vary', 'Accept')
    request.addCookie('a', '1')
    return render(request)
  }
  const { rawHeaders, text } = await port.request('GET /')
  assert.equal(text, 'x')
  assert.deepEqual(
    ['x-a', 'x-b', 'content-length', 'vary', 'set-cookie'].map((name) => values(rawHeaders, name)),
    [['application'], ['way'], ['1'], ['Cookie', 'Accept'], ['b=2', 'a=1']],
  )
})
