// `@fastify/send` on bare node:http. `node send-files.mjs PORT FOLDER`
import { send } from '@fastify/send'
import { createServer } from 'node:http'

const [port, root] = process.argv.slice(2)
const server = createServer(async (request, response) => {
  const { statusCode, headers, stream } = await send(request, request.url ?? '/', { root })
  response.writeHead(statusCode, headers)
  stream.pipe(response)
})
server.keepAliveTimeout = 100_000
server.listen(Number(port), '127.0.0.1')
// A profile is written only when Node ends by itself.
process.once('SIGTERM', () => process.exit(0))
