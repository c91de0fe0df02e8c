import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseFieldMap } from '#src/http/field-map.ts'
import type { Request } from '#src/http/request.ts'
import { serveLeaf } from './leaf.ts'

async function told(head: string, look: (request: Request) => unknown): Promise<unknown> {
  const { port } = serveLeaf((request) => JSON.stringify(look(request)))
  const response = await port.request(head)
  assert.equal(response.status, 200, response.text)
  return JSON.parse(response.text)
}

const argsOf = (query: string): Promise<unknown> =>
  told(`GET /?${query} HTTP/1.1\r\nHost: a\r\n\r\n`, (request) => [...request.args])

test('Request.args has the query, each name with its values in order (B77)', async () => {
  assert.deepEqual(await argsOf(''), [])
  assert.deepEqual(await argsOf('a=1&b=2&a=3&c=&d&=e&&x=y=z'), [
    ['a', ['1', '3']],
    ['b', ['2']],
    ['c', ['']],
    ['d', ['']],
    ['', ['e']],
    ['x', ['y=z']],
  ])
  assert.deepEqual(await told('GET / HTTP/1.1\r\nHost: a\r\n\r\n', (request) => [...request.args]), [])
})

test('Request.args decodes plus and escapes, as UTF-8; what is none stays or is replaced (B77)', async () => {
  assert.deepEqual(await argsOf('a+b=c%20d%2B&%C3%A9=%E2%82%AC'), [
    ['a b', ['c d+']],
    ['é', ['€']],
  ])
  assert.deepEqual(await argsOf('a=%ff&b=%zz%2&c=%00%0D%0A'), [
    ['a', ['\ufffd']],
    ['b', ['%zz%2']],
    ['c', ['\0\r\n']],
  ])
  assert.deepEqual([...parseFieldMap('raw=\xc3\xa9', 9, 413)], [['raw', ['é']]])
})

test('Request.args parts fields at & alone: at a semicolon, caches in front do not (B77)', async () => {
  assert.deepEqual(await argsOf('a=1;b=2&c=3'), [
    ['a', ['1;b=2']],
    ['c', ['3']],
  ])
})

test('Request.args keeps names apart from what objects have', async () => {
  const result = await told('GET /?__proto__=x&constructor=y HTTP/1.1\r\nHost: a\r\n\r\n', (request) => [
    [...request.args],
    request.args.get('toString') ?? null,
    Object.hasOwn(Object.prototype, 'x'),
  ])
  const all = [
    ['__proto__', ['x']],
    ['constructor', ['y']],
  ]
  assert.deepEqual(result, [all, null, false])
})

test('Request.args refuses more than 1000 fields with 400', async () => {
  const { port } = serveLeaf((request) => String(request.args.size))
  const most = Array.from({ length: 1000 }, (_, index) => `a${index}`).join('&')
  assert.equal((await port.request(`GET /?${most}`)).text, '1000')
  const response = await port.request(`GET /?${most}&b`)
  assert.equal(response.status, 400)
  assert.match(response.text, /more than 1000 fields/)
})

test('parseFieldMap reads what URLSearchParams writes, in any text', () => {
  const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 8 })
  fc.assert(
    fc.property(pairs, (fields) => {
      const params = new URLSearchParams(fields)
      const read = [...parseFieldMap(params.toString(), 100, 400)].flatMap(([name, values]) =>
        values.map((value) => [name, value]),
      )
      params.sort()
      const sorted = [...new Set(params.keys())].flatMap((name) => params.getAll(name).map((value) => [name, value]))
      const byName = (a: string[], b: string[]): number => ((a[0] as string) < (b[0] as string) ? -1 : a[0] === b[0] ? 0 : 1)
      assert.deepEqual(read.toSorted(byName), sorted)
    }),
  )
})

test('Request.getUser and getPassword read the Basic scheme, and nothing else (B88)', async () => {
  const base64 = (text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string => Buffer.from(text, encoding).toString('base64')
  const cases: [field: string | undefined, user: string, password: string][] = [
    [undefined, '', ''],
    [`Basic ${base64('ann:secret')}`, 'ann', 'secret'],
    [`basic  ${base64('ann:a:b:')}`, 'ann', 'a:b:'],
    [`Basic ${base64(':')}`, '', ''],
    [`Basic ${base64('ann:')}`, 'ann', ''],
    [`Basic ${base64('jörg:größe')}`, 'jörg', 'größe'],
    [`Basic ${base64('jörg:größe', 'latin1')}`, 'jörg', 'größe'],
    [`Basic ${base64('no colon')}`, '', ''],
    ['Basic', '', ''],
    ['Basic !!!', '', ''],
    [`Basic ${base64('a:b')} x`, '', ''],
    [`Bearer ${base64('ann:secret')}`, '', ''],
  ]
  for (const [field, user, password] of cases) {
    const line = field === undefined ? '' : `Authorization: ${field}\r\n`
    const result = await told(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n`, (request) => [request.getUser(), request.getPassword()])
    assert.deepEqual(result, [user, password], field)
  }
})

test('Request.getHeader, getRawHeaders and getAllHeaders read fields in any case (B78)', async () => {
  const result = await told('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: b\r\nx-a: 2\r\n\r\n', (request) => [
    request.getHeader('x-A'),
    request.getRawHeaders('X-a'),
    request.getRawHeaders('none'),
    request.getRawHeaders('1'),
    [...request.getAllHeaders()],
  ])
  const all = [
    ['host', 'a'],
    ['x-a', '2'],
    ['x-b', 'b'],
  ]
  assert.deepEqual(result, ['2', ['1', '2'], [], [], all])
})
