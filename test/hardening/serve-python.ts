import { after, before } from 'node:test'
import { NodeReactor } from '#src/default-reactor.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { root } from '../support/paths.ts'
import { exchange, type ExchangeOptions, type Exchanged } from './exchange.ts'

/** The application `echo.py` on a real Python, for the tests of one file: buffered at `/`, streamed below `/stream`. */
export class ServedPython {
  readonly logger = new RecordingLogger()
  readonly #reactor = new NodeReactor({ logger: this.logger })
  #port = 0
  #client: HTTP2Client | undefined

  constructor() {
    before(() => this.#start(), { timeout: 60_000 })
    after(async () => {
      this.#client?.close()
      await this.#reactor.stop()
    })
  }

  async #start(): Promise<void> {
    const pool = this.#reactor.getThreadPool()
    const application = { application: 'echo:application', cwd: `${root}/test/fixtures/hardening` }
    const buffered = new WSGIResource(this.#reactor, pool, application)
    const streamed = new WSGIResource(this.#reactor, pool, application, { requestBody: 'stream' })
    const tree = new Routes(buffered, streamed)
    const listening = this.#reactor.listenTCP(0, new Site(tree, { logger: this.logger }), { interface: '127.0.0.1' })
    await listening.ready
    this.#port = (listening.getHost() as { port: number }).port
    void this.#reactor.run({ installSignalHandlers: false })
    await buffered.prepare()
  }

  get port(): number {
    return this.#port
  }

  exchange(bytes: string | Buffer, options?: ExchangeOptions): Promise<Exchanged> {
    return exchange(this.#port, bytes, options)
  }

  /** One connection of HTTP/2 for all. */
  async http2(): Promise<HTTP2Client> {
    if (this.#client === undefined || this.#client.session.destroyed) {
      this.#client = await HTTP2Client.connect(`http://127.0.0.1:${this.#port}`)
    }
    return this.#client
  }
}

class Routes extends Resource {
  readonly #buffered: WSGIResource
  readonly #streamed: WSGIResource

  constructor(buffered: WSGIResource, streamed: WSGIResource) {
    super()
    this.#buffered = buffered
    this.#streamed = streamed
  }

  override getChildWithDefault(name: string, request: Parameters<Resource['getChildWithDefault']>[1]): WSGIResource {
    if (name === 'stream') return this.#streamed
    request.postpath.unshift(request.prepath.pop() as string)
    return this.#buffered
  }
}
