// CGI on http://127.0.0.1:8080/: programs in cgi-bin/, and pages/*.pl read by perl. Start it with `node serve.mjs`.
import { CGIDirectory, File, FilteredScript, ProcessLimit, Resource, Site, reactor } from 'plait'

const limit = new ProcessLimit({ maxProcesses: 8 })
const here = import.meta.dirname

const root = new Resource()
root.putChild('cgi-bin', new CGIDirectory(`${here}/cgi-bin`, { limit, inherit: ['PATH', 'GUEST_BOOK'] }))
root.putChild(
  'pages',
  new File(`${here}/pages`, { processors: { '.pl': (path) => new FilteredScript(path, { filter: 'perl', limit }) } }),
)

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(root, { logger: reactor.logger }), {
  interface: '127.0.0.1',
})
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
