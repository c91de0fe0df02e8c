// A page that talks to a WebSocket, on http://127.0.0.1:8080/. Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`.
import { readFileSync } from 'node:fs'
import { Data, Resource, Site, WebSocketResource, reactor } from 'plait'

const root = new Resource()
root.putChild('', new Data(readFileSync(new URL('index.html', import.meta.url)), 'text/html; charset=utf-8'))
root.putChild(
  'echo',
  new WebSocketResource((socket) => {
    socket.send('Hello from the server')
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  }),
)

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(root), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
