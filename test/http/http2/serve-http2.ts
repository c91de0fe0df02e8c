import type { TestContext } from 'node:test'
import type { HTTPOptions } from '#src/http/http-factory.ts'
import { HTTPFactory } from '#src/http/http-factory.ts'
import type { Request } from '#src/http/request.ts'
import type { NodeReactor } from '#src/reactor/node-reactor.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { FrameClient } from '../../support/http2-frames.ts'
import { HTTP2Client } from '../../support/http2-client.ts'
import { ClockedReactor } from '../clocked-reactor.ts'
import { NodeReactor as Reactor } from '#src/reactor/node-reactor.ts'

/** A line of the access log, as far as tests ask. */
export interface Logged {
  readonly uri: string
  readonly code: number
  readonly bytesSent: number
  readonly aborted: boolean
  readonly clientproto: string
}

/** A server on a real socket, until its test ends. */
export interface ServedHTTP2<R extends NodeReactor> {
  readonly url: string
  readonly reactor: R
  readonly factory: HTTPFactory
  readonly logger: RecordingLogger
  /** Requests that have ended. */
  readonly log: Logged[]
  client(options?: Parameters<typeof HTTP2Client.connect>[1]): Promise<HTTP2Client>
  frames(greeting?: Buffer): Promise<FrameClient>
}

type Received = (request: Request) => void

/** Serves `received`; what still runs is cut when the test ends. */
export function serveHTTP2(t: TestContext, received: Received, options: HTTPOptions = {}): Promise<ServedHTTP2<NodeReactor>> {
  return serveOn(t, new Reactor(), received, options)
}

/** The same, and time passes only when the test says so. */
export function serveClocked(
  t: TestContext,
  received: Received,
  options: HTTPOptions = {},
): Promise<ServedHTTP2<ClockedReactor>> {
  return serveOn(t, new ClockedReactor(), received, options)
}

async function serveOn<R extends NodeReactor>(
  t: TestContext,
  reactor: R,
  received: Received,
  options: HTTPOptions,
): Promise<ServedHTTP2<R>> {
  const logger = new RecordingLogger()
  const log: Logged[] = []
  const accessLog = ({ uri, code, bytesSent, aborted, clientproto }: Request): void => {
    log.push({ uri, code, bytesSent, aborted, clientproto })
  }
  const factory = new HTTPFactory(received, { logger, accessLog, ...options })
  const port = reactor.listenTCP(0, factory, { interface: '127.0.0.1' })
  await port.ready
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  const clients: { close?(): void; destroy?(): void }[] = []
  t.after(async () => {
    for (const client of clients) (client.close ?? client.destroy)?.call(client)
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  return {
    url,
    reactor,
    factory,
    logger,
    log,
    client: async (settings) => kept(clients, await HTTP2Client.connect(url, settings)),
    frames: async (greeting) => kept(clients, await FrameClient.connect(url, greeting)),
  }
}

function kept<T>(all: unknown[], one: T): T {
  all.push(one)
  return one
}

/** Answers with what the request was. */
export function echo(request: Request): void {
  const say = (body: string): void => {
    const { method, uri, clientproto, host, contentLength } = request
    const facts = { method, uri, clientproto, host, contentLength, secure: request.isSecure(), fields: request.rawHeaders, body }
    request.sendWhole(200, 'OK', ['Content-Type', 'application/json'], Buffer.from(JSON.stringify(facts)))
  }
  if (!request.hasBody) return say('')
  request.readBody({}, (error, body) => {
    if (error !== undefined) return
    say(
      body?.kind === 'bytes'
        ? Buffer.concat(body.chunks).toString('latin1')
        : `${body?.kind} ${body?.kind === 'file' ? body.size : 0}`,
    )
  })
}

/** What {@link echo} says. */
export interface Echoed {
  readonly method: string
  readonly uri: string
  readonly clientproto: string
  readonly host: string
  readonly contentLength?: number
  readonly secure: boolean
  readonly fields: readonly string[]
  readonly body: string
}
