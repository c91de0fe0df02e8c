// The same application in a program, with a function of tasks.ts called in a thread.
import { Resource, Site, WSGIResource, reactor } from 'plait'

const pool = reactor.getThreadPool()

class Words extends Resource {
  async render_POST(request) {
    const counted = await pool.deferToThread(`${import.meta.dirname}/tasks.ts#countWords`, await request.text())
    request.setHeader('Content-Type', 'application/json')
    return JSON.stringify(counted)
  }
}

const root = new Resource()
root.putChild('app', new WSGIResource(reactor, pool, { application: './app.ts#application', cwd: import.meta.dirname }))
root.putChild('words', new Words())
const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(root), { interface: '127.0.0.1' })
await port.ready
console.log(`listening on http://127.0.0.1:${port.getHost().port}/`)
await reactor.run()
