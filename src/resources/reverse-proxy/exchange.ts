import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Request } from '../../http/request.ts'
import type { DelayedCall } from '../../reactor/reactor.ts'
import { requestLine, sendFailurePage } from '../../resource/failure.ts'
import { sendBody, streamBody, type CollectedBody } from './body-passage.ts'
import { Patience } from './patience.ts'
import { responseFields, type PathMap } from './response-fields.ts'
import { ResponsePassage } from './response-passage.ts'
import { openTunnel } from './tunnel.ts'
import type { Upstream } from './upstream.ts'

/** How long to wait, in seconds, and what else an exchange has to know. */
export interface ExchangeSettings {
  readonly connectTimeout: number
  readonly responseTimeout: number
  readonly idleTimeout: number
  readonly retryFor: number
  readonly maxBody: number
}

/** A request as its upstream gets it. */
export interface Outgoing {
  readonly path: string
  readonly headers: readonly string[]
  readonly map: PathMap
  /** The body, where it was collected; 'stream' while it is still to come. */
  readonly body: CollectedBody | 'stream' | undefined
}

/** Failures that pass when the upstream has started again. */
const PASSING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** Methods whose effect is the same if they are run twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])
const FIRST_PAUSE = 0.1
const LONGEST_PAUSE = 1

/** One request, from the client to the upstream and back. */
export class Exchange {
  readonly #request: Request
  readonly #upstream: Upstream
  readonly #outgoing: Outgoing
  readonly #settings: ExchangeSettings
  readonly #patience: Patience
  #asked: ClientRequest | undefined
  #passage: ResponsePassage | undefined
  #retry: DelayedCall | undefined
  #pause = FIRST_PAUSE
  #connected = false
  #over = false

  constructor(request: Request, upstream: Upstream, outgoing: Outgoing, settings: ExchangeSettings) {
    this.#request = request
    this.#upstream = upstream
    this.#outgoing = outgoing
    this.#settings = settings
    this.#patience = new Patience(request.reactor, () => this.#late())
    request.onDisconnect = () => this.#end()
  }

  /** @param ownConnection not one of those that were used before */
  start(ownConnection: boolean = this.#request.wantsWebSocket): void {
    this.#connected = false
    const { path, headers } = this.#outgoing
    const asked = this.#upstream.open({ method: this.#request.method, path, headers, ownConnection })
    this.#asked = asked
    // What comes of an attempt that was given up is nobody's.
    const current = (): boolean => !this.#over && asked === this.#asked
    this.#patience.wait(this.#settings.connectTimeout)
    asked.on('error', (error: NodeJS.ErrnoException) => current() && this.#failed(error))
    asked.on('socket', (socket) => this.#whenConnected(socket, () => current() && this.#sendBody(asked)))
    asked.on('information', ({ statusCode, rawHeaders }: { statusCode: number; rawHeaders: string[] }) => {
      if (current() && statusCode === 103) this.#passHints(rawHeaders)
    })
    asked.on('response', (response) => (current() ? this.#respond(response) : response.destroy()))
    asked.on('upgrade', (response, socket, head) => (current() ? this.#switch(response, socket, head) : socket.destroy()))
  }

  #whenConnected(socket: Socket, connected: () => void): void {
    if (socket.connecting) socket.once((socket as TLSSocket).encrypted ? 'secureConnect' : 'connect', connected)
    else connected()
  }

  /** Not before there is a connection: until then the request can be tried again. */
  #sendBody(asked: ClientRequest): void {
    this.#connected = true
    this.#upstream.downSince = undefined
    this.#upstream.everUp = true
    this.#patience.wait(this.#settings.responseTimeout)
    const { body } = this.#outgoing
    if (body !== 'stream') return sendBody(body, asked)
    streamBody(this.#request, asked, this.#settings.maxBody, {
      sign: () => this.#patience.sign(),
      failed: (reason) => this.#bodyFailed(reason),
    })
  }

  #bodyFailed(reason: string): void {
    if (this.#over) return
    const { finished, disconnected } = this.#request
    this.#end()
    if (!finished && !disconnected) this.#fail(413, 'Content Too Large', `The request body broke off: ${reason}.`)
  }

  #passHints(rawHeaders: readonly string[]): void {
    try {
      this.#request.sendEarlyHints(responseFields(rawHeaders, this.#outgoing.map))
    } catch {
      // Hints that are no fields help nobody; the response comes all the same.
    }
  }

  #respond(response: IncomingMessage): void {
    this.#patience.wait(this.#settings.idleTimeout)
    this.#passage = new ResponsePassage(this.#request, response, this.#patience, (error) => {
      if (this.#over) return
      if (error === undefined) this.#end()
      else this.#failed(error)
    })
    try {
      this.#passage.begin(responseFields(response.rawHeaders, this.#outgoing.map))
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  #switch(response: IncomingMessage, socket: Socket, head: Buffer): void {
    const request = this.#request
    if (!request.wantsWebSocket || response.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.destroy()
      return this.#failed(new Error('it switched to a protocol that nobody asked for'))
    }
    this.#over = true
    this.#patience.stop()
    request.onDisconnect = undefined
    openTunnel(request, response, socket, head)
  }

  #late(): void {
    if (this.#over) return
    const what =
      this.#passage !== undefined ? 'went silent' : this.#connected ? 'did not answer in time' : 'could not be reached in time'
    this.#giveUp(504, 'Gateway Timeout', what)
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#patience.stop()
    const { code = '', message } = error
    if (this.#passage === undefined) {
      if (!this.#connected && PASSING.has(code)) return this.#notConnected(error)
      // A connection from the pool that its other end had closed at the same moment.
      if (this.#asked?.reusedSocket === true && PASSING.has(code) && this.#replayable()) return this.start(true)
    }
    this.#giveUp(502, 'Bad Gateway', `failed: ${message || code}`)
  }

  #replayable(): boolean {
    return IDEMPOTENT.has(this.#request.method) && (!this.#request.hasBody || this.#outgoing.body !== 'stream')
  }

  #notConnected(error: NodeJS.ErrnoException): void {
    const { reactor } = this.#request
    const now = reactor.seconds()
    const since = (this.#upstream.downSince ??= now)
    if (now + this.#pause - since > this.#settings.retryFor) {
      const what = `cannot be reached: ${error.code ?? error.message}`
      if (this.#upstream.everUp) this.#giveUp(503, 'Service Unavailable', what, ['Retry-After', '5'])
      else this.#giveUp(502, 'Bad Gateway', what)
      return
    }
    this.#retry = reactor.callLater(this.#pause, () => this.start())
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }

  #giveUp(status: number, brief: string, what: string, headers: readonly string[] = []): void {
    if (this.#over) return
    this.#end()
    const { address } = this.#upstream
    const where = address.socketPath ?? address.authority
    this.#request.reactor.logger.warn(`Upstream ${where} ${what}`, { request: requestLine(this.#request) })
    this.#fail(status, brief, 'The server behind this one does not answer as it should.', headers)
  }

  #fail(status: number, brief: string, detail: string, headers: readonly string[] = []): void {
    const request = this.#request
    if (request.disconnected || request.finished) return
    if (request.code !== 0) return request.breakOff('the upstream broke off')
    sendFailurePage(request, { status, brief, detail, traceback: '', headers })
  }

  /** Lets go of the upstream. A connection whose exchange was whole stays in the pool. */
  #end(): void {
    this.#over = true
    this.#patience.stop()
    this.#retry?.cancel()
    const whole = this.#passage?.whole === true && this.#asked?.writableFinished === true
    if (!whole) this.#asked?.destroy()
  }
}
