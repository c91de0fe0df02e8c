import type { Duplex } from 'node:stream'

/** What a client sends first that knows that the server speaks HTTP/2 (RFC 9113 section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** What is done with a connection when its protocol is known. */
export interface Speakers {
  /** Must listen for `data` and `end`: both are told again. */
  readonly http1: () => void
  /** Must read: the bytes are put back. */
  readonly http2: () => void
  /** The client has half-closed the connection, and what it sent is not even the beginning of a request. */
  readonly ended: (bytes: number) => void
}

/** Looks at the first bytes of a connection, as few as it takes, to learn which protocol the client speaks. */
export function watchPreface(socket: Duplex, speakers: Speakers): void {
  const chunks: Buffer[] = []
  let known = false
  let ended = false
  const leave = (): void => {
    socket.removeListener('data', take)
    socket.removeListener('end', end)
  }
  const handOver = (): void => {
    leave()
    speakers.http1()
    for (const chunk of chunks) socket.emit('data', chunk)
    if (ended) socket.emit('end')
  }
  const take = (chunk: Buffer): void => {
    chunks.push(chunk)
    if (known) return
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks)
    const length = Math.min(bytes.length, PREFACE.length)
    if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) {
      known = true
      // Behind this chunk, node:stream asks for more in the next tick. node:http, that has the handle read for itself, must not have
      // held the client back by then: it would not do it a second time.
      process.nextTick(() => process.nextTick(handOver))
    } else if (length === PREFACE.length) {
      leave()
      socket.pause()
      speakers.http2()
      socket.unshift(bytes)
    }
  }
  const end = (): void => {
    ended = true
    if (known) return
    leave()
    speakers.ended(chunks.length)
  }
  socket.on('data', take)
  socket.on('end', end)
}
