import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Request } from '../../http/request.ts'
import { hopByHop } from './hop-by-hop.ts'

/** Seconds after which the system asks whether a silent peer is still there. */
const PROBE_AFTER = 60

/** Passes the upstream's 101 on; from there on bytes go to and fro, and each half of the connection ends by itself. */
export function openTunnel(request: Request, response: IncomingMessage, upstream: Duplex, early: Buffer): void {
  const { socket, head } = request.takeOver(() => {
    upstream.unpipe(socket)
    upstream.destroy()
    socket.end()
  })
  const { rawHeaders, statusMessage } = response
  const ends = hopByHop(rawHeaders)
  let text = `HTTP/1.1 101 ${statusMessage || 'Switching Protocols'}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!ends.has((rawHeaders[index] as string).toLowerCase())) text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`
  }
  socket.write(`${text}\r\n`, 'latin1')
  if (early.length > 0) socket.write(early)
  if (head.length > 0) upstream.write(head)
  join(socket, upstream)
  join(upstream, socket)
}

function join(from: Duplex, to: Duplex): void {
  ;(from as Socket).setKeepAlive?.(true, PROBE_AFTER * 1000)
  from.on('error', () => to.destroy())
  from.on('close', () => {
    // What was sent before a proper end is still on its way; of a connection that broke there is nothing to wait for.
    if (!from.readableEnded || !from.writableFinished) to.destroy()
  })
  from.pipe(to)
}
