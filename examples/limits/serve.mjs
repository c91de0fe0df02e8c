// Four threads: at most two of them for reports, and none for the events that stay open. Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`.
// The same on the command line: plait web --wsgi shop.application --threads 4 --timeout 30 --limit /reports=2,max-queue=10 --timeout /reports=120 --timeout /events=0
import { Site, ThreadPool, WSGIResource, reactor } from 'plait'

const pool = new ThreadPool({ maxThreads: 4, maxStreams: 100 })
const shop = { application: 'shop.application', cwd: import.meta.dirname }
const resource = new WSGIResource(reactor, pool, shop, {
  timeout: 30,
  limits: {
    '/reports': { maxRunning: 2, maxQueue: 10, timeout: 120 },
    '/events': { timeout: 0 },
  },
})
await resource.prepare()

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(resource), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
