// Compressed files and events on http://127.0.0.1:8080/. Start it with `node serve.mjs`.
import { EncodingResourceWrapper, File, Resource, Site, reactor } from 'plait'

/** Says what time it is, twice a second, as server-sent events: each reaches the client at once, compressed or not. */
class Clock extends Resource {
  isLeaf = true

  async render_GET(request) {
    request.setHeader('Content-Type', 'text/event-stream')
    const tick = () => {
      if (request.disconnected) return
      request.write(`data: ${new Date().toISOString()}\n\n`)
      reactor.callLater(0.5, tick)
    }
    tick()
    await request.notifyFinish()
  }
}

const root = new File(`${import.meta.dirname}/public`)
root.putChild('clock', new Clock())

const site = new Site(new EncodingResourceWrapper(root))
const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), site, { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
