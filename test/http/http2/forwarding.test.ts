import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { VHostMonsterResource } from '#src/resources/virtual-host/vhost-monster-resource.ts'
import { serveHTTP2 } from './serve-http2.ts'

/** Answers with what is known of the request. */
function tell(request: Request): void {
  const names = [...request.getAllHeaders().keys()].filter((name) => /^(?:x-|forwarded)/.test(name))
  const body = Buffer.from(JSON.stringify([request.clientHost, request.isSecure(), request.host, request.prepath, names]))
  request.sendWhole(200, 'OK', [], body)
}

const told = {
  'x-forwarded-for': '6.6.6.6, 192.0.2.60',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-prefix': '/app',
  'x-real-ip': '6.6.6.6',
}

test('HTTP/2 learns from trusted proxies what HTTP/1 does (E12)', async (t) => {
  const served = await serveHTTP2(t, tell, { trustProxy: '127.0.0.1' })
  const client = await served.client()
  const known = JSON.parse((await client.ask(told)).text) as unknown[]
  assert.deepEqual(known.slice(0, 4), ['192.0.2.60', true, 'shop.example', ['app']])
  const { status, text } = await client.ask({ ...told, forwarded: 'for=6.6.6.6' })
  assert.equal(status, 400)
  assert.match(text, /contradict each other/)
})

test('HTTP/2 removes from others what only a proxy may say (D4)', async (t) => {
  const client = await (await serveHTTP2(t, tell)).client()
  const [address, secure, host, prefix, names] = JSON.parse(
    (await client.ask({ ...told, forwarded: 'for=6.6.6.6' })).text,
  ) as unknown[]
  assert.deepEqual([address, secure, prefix, names], ['127.0.0.1', false, [], []])
  assert.notEqual(host, 'shop.example')
})

test('VHostMonsterResource works on HTTP/2 (H143)', async (t) => {
  const root = new Resource()
  root.putChild('vhm', new VHostMonsterResource())
  root.putChild(
    'url',
    new (class extends Resource {
      render_GET(request: Request): string {
        return request.prePathURL()
      }
    })(),
  )
  const site = new Site(root)
  const client = await (await serveHTTP2(t, (request) => site.process(request), { trustProxy: 'loopback' })).client()
  assert.equal((await client.ask({ ':path': '/vhm/https/shop.example/url' })).text, 'https://shop.example/url')
})
