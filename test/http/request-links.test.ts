import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { serveLeaf } from './leaf.ts'

/** What `look` says of a request with the given head. */
async function told<T>(head: string, look: (request: Request) => T): Promise<T> {
  let result: T | undefined
  const { port } = serveLeaf((request) => {
    result = look(request)
    return 'x'
  })
  const response = await port.request(head)
  assert.equal(response.status, 200, response.text)
  return result as T
}

/** What Twisted gives for a resource with these segments behind and before it. */
const links: [prepath: string[], postpath: string[], child: string, sibling: string, url: string, root: string][] = [
  [[], [''], 'n', '../n', '/', '/'],
  [[''], [], 'n', 'n', '/', '/'],
  [['a'], [], 'a/n', 'n', '/a', '/'],
  [['a', ''], [], 'n', 'n', '/a/', '/a'],
  [['a'], ['b'], 'n', '../n', '/a', '/'],
  [['a'], ['b', 'c'], '../n', '../../n', '/a', '/'],
  [['a'], [''], 'n', '../n', '/a', '/'],
  [['a b'], ['b', 'c', 'd'], '../../n', '../../../n', '/a%20b', '/'],
]

test('Request.childLink, sibLink, prePathURL, URLPath and getRootURL say where a resource is (B90)', async () => {
  for (const [prepath, postpath, child, sibling, url, root] of links) {
    const result = await told('GET / HTTP/1.1\r\nHost: h:81\r\n\r\n', (request) => {
      request.prepath = [...prepath]
      request.postpath = [...postpath]
      request.rememberRootURL()
      const urls = [request.prePathURL(), request.URLPath().toString(), request.getRootURL()]
      return [request.childLink('n'), request.sibLink('n'), ...urls]
    })
    assert.deepEqual(result, [child, sibling, `http://h:81${url}`, `http://h:81${url}`, `http://h:81${root}`])
  }
})

test('Request.childLink and sibLink encode what would lead elsewhere (B90)', async () => {
  const result = await told('GET /x HTTP/1.1\r\nHost: h\r\n\r\n', (request) => {
    request.prepath = ['javascript:alert(1)', '/evil.example']
    request.postpath = []
    return [request.childLink('a/é?#'), request.sibLink('http://evil'), request.prePathURL(), request.childLink('\ud800')]
  })
  assert.deepEqual(result, [
    '%2Fevil.example/a%2F%C3%A9%3F%23',
    'http%3A%2F%2Fevil',
    'http://h/javascript%3Aalert%281%29/%2Fevil.example',
    '%2Fevil.example/%EF%BF%BD',
  ])
  const names = (request: Request): string => {
    request.prepath = ['€', '\u00e9']
    return request.prePathURL()
  }
  assert.equal(await told('GET / HTTP/1.1\r\nHost: h\r\n\r\n', names), 'http://h/%E2%82%AC/%E9')
  const [bytes] = await told('GET /%C3%A9%ff/ HTTP/1.1\r\nHost: h\r\n\r\n', (request) => {
    request.prepath = request.postpath
    return [request.prePathURL()]
  })
  assert.equal(bytes, 'http://h/%C3%A9%FF/')
})

test('Request.prePathURL names host and port as the client did, and the address where it did not (B89, B90)', async () => {
  const heads: [head: string, hostname: string, url: string][] = [
    ['GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n', 'shop.example', 'http://shop.example/'],
    ['GET / HTTP/1.1\r\nHost: shop.example:81\r\n\r\n', 'shop.example', 'http://shop.example:81/'],
    ['GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n', '::1', 'http://[::1]:81/'],
    ['GET http://abs.example:8/ HTTP/1.1\r\nHost: shop.example\r\n\r\n', 'abs.example', 'http://abs.example:8/'],
  ]
  for (const [head, hostname, url] of heads) {
    assert.deepEqual(await told(head, (request) => [request.getRequestHostname(), request.prePathURL()]), [hostname, url])
  }
  for (const head of ['GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'GET / HTTP/1.1\r\nHost: :5\r\n\r\n']) {
    const [address, hostname, url] = await told(
      head,
      (request) => [request.getHost(), request.getRequestHostname(), request.prePathURL()] as const,
    )
    assert.ok(address.type === 'TCP')
    assert.deepEqual([hostname, url], [address.host, `http://${address.host}:${address.port}/`])
  }
})

test('Request.prePathURL follows Request.setHost (B89)', async () => {
  const result = await told('GET / HTTP/1.1\r\nHost: inside\r\n\r\n', (request) => {
    request.setHost('shop.example', 443, true)
    return [request.getRequestHostname(), request.prePathURL()]
  })
  assert.deepEqual(result, ['shop.example', 'https://shop.example/'])
})

test('Request.getRootURL throws when nobody remembered it', async () => {
  await told('GET /', (request) => {
    assert.throws(() => request.getRootURL(), { code: 'PLAIT_RESOURCE', message: /rememberRootURL/ })
  })
})
