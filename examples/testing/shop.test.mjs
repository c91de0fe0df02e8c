// The tests of shop.mjs: no socket, no process, no waiting. Run them with `node --test`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DummyRequest, MemoryClient, MemoryReactor, MemoryThreadPool, inlineApplication, requestFor, until } from 'plait/testing'
import { Greeting, shop } from './shop.mjs'

test('the greeting names whoever is in the path', async () => {
  const response = await requestFor(shop(new MemoryReactor()), { path: '/hello/Ada' })
  assert.deepEqual([response.status, response.text], [200, 'Hello Ada'])
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
})

test('nobody is not greeted', async () => {
  const request = new DummyRequest(['nobody'])
  await request.render(new Greeting())
  assert.equal(request.responseCode, 404)
})

test('the cart is kept from request to request', async () => {
  const client = new MemoryClient(shop(new MemoryReactor()))
  const added = await client.request({ path: '/cart', form: { item: 'tea' } })
  assert.deepEqual([added.status, added.headers.location], [303, '/cart'])
  assert.deepEqual((await client.request('/cart')).json(), ['tea'])
  client.cookies.clear()
  assert.deepEqual((await client.request('/cart')).json(), [])
})

test('the slow page takes half a minute, and the test none', async () => {
  const reactor = new MemoryReactor()
  const response = requestFor(shop(reactor), { path: '/slow', reactor })
  await until(() => reactor.getDelayedCalls().some((call) => call.getTime() === 30))
  reactor.advance(30)
  assert.equal((await response).text, 'sorry for the wait')
})

test('the application sees its place in the tree', async () => {
  const pool = new MemoryThreadPool(
    inlineApplication((environ, startResponse) => {
      startResponse('200 OK', [['Content-Type', 'text/plain']])
      return [`${environ.SCRIPT_NAME} ${environ.PATH_INFO} ${environ['wsgi.input'].read()}`]
    }),
  )
  const reactor = new MemoryReactor({ threadPool: pool })
  const response = await requestFor(shop(reactor), { path: '/stock/tea', body: '12', reactor })
  assert.equal(response.text, '/stock /tea 12')
})
