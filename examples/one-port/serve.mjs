// One command, one port: a Vite front end with live reload, a Flask API, a Django admin, static files. It needs the packages vite, and Flask and Django in
// the virtual environment that is active. Start it with `node serve.mjs`, then open http://127.0.0.1:8080/ (admin: admin, admin).
import { File, ReverseProxyResource, Resource, Site, WSGIResource, reactor } from 'plait'
import { createServer } from 'vite'

const here = import.meta.dirname

const vite = await createServer({
  root: `${here}/front`,
  cacheDir: `${here}/front/.vite`,
  configFile: false,
  clearScreen: false,
  logLevel: 'warn',
  server: { host: '127.0.0.1', port: 0 },
})
await vite.listen()
reactor.addSystemEventTrigger('after', 'shutdown', () => vite.close())

/** The front end has every path that nobody else has. */
class Front extends Resource {
  #vite = new ReverseProxyResource(`http://127.0.0.1:${vite.httpServer.address().port}`)

  getChild(_name, request) {
    request.postpath.unshift(request.prepath.pop())
    return this.#vite
  }
}

const python = (application) => new WSGIResource(reactor, reactor.getThreadPool(), { application, cwd: here })
const root = new Front()
root.putChild('api', python('api:app'))
root.putChild('back', python('back:application'))
root.putChild('static', new File(`${here}/public`))

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(root), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
