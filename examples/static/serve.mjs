// Files from public/ on http://127.0.0.1:8080/. Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`.
import { File, Site, reactor } from 'plait'

const files = new File(`${import.meta.dirname}/public`, { ignoredExts: ['.html'], maxAge: 60 })
files.contentTypes['.log'] = 'text/plain'

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(files), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
