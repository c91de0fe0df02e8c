import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import type { JobBody } from '../hosts/host.ts'
import type { Address, Reactor } from '../reactor/reactor.ts'
import { serverSoftware } from '../version.ts'
import { BodyCollector, type BodyDone } from './body-collector.ts'
import { BodyStream, type BodyConsumer, type BodyFlow } from './body-stream.ts'
import type { HTTPChannel } from './http-channel.ts'
import { examineHeaders, type HeadFacts } from './header-policy.ts'
import { parseTarget, type Target } from './request-target.ts'
import { refuse, type Refusal } from './refusal.ts'
import { ResponseFields } from './response-fields.ts'
import { unlinkSpooled } from './spool.ts'
import { SHORT_BODY, writeWhole } from './whole-response.ts'

export type { BodyConsumer, BodyFlow } from './body-stream.ts'

/** What a request knows of the site that serves it. `Site` (a higher room) fits. */
export interface RequestSite {
  readonly displayTracebacks: boolean
}

/** Options of {@link Request.readBody} and {@link Request.streamBody}. */
export interface BodyOptions {
  /** Largest body in bytes, 0 = no limit; a larger one is answered with 413. @default 1 GiB */
  maxBody?: number
}

const EMPTY: readonly string[] = Object.freeze([])

/**
 * A request and its response (Twisted: `twisted.web.server.Request`; RFC 9110). Everything runs on the event loop.
 * Text is latin-1, one character for each byte, as it was on the wire.
 */
export class Request implements HeadFacts, Target {
  /** The connection. */
  readonly channel: HTTPChannel
  readonly method: string
  /** The request-target as sent. */
  readonly uri: string
  readonly clientproto: 'HTTP/1.0' | 'HTTP/1.1'
  /** Seconds of the reactor's clock when the head had come. */
  readonly startedAt: number
  path = ''
  query = ''
  authority: string | undefined
  headers: readonly string[] = EMPTY
  host: string | undefined
  contentLength: number | undefined = 0
  expectsContinue = false
  /** The site that serves it; set by the site. */
  site: RequestSite | undefined
  /** Segments of the path already used on the way through the tree, decoded. */
  prepath: string[] = []
  #postpath: string[] | undefined
  readonly #incoming: IncomingMessage
  readonly #response: ServerResponse
  // The response.
  /** Status sent; 0 before. */
  code = 0
  /** Bytes of the body given to the connection. */
  bytesSent = 0
  /** `finish` was called. */
  finished = false
  /** The client has gone before the response was whole. */
  disconnected = false
  /** The response was cut. */
  aborted = false
  /** Called at once when the client has gone. One slot. */
  onDisconnect: (() => void) | undefined
  #fields: ResponseFields | undefined
  #collector: BodyCollector | undefined
  #stream: BodyStream | undefined
  #openEnded = false
  #waiters: { resolve(): void; reject(error: PlaitError): void }[] | undefined
  #over = false

  constructor(channel: HTTPChannel, incoming: IncomingMessage, response: ServerResponse) {
    this.channel = channel
    this.#incoming = incoming
    this.#response = response
    this.method = incoming.method as string
    this.uri = incoming.url as string
    this.clientproto = incoming.httpVersionMinor === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
    this.startedAt = channel.reactor.seconds()
  }

  /** Looks at the head once, before anybody else does. Gives why it must be refused, or undefined. */
  examine(): Refusal | undefined {
    const incoming = this.#incoming
    const { httpVersion, rawHeaders } = incoming
    // llhttp lets 0.9 and 2.0 through; a head without version could hide fields (llhttp issue 877).
    if (httpVersion !== '1.1' && httpVersion !== '1.0') return refuse(505, 'Speak HTTP/1.1 or HTTP/1.0')
    const { maxTarget, maxFields } = this.channel.limits
    if (this.uri.length > maxTarget) return refuse(414, `The request-target has more than ${maxTarget} bytes`)
    if (rawHeaders.length > maxFields * 2) return refuse(431, `The head has more than ${maxFields} fields`)
    const refusal = parseTarget(this.method, this.uri, this) ?? examineHeaders(rawHeaders, httpVersion === '1.1', this)
    if (refusal !== undefined) return refusal
    if (this.authority !== undefined) this.#takeAuthority(this.authority)
    return undefined
  }

  /** The target's authority replaces the Host field (RFC 9112 section 3.2.2). */
  #takeAuthority(authority: string): void {
    this.host = authority
    const headers = [...this.headers]
    const index = headers.findIndex((name, position) => position % 2 === 0 && name.toLowerCase() === 'host')
    if (index >= 0) headers[index + 1] = authority
    else headers.push('Host', authority)
    this.headers = headers
  }

  // -- the request

  /** The reactor that serves it. */
  get reactor(): Reactor {
    return this.channel.reactor
  }

  /** Fields as sent, flat, without those that the policy drops. */
  get rawHeaders(): readonly string[] {
    return this.headers
  }

  /** Everything behind the first `?` of the target, undecoded; '' when there is none. */
  get queryString(): string {
    return this.query
  }

  /** Segments of the path that lie ahead, percent-decoded one by one: `/a/b/` → `['a', 'b', '']`. */
  get postpath(): string[] {
    return (this.#postpath ??= this.path === '*' ? [] : this.path.slice(1).split('/').map(decodeSegment))
  }
  set postpath(segments: string[]) {
    this.#postpath = segments
  }

  /** True when a body comes: it may turn out to be empty when it is chunked. */
  get hasBody(): boolean {
    return this.contentLength !== 0
  }

  /** The last value of a field, any case; undefined when there is none. */
  getHeader(name: string): string | undefined {
    const lower = name.toLowerCase()
    const { headers } = this
    for (let index = headers.length - 2; index >= 0; index -= 2) {
      if ((headers[index] as string).toLowerCase() === lower) return headers[index + 1]
    }
    return undefined
  }

  /** Fields by lower-case name, last value (Twisted: `getAllHeaders`). */
  getAllHeaders(): Map<string, string> {
    const all = new Map<string, string>()
    const { headers } = this
    for (let index = 0; index < headers.length; index += 2)
      all.set((headers[index] as string).toLowerCase(), headers[index + 1] as string)
    return all
  }

  /** The client's address. */
  getClientAddress(): Address {
    return this.channel.peer
  }

  /** The server's own address. */
  getHost(): Address {
    return this.channel.host
  }

  /** True on TLS. */
  isSecure(): boolean {
    return this.channel.secure
  }

  /**
   * Collects the body; `done` gets it, or the error after the client was answered. Call it once, instead of `streamBody`.
   * A `100 Continue` that the client waits for is sent now (RFC 9110 section 10.1.1).
   */
  readBody(options: BodyOptions, done: BodyDone): void {
    const limit = options.maxBody ?? defaults.maxBody
    if (this.#tooLarge(limit)) {
      done(new PlaitError('PLAIT_PROTOCOL', `The request body has more than ${limit} bytes`, { status: 413 }), undefined)
      return
    }
    this.#continue()
    const collected: BodyDone = (error, body) => {
      if (error?.status !== undefined) this.refuse(refuse(error.status, error.message))
      done(error, body)
    }
    this.#collector = new BodyCollector(this.#incoming, limit, (error: PlaitError | undefined, body: JobBody | undefined) =>
      collected(error, body),
    )
    this.channel.bodyStarted()
  }

  /** Lets the body flow to `consumer` as it arrives, as far as it asks. Call it once, instead of `readBody`. */
  streamBody(options: BodyOptions, consumer: BodyConsumer): BodyFlow {
    const limit = options.maxBody ?? defaults.maxBody
    this.#stream = new BodyStream(this.#incoming, limit, consumer, () => this.#continue())
    if (this.#tooLarge(limit)) this.#stream.abort(`it has more than ${limit} bytes`)
    return this.#stream
  }

  #tooLarge(limit: number): boolean {
    if (limit === 0 || this.contentLength === undefined || this.contentLength <= limit) return false
    this.refuse(refuse(413, `The request body has more than ${limit} bytes`))
    return true
  }

  #continue(): void {
    if (this.expectsContinue && this.code === 0 && !this.disconnected) this.#response.writeContinue()
    this.expectsContinue = false
  }

  // -- the response, as resources give it

  /** The status that the response will have (Twisted: `setResponseCode`). */
  get responseCode(): number {
    return this.#fields?.code ?? 200
  }

  /** Sets the status. Throws once the head is out. */
  setResponseCode(code: number, message?: string): void {
    this.#unsent().setCode(code, message)
  }

  /** Sets a field, in place of what was there. Throws `PLAIT_RESOURCE` for what is no field, or once the head is out. */
  setHeader(name: string, value: string): void {
    this.#unsent().set(name, value)
  }

  /** Adds a field beside those of the same name. */
  addHeader(name: string, value: string): void {
    this.#unsent().add(name, value)
  }

  removeHeader(name: string): void {
    this.#unsent().remove(name)
  }

  hasResponseHeader(name: string): boolean {
    return this.#fields?.has(name) ?? false
  }

  /** Sends the head, if it is not out yet, and a piece of the body. After a disconnect it does nothing. Throws after `finish`. */
  write(data: string | Uint8Array): void {
    if (this.finished) throw new PlaitError('PLAIT_RESOURCE', 'Cannot write to a response that is finished')
    if (this.disconnected) return
    if (this.code === 0) this.#sendFields()
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    if (bytes.length > 0) this.writeChunk(bytes, nothing)
  }

  /** Ends the response. After a disconnect, or a second time, it does nothing. */
  finish(): void {
    if (this.finished || this.disconnected) return
    if (this.code === 0) this.#sendFields()
    this.finished = true
    this.#response.end()
  }

  /** Fulfilled when the response is whole and given to the system; rejected with `PLAIT_CLIENT_GONE`. */
  notifyFinish(): Promise<void> {
    return new Promise((resolve, reject) => (this.#waiters ??= []).push({ resolve, reject }))
  }

  /** Sets 302 and Location (Twisted: `redirect`). */
  redirect(url: string): void {
    this.setResponseCode(302)
    this.setHeader('Location', url)
  }

  #unsent(): ResponseFields {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot change the head of a response that has begun')
    return (this.#fields ??= new ResponseFields())
  }

  #sendFields(): void {
    const fields = this.#unsent()
    this.sendHead(fields.code, fields.message, fields.flat())
  }

  // -- the response, as gateways give it: fields flat, latin-1 text

  /** 103 Early Hints (RFC 8297). HTTP/1.0 knows none. */
  sendEarlyHints(headers: readonly string[]): void {
    if (this.code !== 0 || this.disconnected || this.clientproto === 'HTTP/1.0') return
    const fields = new ResponseFields()
    for (let index = 0; index < headers.length; index += 2) fields.add(headers[index] as string, headers[index + 1] as string)
    let block = 'HTTP/1.1 103 Early Hints\r\n'
    for (let index = 0; index < headers.length; index += 2) block += `${headers[index]}: ${headers[index + 1]}\r\n`
    this.channel.socket.write(`${block}\r\n`, 'latin1')
  }

  /**
   * A whole response; Content-Length is added where `headers` has none. Throws `PLAIT_RESOURCE` before anything is sent when the fields
   * are none.
   */
  sendWhole(status: number, reason: string, headers: readonly string[], body: Uint8Array | undefined): void {
    if (body !== undefined && body.length <= SHORT_BODY && this.#writeWhole(status, reason, headers, asBuffer(body))) return
    const length = body === undefined || hasField(headers, 'content-length') ? [] : ['Content-Length', String(body.length)]
    this.#writeHead(status, reason, length.length === 0 ? headers : [...headers, ...length])
    this.finished = true
    this.bytesSent += body?.length ?? 0
    this.#response.end(body)
  }

  #writeWhole(status: number, reason: string, headers: readonly string[], body: Buffer): boolean {
    const { channel } = this
    if (this.code !== 0 || this.disconnected || this.clientproto === 'HTTP/1.0' || this.method === 'HEAD') return false
    if (status === 204 || status === 304 || !channel.mayPersist(this)) return false
    const { socket } = channel
    if (!writeWhole(this.#response, socket, { status, reason, headers, body })) return false
    this.code = status
    this.finished = true
    this.bytesSent = body.length
    // The request is over when the system has taken its response: a client that does not read gets no further.
    if (socket.writableLength === 0) this.#wholeSent()
    else socket.write('', () => this.#wholeSent())
    return true
  }

  #wholeSent(): void {
    this.#response.emit('finish')
    this.responseSent()
  }

  /** The head of a response whose body follows. Without Content-Length it is chunked, or ends with the connection in HTTP/1.0. */
  sendHead(status: number, reason: string, headers: readonly string[]): void {
    this.#writeHead(status, reason, headers)
    this.#openEnded = !hasField(headers, 'content-length')
    const { socket } = this.channel
    // The head leaves at the end of this turn, in one write with what of the body is here by then.
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(uncork, socket)
    }
    this.#response.flushHeaders()
  }

  /** A piece of the body; `flushed` is called when the system has taken it. */
  writeChunk(chunk: Uint8Array, flushed: () => void): void {
    if (this.disconnected || this.finished) return
    this.bytesSent += chunk.length
    this.#response.write(chunk, flushed)
  }

  /** Cuts the connection, so that the client sees that the response is not whole. */
  breakOff(_reason: string): void {
    if (this.disconnected || this.#over) return
    this.aborted = true
    this.finished = true
    // What was written before goes out. Where the end of the connection is the end of the body, only a reset shows the cut.
    if (this.#openEnded && this.clientproto === 'HTTP/1.0') this.channel.reset()
    else this.channel.socket.end(() => this.channel.socket.destroy())
  }

  /** Answers with an error of HTTP itself and closes the connection. */
  refuse(refusal: Refusal): void {
    if (this.code !== 0 || this.disconnected) return
    this.channel.answerRefusal(this, refusal)
  }

  #writeHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot send a second response to a request')
    if (!this.channel.mayPersist(this)) this.#response.shouldKeepAlive = false
    ;(this.#response as WithRequest).plaitRequest = this
    this.#response.on('finish', responseFinished)
    const all = hasField(headers, 'server') ? headers : [...headers, 'Server', serverSoftware]
    try {
      this.#response.writeHead(status, reason, all as string[])
    } catch (error) {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot send the response: ${(error as Error).message}`, {
        cause: error,
        status: 500,
      })
    }
    this.code = status
  }

  // -- what the channel tells

  /** True when the body has not been read to its end. */
  get bodyPending(): boolean {
    return this.hasBody && !this.#incoming.complete
  }

  /** A FIN came: a response that ends with the connection has nobody to end it for (others are still sent). */
  halfClosed(): void {
    if (this.code !== 0 && this.#openEnded && !this.finished) this.connectionLost()
  }

  /** The client has gone. */
  connectionLost(): void {
    if (this.disconnected || this.#over) return
    this.disconnected = true
    this.aborted = true
    this.#collector?.abort()
    this.#stream?.abort('the client has gone')
    this.onDisconnect?.()
    this.#settle(new PlaitError('PLAIT_CLIENT_GONE', 'The client has gone'))
    this.channel.socket.destroy()
  }

  /** The response is whole and out. */
  responseSent(): void {
    if (!this.disconnected) this.#settle(undefined)
  }

  #settle(error: PlaitError | undefined): void {
    if (this.#over) return
    this.#over = true
    const file = this.#collector?.path
    if (file !== undefined) unlinkSpooled(file)
    for (const { resolve, reject } of this.#waiters ?? []) {
      if (error === undefined) resolve()
      else reject(error)
    }
    this.channel.requestOver(this)
  }
}

type WithRequest = ServerResponse & { plaitRequest?: Request }

/** One function for all responses. Runs after node:http's own, which has made way for the next response by then. */
function responseFinished(this: ServerResponse): void {
  ;(this as WithRequest).plaitRequest?.responseSent()
}

function uncork(socket: Duplex): void {
  socket.uncork()
}

function nothing(): void {
  // nobody waits for it
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function hasField(headers: readonly string[], lower: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string
    if (name.length === lower.length && name.toLowerCase() === lower) return true
  }
  return false
}

/** Percent-decodes to latin-1; what is no escape stays as it is. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  return segment.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
