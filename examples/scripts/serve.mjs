// Files and scripts from public/ on http://127.0.0.1:8080/. Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`.
// Change a script while it runs: the next request shows it.
import { File, Site, reactor, scriptProcessors } from 'plait'

// Where Python applications are looked for that do not lie beside their script.
process.chdir(import.meta.dirname)

const files = new File('public', { processors: scriptProcessors, ignoredExts: ['.rpy.ts'] })

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(files, { displayTracebacks: true }), {
  interface: '127.0.0.1',
})
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
