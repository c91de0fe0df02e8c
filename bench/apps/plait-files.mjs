// Plait's File over a folder. `node plait-files.mjs PORT FOLDER`
import { File, Site, reactor } from '../../dist/index.js'

const [port, folder = ''] = process.argv.slice(2)
reactor.listenTCP(Number(port), new Site(new File(folder)), { interface: '127.0.0.1' })
await reactor.run()
