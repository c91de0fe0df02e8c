import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TestContext } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import type { ListenOptions, ListeningPort } from '#src/reactor/reactor.ts'
import { Clock, RecordingLogger } from '#src/testing.ts'

/** Real sockets, and time that passes when the test says so. */
export class ClockedReactor extends NodeReactor {
  readonly clock = new Clock()

  override seconds(): number {
    return this.clock.seconds()
  }

  override callLater(seconds: number, callable: () => void): ReturnType<Clock['callLater']> {
    return this.clock.callLater(seconds, callable)
  }
}

/** A server that runs. */
export interface TLSServer {
  readonly reactor: ClockedReactor
  readonly log: RecordingLogger
  readonly listening: ListeningPort
  readonly port: number
}

const who = (request: Request): void => {
  const { tls } = request.channel
  const text = `${request.isSecure()} ${tls?.serverName} ${tls?.clientVerify}`
  request.sendWhole(200, 'OK', [], Buffer.from(text))
}

/** Listens with these options; stopped with the test. However far a test moves the clock, handshakes have time. */
export async function serveTLS(
  t: TestContext,
  options: ListenOptions,
  answer: (request: Request) => void = who,
): Promise<TLSServer> {
  const log = new RecordingLogger()
  const reactor = new ClockedReactor({ logger: log })
  t.after(async () => {
    const stopped = reactor.stop()
    // At once: time does not pass by itself here, so no grace would ever be over.
    void reactor.stop()
    await stopped
  })
  const listening = reactor.listenTCP(0, new HTTPFactory(answer, { logger: log, headTimeout: 1e6, idleTimeout: 1e6 }), {
    interface: '127.0.0.1',
    openTimeout: 80_000,
    ...options,
  })
  await listening.ready
  return { reactor, log, listening, port: (listening.getHost() as { port: number }).port }
}

/** A client whose handshake is done. In TLS 1.3 the server may not be done yet. */
export async function connectTLS(t: TestContext, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options })
  t.after(() => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('The connection was closed')))
  })
  return socket
}

/** Asks for `/` on a connection, and gives the whole response. Rejected when it is cut. */
export async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  if (text === '') throw new Error('The connection was closed')
  return text
}
