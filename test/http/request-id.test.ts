import assert from 'node:assert/strict'
import { test } from 'node:test'
import { givenRequestId, withRequestId } from '#src/http/request-id.ts'
import type { Request } from '#src/http/request.ts'
import type { HTTPOptions } from '#src/http/http-factory.ts'
import { serveHTTP2 } from './http2/serve-http2.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const trace = '0af7651916cd43dd8448eb211c80319c'

test('givenRequestId takes X-Request-ID, else the trace-id of traceparent, and nothing that is malformed', () => {
  const parent = `00-${trace}-b7ad6b7169203331-01`
  assert.equal(givenRequestId(['X-Request-Id', 'abc-1', 'traceparent', parent]), 'abc-1')
  assert.equal(givenRequestId(['Traceparent', parent]), trace)
  assert.equal(givenRequestId(['traceparent', `01-${trace}-b7ad6b7169203331-01-more`]), trace)
  for (const fields of [
    ['x-request-id', ''],
    ['x-request-id', 'a b'],
    ['x-request-id', 'a"b'],
    ['x-request-id', 'x'.repeat(129)],
    ['x-request-id', 'a', 'X-Request-ID', 'b'],
    ['traceparent', `ff-${trace}-b7ad6b7169203331-01`],
    ['traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['traceparent', `00-${trace}-${'0'.repeat(16)}-01`],
    ['traceparent', trace],
    ['x-other', 'a'],
  ]) {
    assert.equal(givenRequestId(fields) || undefined, undefined, JSON.stringify(fields))
  }
})

test('withRequestId leaves one field of the name', () => {
  assert.deepEqual(withRequestId(['A', 'b', 'x-request-ID', 'c', 'X-Request-ID', 'd'], 'e'), ['A', 'b', 'X-Request-ID', 'e'])
})

/** What a request was called by those who saw it. */
interface Seen {
  id: string
  field: string | undefined
}

async function ask(
  t: Parameters<typeof serveHTTP2>[0],
  options: HTTPOptions,
  fields: Record<string, string>,
  answer: readonly string[] = [],
): Promise<{ seen: Seen; logged: string; answered: unknown; first: string }> {
  const seen: Seen[] = []
  const logged: string[] = []
  const served = await serveHTTP2(
    t,
    (request) => {
      seen.push({ id: request.id, field: request.getHeader('x-request-id') })
      request.sendWhole(200, 'OK', answer, Buffer.from('ok'))
    },
    { ...options, accessLog: (request: Request) => logged.push(request.id) },
  )
  const client = await served.client()
  const { headers } = await client.ask(fields)
  // The same by HTTP/1.1.
  const response = await fetch(served.url, { headers: fields, keepalive: false })
  await response.text()
  assert.equal(response.headers.has('x-request-id'), headers['x-request-id'] !== undefined)
  assert.deepEqual(
    logged,
    seen.map(({ id }) => id),
  )
  return {
    seen: seen[0] as Seen,
    logged: logged[0] as string,
    answered: headers['x-request-id'],
    first: String(response.headers.get('x-request-id')),
  }
}

test('requestId takes the name that a trusted proxy gave, for applications, clients and logs', async (t) => {
  const options = { requestId: true, trustProxy: 'loopback' }
  const { seen, logged, answered, first } = await ask(t, options, { 'x-request-id': 'from-proxy' })
  assert.deepEqual(
    [seen, logged, answered, first],
    [{ id: 'from-proxy', field: 'from-proxy' }, 'from-proxy', 'from-proxy', 'from-proxy'],
  )
})

test('requestId takes no name from anybody else: it makes one', async (t) => {
  const fields = { 'x-request-id': 'forged', traceparent: `00-${trace}-b7ad6b7169203331-01` }
  const { seen, logged, answered, first } = await ask(t, { requestId: true }, fields)
  assert.match(logged, uuid)
  assert.deepEqual([seen, answered], [{ id: logged, field: logged }, logged])
  assert.match(first, uuid)
  assert.notEqual(first, logged)
})

test('requestId leaves an X-Request-ID of the application alone', async (t) => {
  const { answered } = await ask(t, { requestId: true }, {}, ['X-Request-ID', 'mine'])
  assert.equal(answered, 'mine')
})

test('without requestId the field is one like others, and responses have none', async (t) => {
  const { seen, answered, logged } = await ask(t, {}, { 'x-request-id': 'theirs' })
  assert.deepEqual([seen.field, answered], ['theirs', undefined])
  assert.match(logged, uuid)
})

test('requestId names a response that is refused too', async (t) => {
  const served = await serveHTTP2(t, () => assert.fail('nobody is asked'), { requestId: true, maxTarget: 10 })
  const response = await fetch(`${served.url}/${'a'.repeat(20)}`)
  assert.equal(response.status, 414)
  assert.match(String(response.headers.get('x-request-id')), uuid)
})
