// What `npm run soak` serves: Flask, Django, files, a WebSocket, health, and what the heap of the server has after a collection.
import { File, HealthResource, MountTree, Resource, WSGIResource, WebSocketResource, reactor } from 'plait'

const bench = new URL('../../../bench/apps', import.meta.url).pathname
const python = (/** @type {string} */ application, /** @type {string} */ cwd) =>
  new WSGIResource(reactor, reactor.getThreadPool(), { application, cwd, python: process.env.SOAK_PYTHON }, { timeout: 5 })

class Heap extends Resource {
  isLeaf = true
  render_GET() {
    for (let turn = 0; turn < 4; turn++) globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    return JSON.stringify({ heap: heapUsed + external })
  }
}

export default new MountTree({
  '/': python('flask_site:application', import.meta.dirname),
  '/django': python('django_hello:application', bench),
  '/static': new File(process.env.SOAK_STATIC ?? ''),
  '/echo': new WebSocketResource((socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))),
  '/health': new HealthResource(reactor),
  '/heap': new Heap(),
})
