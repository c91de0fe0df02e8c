// Bare node:http: the floor under every server that is built on it. `node node-http.mjs PORT`
import { createServer } from 'node:http'

const body = 'Hello, world!'
const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length })
  response.end(body)
})
server.keepAliveTimeout = 100_000
server.listen(Number(process.argv[2]), '127.0.0.1')
// A profile is written only when Node ends by itself.
process.once('SIGTERM', () => process.exit(0))
