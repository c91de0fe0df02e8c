import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource, type TreeNode } from '#src/resource/resource.ts'
import { Data } from '#src/resources/data.ts'
import { NameVirtualHost } from '#src/resources/virtual-host/name-virtual-host.ts'
import { serve, type Served } from '../../resource/serve.ts'

/** A leaf that says its name and what it was left of the path. */
function leaf(name: string): TreeNode {
  class Leaf extends Resource {
    override isLeaf = true
    render_GET({ prepath, postpath }: Request): string {
      return JSON.stringify([name, prepath, postpath])
    }
  }
  return new Leaf()
}

async function ask(served: Served, host: string | undefined, path = '/'): Promise<[status: number, text: string]> {
  const { status, text } = await served.port.request(
    host === undefined ? `GET ${path} HTTP/1.0\r\n\r\n` : `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  )
  return [status, text]
}

async function nameOf(hosts: NameVirtualHost, host: string): Promise<unknown> {
  const [status, text] = await ask(serve(hosts), host)
  return status === 200 ? (JSON.parse(text) as string[])[0] : status
}

test('NameVirtualHost passes requests to the host that they name; case, port and final dot do not matter (H142)', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('Shop.example', leaf('shop'))
  hosts.addHost('blog.example.', leaf('blog'))
  for (const host of ['shop.example', 'SHOP.Example', 'shop.example:8080', 'shop.example.', 'shop.example.:80']) {
    assert.equal(await nameOf(hosts, host), 'shop', host)
  }
  assert.equal(await nameOf(hosts, 'blog.example'), 'blog')
  hosts.removeHost('SHOP.example')
  assert.equal(await nameOf(hosts, 'shop.example'), 404)
  hosts.removeHost('never.example')
})

test('NameVirtualHost knows addresses, an IPv6 address however it is written (H142)', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('2001:DB8:0::1', leaf('six'))
  hosts.addHost('[::1]', leaf('loopback'))
  hosts.addHost('192.0.2.1', leaf('four'))
  assert.equal(await nameOf(hosts, '[2001:db8::1]:8080'), 'six')
  assert.equal(await nameOf(hosts, '[2001:0db8:0:0:0:0:0:1]'), 'six')
  assert.equal(await nameOf(hosts, '[::1]'), 'loopback')
  assert.equal(await nameOf(hosts, '192.0.2.1:80'), 'four')
  assert.equal(await nameOf(hosts, '[::2]'), 404)
})

test('NameVirtualHost with a star takes all names below, the longest that fits', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('*.example', leaf('any'))
  hosts.addHost('*.shop.example', leaf('tenant'))
  hosts.addHost('www.shop.example', leaf('www'))
  const found = [
    'a.example',
    'a.b.example',
    'x.shop.example',
    'x.y.shop.example',
    'www.shop.example',
    'shop.example',
    'example',
    'aexample',
  ]
  assert.deepEqual(await Promise.all(found.map((host) => nameOf(hosts, host))), [
    'any',
    'any',
    'tenant',
    'tenant',
    'www',
    'any',
    404,
    404,
  ])
})

test('NameVirtualHost takes names outside ASCII as browsers send them', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('bücher.example', leaf('books'))
  hosts.addHost('*.Bücher.example', leaf('branch'))
  assert.equal(await nameOf(hosts, 'xn--bcher-kva.example'), 'books')
  assert.equal(await nameOf(hosts, 'berlin.xn--bcher-kva.example'), 'branch')
})

test('NameVirtualHost answers unknown hosts by its default, else by a 404 page that names them, escaped (H142)', async () => {
  const hosts = new NameVirtualHost()
  const served = serve(hosts)
  const [status, text] = await ask(served, "a'&b.example", '/deep/path')
  assert.equal(status, 404)
  assert.match(text, /<p>The host a&#39;&amp;b\.example is not served here\.<\/p>/)
  assert.equal((await ask(served, undefined))[0], 404)
  assert.equal((await ask(served, ''))[0], 404)
  const long = await ask(served, `${'x.'.repeat(15_000)}example`)
  assert.equal(long[0], 404)
  assert.ok(long[1].length < 1000)
  hosts.default = leaf('default')
  for (const host of ['other.example', '', undefined]) {
    const [, answer] = await ask(served, host)
    assert.equal((JSON.parse(answer) as string[])[0], 'default')
  }
})

test('NameVirtualHost takes no segment, wherever it is: a leaf gets the whole path, a tree is walked (H142)', async () => {
  const tree = new Resource()
  tree.putChild('', new Data('index', 'text/plain'))
  const sub = new Resource()
  sub.putChild('page', new Data('page', 'text/plain'))
  tree.putChild('sub', sub)
  const hosts = new NameVirtualHost()
  hosts.addHost('leaf', leaf('leaf'))
  hosts.addHost('tree', tree)
  const inner = new NameVirtualHost()
  inner.addHost('inner', leaf('inner'))
  hosts.addHost('inner', inner)
  const atRoot = serve(hosts)
  assert.deepEqual(await ask(atRoot, 'leaf', '/a/b/'), [200, '["leaf",[],["a","b",""]]'])
  assert.deepEqual(await ask(atRoot, 'tree', '/'), [200, 'index'])
  assert.deepEqual(await ask(atRoot, 'tree', '/sub/page'), [200, 'page'])
  assert.equal((await ask(atRoot, 'tree', '/sub/none'))[0], 404)
  assert.deepEqual(await ask(atRoot, 'inner', '/x'), [200, '["inner",[],["x"]]'])
  const root = new Resource()
  root.putChild('mount', hosts)
  const below = serve(root)
  assert.deepEqual(await ask(below, 'leaf', '/mount/a'), [200, '["leaf",["mount"],["a"]]'])
  assert.deepEqual(await ask(below, 'leaf', '/mount'), [200, '["leaf",["mount"],[]]'])
  assert.deepEqual(await ask(below, 'tree', '/mount/sub/page'), [200, 'page'])
})

test('NameVirtualHost serves its own children first, for all hosts', async () => {
  const hosts = new NameVirtualHost()
  hosts.putChild('robots.txt', new Data('all', 'text/plain'))
  hosts.addHost('leaf', leaf('leaf'))
  const served = serve(hosts)
  assert.deepEqual(await ask(served, 'leaf', '/robots.txt'), [200, 'all'])
  assert.deepEqual(await ask(served, 'other', '/robots.txt'), [200, 'all'])
})

test('NameVirtualHost lists what it passes requests to', () => {
  const hosts = new NameVirtualHost()
  const [child, one, two] = [leaf('child'), leaf('one'), leaf('two')]
  hosts.putChild('x', child)
  hosts.addHost('one', one)
  assert.deepEqual(hosts.listEntities(), [child, one])
  hosts.default = two
  assert.deepEqual(hosts.listEntities(), [child, one, two])
})

test('NameVirtualHost goes by the host that a trusted proxy tells', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('shop.example', leaf('shop'))
  const { port } = serve(hosts, { trustProxy: '192.0.2.1' })
  const response = await port.request('GET / HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Host: shop.example\r\n\r\n')
  assert.equal(response.status, 200)
})

test('NameVirtualHost.addHost refuses what can never be asked for', () => {
  const hosts = new NameVirtualHost()
  for (const name of ['', 'a:80', '[::1]:80', 'a/b', '*', '*.', 'a.*.b', '[a]', 'a b', '.']) {
    assert.throws(() => hosts.addHost(name, leaf('x')), { code: 'PLAIT_RESOURCE' }, name)
  }
})
