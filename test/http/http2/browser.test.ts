import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Data } from '#src/resources/data.ts'
import { WebSocketResource } from '#src/resources/websocket/websocket-resource.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import type { Request } from '#src/http/request.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { noChromium, openPage } from '../../support/chromium.ts'
import { until } from '../../support/until.ts'

/** Says how many bytes it was sent. */
class Upload extends Resource {
  render_POST(request: Request): void {
    request.readBody({}, (error, body) => {
      const size = body === undefined || body.kind === 'stream' ? 0 : body.size
      if (error === undefined) request.sendWhole(200, 'OK', ['Content-Type', 'text/plain'], Buffer.from(String(size)))
    })
  }
}

/** A response that goes on until its client leaves. */
class Endless extends Resource {
  left = 0
  render_GET(request: Request): void {
    request.setHeader('Content-Type', 'text/plain')
    request.write('a')
    request.onDisconnect = () => this.left++
  }
}

function echo(socket: WebSocket): void {
  socket.on('message', (data: Buffer) => socket.send(`echo ${String(data)}`))
}

/** What the page does, and tells. */
const inThePage = `(async () => {
  const [entry] = performance.getEntriesByType('navigation')
  const small = await Promise.all(Array.from({ length: 80 }, async (_, index) => (await fetch('/small?' + index)).text()))
  const size = await (await fetch('/upload', { method: 'POST', body: new Uint8Array(5000000) })).text()
  const leave = new AbortController()
  const endless = await fetch('/endless', { signal: leave.signal })
  await endless.body.getReader().read()
  leave.abort()
  const echo = await new Promise((resolve, reject) => {
    const socket = new WebSocket('wss://' + location.host + '/socket')
    socket.onopen = () => socket.send('hello')
    socket.onmessage = ({ data }) => resolve(data)
    socket.onerror = () => reject(new Error('no WebSocket'))
  })
  return { protocol: entry.nextHopProtocol, small: new Set(small).size, size, echo }
})()`

test('a browser speaks HTTP/2 with a Site on TLS, and opens WebSockets beside it', { skip: noChromium }, async (t) => {
  const { cert, privateKey } = makeCertificate(testFolder(t), 'server', { names: ['localhost'] })
  const tree = new Resource()
  const endless = new Endless()
  const versions = new Set<string>()
  tree.putChild('', new Data('<!doctype html><title>h2</title>', 'text/html'))
  tree.putChild('small', new Data('small', 'text/plain'))
  tree.putChild('upload', new Upload())
  tree.putChild('endless', endless)
  tree.putChild('socket', new WebSocketResource(echo))
  const reactor = new NodeReactor()
  const site = new Site(tree, { accessLog: ({ clientproto }) => void versions.add(clientproto) })
  const port = reactor.listenTLS(0, site, { key: readFileSync(privateKey), cert }, { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  const { port: number } = port.getHost() as { port: number }
  const { page } = await openPage(t, { ignoreHTTPSErrors: true })
  await page.goto(`https://localhost:${number}/`)
  const shown = await page.evaluate(inThePage)
  assert.deepEqual(shown, { protocol: 'h2', small: 1, size: '5000000', echo: 'echo hello' })
  await until('the endless response to be left', () => endless.left === 1)
  assert.ok(versions.has('HTTP/2'))
})
