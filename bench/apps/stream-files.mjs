// The least that serves a file with node's own streams: no types, no conditions, no ranges. `node stream-files.mjs PORT FOLDER`
import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream'

const [port, root = ''] = process.argv.slice(2)
const server = createServer(async (request, response) => {
  const file = await open(join(root, request.url ?? '/'))
  const { size } = await file.stat()
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size })
  pipeline(file.createReadStream(), response, () => undefined)
})
server.keepAliveTimeout = 100_000
server.listen(Number(port), '127.0.0.1')
// A profile is written only when Node ends by itself.
process.once('SIGTERM', () => process.exit(0))
