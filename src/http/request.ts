import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import { serverSoftware } from '../version.ts'
import { BodyCollector, type BodyDone } from './body-collector.ts'
import { BodyStream, type BodyConsumer, type BodyFlow } from './body-stream.ts'
import type { Channel } from './channel.ts'
import type { Incoming } from './incoming.ts'
import type { TakenOver } from './opening.ts'
import { declaredLength, OutgoingBody } from './outgoing-body.ts'
import { refuse, type Refusal } from './refusal.ts'
import { REQUEST_ID } from './request-id.ts'
import { RequestBody, type BodyOptions } from './request-body.ts'
import { hasField, withEarlier } from './response-fields.ts'
import type { ResponseWriter } from './response-writer.ts'
import type { Session } from './session.ts'
import type { Spool } from './spool.ts'
import { SHORT_BODY } from './whole-response.ts'
import { writeFrom, type BodyPieces } from './write-from.ts'

export type { BodyConsumer, BodyFlow } from './body-stream.ts'
export type { BodyOptions } from './request-body.ts'
export type { TakenOver } from './opening.ts'
export type { RequestSite, RequestUser } from './request-head.ts'

/**
 * A request and its response (Twisted: `twisted.web.server.Request`; RFC 9110). Everything runs on the event loop.
 * Text is latin-1, one character for each byte, as it was on the wire.
 */
export class Request extends RequestBody {
  #writer: ResponseWriter
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
  #collector: BodyCollector | undefined
  #stream: BodyStream | undefined
  #body: OutgoingBody | undefined
  #waiters: { resolve(): void; reject(error: PlaitError): void }[] | undefined
  #over = false

  constructor(channel: Channel, incoming: Incoming, writer: ResponseWriter) {
    super(channel, incoming)
    this.#writer = writer
  }

  /**
   * Collects the body; `done` gets it, or the error after the client was answered. Call it once, instead of `streamBody`.
   * A `100 Continue` that the client waits for is sent now (RFC 9110 section 10.1.1).
   */
  readBody(options: BodyOptions, done: BodyDone): void {
    this.#claimBody()
    const limit = options.maxBody ?? defaults.maxBody
    if (this.#tooLarge(limit)) {
      done(new PlaitError('PLAIT_PROTOCOL', `The request body has more than ${limit} bytes`, { status: 413 }), undefined)
      return
    }
    const { spool } = this.channel
    const noRoom = this.#noRoom(spool)
    if (noRoom !== undefined) return done(noRoom, undefined)
    this.#continue()
    this.#collector = new BodyCollector(this.incoming, { maxBody: limit, spool, expected: this.contentLength }, (error, body) => {
      // From here on the application takes its time, not the client.
      this.channel.enter('working')
      if (error?.status !== undefined) this.refuse(refuse(error.status, error.message))
      done(error, body)
    })
    this.channel.enter('body')
  }

  /** Lets the body flow to `consumer` as it arrives, as far as it asks. Call it once, instead of `readBody`. */
  streamBody(options: BodyOptions, consumer: BodyConsumer): BodyFlow {
    this.#claimBody()
    const limit = options.maxBody ?? defaults.maxBody
    const started = (): void => this.#continue()
    // Only while the application waits for it is a body late.
    const waits = (waiting: boolean): void => {
      if (!this.#over) this.channel.enter(waiting ? 'body' : 'working')
    }
    this.#stream = new BodyStream(this.incoming, limit, consumer, started, waits)
    if (this.#tooLarge(limit)) this.#stream.abort(`it has more than ${limit} bytes`)
    return this.#stream
  }

  /** There is one body, and it comes once: whoever asked a second time would wait for ever. */
  #claimBody(): void {
    if (this.#collector === undefined && this.#stream === undefined) return
    throw new PlaitError('PLAIT_RESOURCE', 'Cannot read the request body: it was read already')
  }

  #tooLarge(limit: number): boolean {
    if (limit === 0 || this.contentLength === undefined || this.contentLength <= limit) return false
    this.refuse(refuse(413, `The request body has more than ${limit} bytes`))
    return true
  }

  /** Said before the client sends what nobody could keep. */
  #noRoom(spool: Spool): PlaitError | undefined {
    if (this.contentLength === undefined || this.contentLength <= defaults.memoryBody) return undefined
    try {
      spool.admit(this.contentLength)
      return undefined
    } catch (error) {
      const { status = 507, message } = error as PlaitError
      this.refuse(refuse(status, message))
      return error as PlaitError
    }
  }

  /**
   * What a large body takes on disk counts until the function is called, though its request may be over before: as long as somebody may have it open. Undefined for one that is not on disk.
   */
  holdBody(): (() => void) | undefined {
    return this.#collector?.hold()
  }

  #continue(): void {
    if (this.expectsContinue && this.code === 0 && !this.disconnected) this.#writer.writeContinue()
    this.expectsContinue = false
  }

  // -- the response, as resources give it

  /**
   * Sends the head, if it is not out yet, and a piece of the body: text as UTF-8; bytes are not copied. After a disconnect it does nothing.
   * A response without a Content-Type is `text/html`.
   * @returns false when the client is slow: wait for {@link drained} before the next piece, or memory fills with them
   * @throws PlaitError `PLAIT_RESOURCE` after `finish`, and when the body becomes longer than Content-Length says (it is cut there)
   */
  write(data: string | Uint8Array): boolean {
    if (this.finished) throw new PlaitError('PLAIT_RESOURCE', 'Cannot write to a response that is finished')
    if (this.disconnected) return false
    if (this.code === 0) {
      this.#takeForHTML(typeof data === 'string')
      this.#sendFields()
    }
    const body = (this.#body ??= new OutgoingBody(undefined, false))
    const bytes = body.accept(typeof data === 'string' ? Buffer.from(data, 'utf8') : data)
    if (bytes.length > 0) this.writeChunk(bytes, body.sends(bytes.length))
    const excess = body.excess()
    if (excess !== undefined) throw excess
    return !body.full
  }

  /** Fulfilled when the client has taken enough of what was written; rejected with `PLAIT_CLIENT_GONE`. */
  async drained(): Promise<void> {
    if (this.disconnected) throw clientGone()
    await this.#body?.drained()
  }

  /**
   * Writes a body piece by piece, none asked for before the client has room for it (in place of Twisted's `registerProducer`). Does not finish the
   * response. When the client goes, `source` is closed at once (`return()`, and `destroy()` of a stream). To HEAD only the head is sent.
   * @throws PlaitError `PLAIT_CLIENT_GONE`; and what `source` throws
   */
  writeFrom(source: BodyPieces): Promise<void> {
    return writeFrom(this, source)
  }

  /**
   * Ends the response. After a disconnect, or a second time, it does nothing.
   * @throws PlaitError `PLAIT_RESOURCE` when the body is shorter than Content-Length says; the connection is cut then
   */
  finish(): void {
    if (this.finished || this.disconnected) return
    if (this.code === 0) this.#sendFields()
    const shortfall = this.#body?.shortfall()
    if (shortfall !== undefined) {
      this.breakOff(shortfall.message)
      throw shortfall
    }
    this.finished = true
    this.#writer.end()
  }

  /**
   * The client's session (Twisted: `getSession`), which lives on for another while. Where it has none, one is made, and the client gets a cookie: before the response begins.
   * @param options.create false: undefined where there is none. @default true
   * @throws PlaitError `PLAIT_SESSION_STORE` when the store fails; `PLAIT_RESOURCE` where one would have to be made and the response has begun
   */
  getSession<Data extends object = Record<string, unknown>>(options?: { create?: true }): Promise<Session<Data>>
  getSession<Data extends object = Record<string, unknown>>(options: { create?: boolean }): Promise<Session<Data> | undefined>
  async getSession({ create = true }: { create?: boolean } = {}): Promise<Session<object> | undefined> {
    if (this.site === undefined) throw new PlaitError('PLAIT_RESOURCE', 'Cannot give a session: no Site serves this request')
    return this.site.sessions.open(this, create)
  }

  /** Fulfilled when the response is whole and given to the system; rejected with `PLAIT_CLIENT_GONE`. */
  notifyFinish(): Promise<void> {
    if (this.#over) return this.disconnected ? Promise.reject(clientGone()) : Promise.resolve()
    return new Promise((resolve, reject) => (this.#waiters ??= []).push({ resolve, reject }))
  }

  /** The client wants to open a WebSocket (RFC 6455 section 4.2.1). A resource that cares for none answers as ever. */
  get wantsWebSocket(): boolean {
    return this.incoming.upgrade === true
  }

  /**
   * Takes the connection out of HTTP, once, in place of a response: the caller sends the 101 and everything that follows, and closes. For HTTP the request
   * is over. Only where {@link wantsWebSocket} is true, and no response has begun. When the server stops, a connection that
   * is still open is cut after the grace.
   * @param onStop called when the server stops. @default the connection is ended
   * @throws PlaitError `PLAIT_RESOURCE`, or `PLAIT_CLIENT_GONE`
   */
  takeOver(onStop?: () => void): TakenOver {
    if (this.disconnected) throw new PlaitError('PLAIT_CLIENT_GONE', 'Cannot take the connection over: the client has gone')
    if (!this.wantsWebSocket || this.code !== 0) {
      const why = this.code === 0 ? 'the request opens no WebSocket' : 'a response has begun'
      throw new PlaitError('PLAIT_RESOURCE', `Cannot take the connection over: ${why}`)
    }
    const taken = this.channel.takeOver(onStop)
    this.code = 101
    this.finished = true
    this.#settle(undefined)
    return taken
  }

  /** What a resource writes without saying what it is, is a page (Twisted: `Request.defaultContentType`). */
  #takeForHTML(isText: boolean): void {
    const status = this.responseCode
    if (status === 204 || status === 304 || this.hasResponseHeader('Content-Type')) return
    this.setHeader('Content-Type', isText ? 'text/html; charset=utf-8' : 'text/html')
  }

  #sendFields(): void {
    const { code, message } = this.unsent()
    const headers = this.fieldsSet
    this.#body = new OutgoingBody(declaredLength(this.fields?.get('content-length')), this.bodyless)
    this.#sendHead(code, message, this.#named(this.channel.defaultFields?.completeOnce(headers) ?? headers))
  }

  /**
   * Puts something between the response and the writer of its protocol: a content coding. What is sent passes it, whoever sends it. Before the head
   * is out; the last one that was put there sees the response first.
   * @throws PlaitError `PLAIT_RESOURCE` when a response has begun
   */
  filterResponse(around: (writer: ResponseWriter) => ResponseWriter): void {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot filter a response that has begun')
    this.#writer = around(this.#writer)
  }

  // -- the response, as gateways give it: fields flat, latin-1 text

  /** 103 Early Hints (RFC 8297). HTTP/1.0 knows none. */
  sendEarlyHints(headers: readonly string[]): void {
    if (this.code !== 0 || this.disconnected || this.clientproto === 'HTTP/1.0') return
    this.#writer.writeEarlyHints(headers)
  }

  /**
   * A whole response; Content-Length is added where `fields` has none, and what was set with `setHeader` and its like where it has no such field. `body` is
   * copied. Throws `PLAIT_RESOURCE` before anything is sent when the fields are none.
   */
  sendWhole(status: number, reason: string, fields: readonly string[], body: Uint8Array | undefined): void {
    const headers = this.#completed(fields)
    if (body !== undefined && body.length <= SHORT_BODY && this.#writeWhole(status, reason, headers, asBuffer(body))) return
    const length = body === undefined || hasField(headers, 'content-length') ? [] : ['Content-Length', String(body.length)]
    this.#writeHead(status, reason, length.length === 0 ? headers : [...headers, ...length])
    this.finished = true
    if (this.method !== 'HEAD') this.bytesSent += body?.length ?? 0
    // A copy: the caller may use its bytes again, and these may have to wait.
    if (body === undefined || body.length === 0) this.#writer.end()
    else this.#writer.end(Buffer.from(body))
  }

  #writeWhole(status: number, reason: string, headers: readonly string[], body: Buffer): boolean {
    if (this.code !== 0 || this.disconnected || !this.#writer.writeWhole(this, { status, reason, headers, body })) return false
    this.code = status
    if (this.times !== undefined) this.times.respondedAt = this.reactor.seconds()
    this.finished = true
    this.bytesSent = body.length
    this.#writer.whenTaken(this)
    return true
  }

  /** The head of a response whose body follows. Without Content-Length it is chunked, or ends with the connection in HTTP/1.0. */
  sendHead(status: number, reason: string, headers: readonly string[]): void {
    this.#sendHead(status, reason, this.#completed(headers))
  }

  #sendHead(status: number, reason: string, headers: readonly string[]): void {
    this.#writeHead(status, reason, headers)
    this.#writer.flushHead(headers)
  }

  /** A piece of the body; `flushed` is called when the system has taken it. */
  writeChunk(chunk: Uint8Array, flushed: () => void): void {
    if (this.disconnected || this.finished) return
    this.bytesSent += chunk.length
    this.#writer.write(chunk, flushed)
  }

  /** Cuts the connection, so that the client sees that the response is not whole. */
  breakOff(_reason: string): void {
    if (this.disconnected || this.aborted || this.#over) return
    this.aborted = true
    this.finished = true
    this.#writer.breakOff()
  }

  /** Answers with an error of HTTP itself and closes the connection. */
  refuse(refusal: Refusal): void {
    if (this.code !== 0 || this.disconnected) return
    // What was set was for another answer.
    this.fields = undefined
    this.channel.answerRefusal(this, refusal)
  }

  /** With what was set on the way to the resource, and what the site adds; the very array where there is neither. */
  #completed(headers: readonly string[]): readonly string[] {
    const { defaultFields } = this.channel
    if (this.fields === undefined) return this.#named(defaultFields?.complete(headers) ?? headers)
    const all = withEarlier(headers, this.fieldsSet)
    return this.#named(defaultFields?.completeOnce(all) ?? all)
  }

  /** With the name of the request, where requests have one. */
  #named(headers: readonly string[]): readonly string[] {
    if (!this.channel.records.ids || hasField(headers, 'x-request-id')) return headers
    return [...headers, REQUEST_ID, this.id]
  }

  #writeHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.code !== 0) throw new PlaitError('PLAIT_RESOURCE', 'Cannot send a second response to a request')
    const all = hasField(headers, 'server') ? headers : [...headers, 'Server', serverSoftware]
    try {
      this.#writer.writeHead(this, status, reason, all)
    } catch (error) {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot send the response: ${(error as Error).message}`, {
        cause: error,
        status: 500,
      })
    }
    this.code = status
    if (this.times !== undefined) this.times.respondedAt = this.reactor.seconds()
  }

  // -- what the channel tells

  /** True when the body has not been read to its end. */
  get bodyPending(): boolean {
    return this.hasBody && !this.incoming.complete
  }

  /** A FIN came: a response that ends with the connection has nobody to end it for (others are still sent). */
  halfClosed(): void {
    if (this.code !== 0 && this.#writer.openEnded && !this.finished) this.connectionLost()
  }

  /** The client has gone. */
  connectionLost(): void {
    if (this.disconnected || this.#over) return
    this.disconnected = true
    this.aborted = true
    this.#collector?.abort()
    this.#stream?.abort('the client has gone')
    this.onDisconnect?.()
    this.#settle(clientGone())
    this.#writer.destroy()
  }

  /** The response is whole and out. */
  responseSent(): void {
    if (!this.disconnected) this.#settle(undefined)
  }

  #settle(error: PlaitError | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#collector?.remove()
    if (this.bodyPending) this.#stream?.drain()
    this.#body?.over(error)
    for (const { resolve, reject } of this.#waiters ?? []) {
      if (error === undefined) resolve()
      else reject(error)
    }
    this.channel.requestOver(this)
  }
}

function clientGone(): PlaitError {
  return new PlaitError('PLAIT_CLIENT_GONE', 'The client has gone')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
