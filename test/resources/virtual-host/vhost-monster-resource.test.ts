import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { SiteOptions } from '#src/resource/site.ts'
import { NameVirtualHost } from '#src/resources/virtual-host/name-virtual-host.ts'
import { VHostMonsterResource, type VHostMonsterOptions } from '#src/resources/virtual-host/vhost-monster-resource.ts'
import { serve } from '../../resource/serve.ts'

/** Says what it was asked for. */
class Echo extends Resource {
  override isLeaf = true
  render_GET(request: Request): string {
    const { prepath, postpath, uri, path, queryString } = request
    return JSON.stringify({
      url: request.prePathURL(),
      port: request.getHost(),
      prepath,
      postpath,
      uri,
      path,
      queryString,
      secure: request.isSecure(),
    })
  }
}

function served(options: VHostMonsterOptions = { trustProxy: '192.0.2.1' }, site: SiteOptions = {}) {
  const root = new Resource()
  root.putChild('', new Echo())
  root.putChild('echo', new Echo())
  root.putChild('vhm', new VHostMonsterResource(options))
  const deep = new Resource()
  deep.putChild('vhm', new VHostMonsterResource(options))
  root.putChild('deep', deep)
  return serve(root, site)
}

test('VHostMonsterResource serves the rest of the path as if its host had been asked (H143)', async () => {
  const { port } = served()
  const response = await port.request('GET /vhm/https/shop.example:8443/echo/a%2Fb/?x=1')
  assert.deepEqual(JSON.parse(response.text), {
    url: 'https://shop.example:8443/echo',
    port: { type: 'TCP', host: 'shop.example', port: 8443 },
    prepath: ['echo'],
    postpath: ['a/b', ''],
    uri: '/echo/a%2Fb/?x=1',
    path: '/echo/a%2Fb/',
    queryString: 'x=1',
    secure: true,
  })
})

test('VHostMonsterResource without a port takes that of the scheme (H143)', async () => {
  const { port } = served()
  const urls: string[] = []
  for (const path of [
    'http/a/',
    'https/a/',
    'http/a:443/',
    'https/a:80/',
    'https/[2001:db8::1]/',
    'https/[::1]:8443/',
    'https/a',
  ]) {
    urls.push((JSON.parse((await port.request(`GET /vhm/${path}`)).text) as { url: string }).url)
  }
  const bases = [
    'http://a',
    'https://a',
    'http://a:443',
    'https://a:80',
    'https://[2001:db8::1]',
    'https://[::1]:8443',
    'https://a',
  ]
  assert.deepEqual(
    urls,
    bases.map((base) => `${base}/`),
  )
})

test('VHostMonsterResource works wherever it is, and says http of a request that came by TLS (H143)', async () => {
  const { reactor, port } = served()
  const { url } = JSON.parse((await port.request('GET /deep/vhm/https/a/echo')).text) as { url: string }
  assert.equal(url, 'https://a/echo')
  const secure = reactor.listenTLS(8443, port.factory)
  const answer = JSON.parse((await secure.request('GET /vhm/http/a/echo')).text) as { url: string; secure: boolean }
  assert.deepEqual([answer.url, answer.secure], ['http://a/echo', false])
})

test('VHostMonsterResource leads to virtual hosts', async () => {
  const hosts = new NameVirtualHost()
  hosts.addHost('shop.example', new Echo())
  hosts.putChild('vhm', new VHostMonsterResource({ trustProxy: '192.0.2.1' }))
  const response = await serve(hosts).port.request('GET /vhm/https/shop.example/cart')
  assert.equal((JSON.parse(response.text) as { url: string }).url, 'https://shop.example/')
})

test('VHostMonsterResource believes trusted proxies only: its own, or those of the site', async () => {
  const path = 'GET /vhm/https/evil/echo'
  const stranger = { type: 'TCP', host: '203.0.113.9', port: 1 } as const
  assert.equal((await served().port.request(path, { peer: stranger })).status, 403)
  assert.equal((await served({}).port.request(path)).status, 403)
  assert.equal((await served({}, { trustProxy: '192.0.2.0/24' }).port.request(path)).status, 200)
  assert.equal((await served({ trustProxy: false }, { trustProxy: '192.0.2.0/24' }).port.request(path)).status, 403)
  assert.throws(() => new VHostMonsterResource({ trustProxy: 'nobody' }), { code: 'PLAIT_CONFIGURATION' })
})

test('VHostMonsterResource answers what is no host by 404, and a path within a path', async () => {
  const { port } = served()
  for (const path of [
    'ftp/a/',
    'https/',
    'https/a:b/',
    'https/a:99999/',
    'https/:80/',
    'https/a%2Fb/',
    'https/a%0d%0a/',
    '',
    'https',
    'https/a/vhm/https/evil/',
  ]) {
    const { status } = await port.request(`GET /vhm/${path}`)
    assert.equal(status, 404, path)
  }
})
