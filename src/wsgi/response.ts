/**
 * One response of an application: what a host tells ({@link JobSink}) becomes what the client gets. The rules of framing live here, once
 * for all kinds of host. Everything runs on the event loop.
 */
import { PlaitError } from '../errors.ts'
import type { FileResponse, JobSink, Outcome, ResponseHead, RunningJob } from '../hosts/host.ts'
import { FileTransfer, closeQuietly, readPart } from '../http/file-body.ts'
import type { FilePart } from '../http/file-body.ts'
import type { Request } from '../http/request.ts'
import type { Logger } from '../log/logger.ts'
import { failureId, requestLine, sendFailurePage } from '../resource/failure.ts'
import { declaredLength, hasNoBody, withLength, withoutContentLength } from './framing.ts'
import { openSameFile } from './given-file.ts'
import { refusalPage } from './refusal.ts'

/** What all responses of one `WSGIResource` share. */
export interface ResponseContext {
  readonly logger: Logger
  /** Name of the application, for the log. */
  readonly application: string
}

const noBytes = new Uint8Array(0)

/** A file up to this size is read whole and leaves with the header. */
const wholeFile = 64 * 1024

/** Where the feed of a streamed request body takes the application's demand. */
export interface InputDemand {
  wanted(bytes: number): void
}

/**
 * waiting → streaming → ended, or waiting → ended when the response leaves in one piece; `file`: its header waits for the file to be opened.
 * In `ended` the client has all it gets; the application may still run.
 */
type Phase = 'waiting' | 'file' | 'streaming' | 'ended'

/** The response of one job. */
export class WSGIResponse implements JobSink {
  readonly #request: Request
  readonly #context: ResponseContext
  #running: RunningJob | undefined
  #phase: Phase = 'waiting'
  /** Bytes of the declared Content-Length that are still to come; -1 when none was declared. */
  #remaining = -1
  /** The client gets no body: HEAD, 204, 304. */
  #bodyless = false
  #abandoned = false
  /** Sizes of the chunks that the client has not taken yet, oldest first. */
  #unflushed: number[] | undefined
  #flushed: (() => void) | undefined
  /** Bytes to give back once the runner has handed over the running job. */
  #early = 0
  #transfer: FileTransfer | undefined
  #outcome: Outcome
  #finished = false
  /** Set for a streamed request body. */
  input: InputDemand | undefined
  /** Set for a body on disk: called when the application has no part in it any more. */
  releaseBody: (() => void) | undefined

  constructor(request: Request, context: ResponseContext) {
    this.#request = request
    this.#context = context
    // Not assigned as it is written: V8 puts a function literal that is assigned to a property into the old space, and what it holds (all
    // of a request) would stay until the next full collection. Measured: 2 µs a request.
    const lost = (): void => this.#lost()
    request.onDisconnect = lost
    const { times } = request
    if (times !== undefined) times.queuedAt = request.reactor.seconds()
  }

  /** A FIN came: half-closed, or closed. */
  get seemsGone(): boolean {
    return this.#request.channel.halfClosed === true
  }

  begun(host: string): void {
    const { times, reactor } = this.#request
    if (times === undefined) return
    times.begunAt = reactor.seconds()
    times.host = host
  }

  /** Which thread it was: known with its first word. */
  #noteThread(): void {
    const { times } = this.#request
    if (times !== undefined) times.thread = this.#running?.threadNumber
  }

  /** Called with what the runner gave, right after it took the job. Events may have come before. */
  attach(running: RunningJob): void {
    this.#running = running
    if (this.#abandoned) running.abandon()
    else if (this.#early > 0) running.drained(this.#early)
  }

  earlyHints(headers: readonly string[]): void {
    if (this.#phase !== 'waiting' || this.#request.disconnected) return
    try {
      this.#request.sendEarlyHints(headers)
    } catch (error) {
      this.#context.logger.warn('Early hints not sent', { request: requestLine(this.#request), error: messageOf(error) })
    }
  }

  respond(head: ResponseHead, body: Uint8Array, onePiece: boolean): void {
    if (this.#phase !== 'waiting') return
    // The client has an answer already: its body was refused while it came.
    if (this.#request.code !== 0) return this.#lost()
    this.#noteThread()
    try {
      this.#begin(head, body, onePiece)
    } catch (error) {
      this.#refuse(asPlaitError(error))
    }
  }

  #begin(head: ResponseHead, body: Uint8Array, onePiece: boolean): void {
    const { status, reason } = head
    const request = this.#request
    let declared = declaredLength(head)
    let { headers } = head
    if (hasNoBody(request.method, status)) {
      this.#bodyless = true
      if (status === 204 && declared >= 0) headers = withoutContentLength(headers)
      // What GET would have had (RFC 9110 section 8.6); an empty block says nothing about that.
      else if (request.method === 'HEAD' && declared < 0 && onePiece && body.length > 0)
        headers = withLength(headers, body.length)
      this.#phase = 'ended'
      request.sendWhole(status, reason, headers, undefined)
      return
    }
    if (onePiece && declared < 0) {
      // The request adds the field to a whole response that has none.
      declared = body.length
    }
    if (declared >= 0 && body.length >= declared) {
      this.#phase = 'ended'
      request.sendWhole(status, reason, headers, body.length === declared ? body : body.subarray(0, declared))
      if (body.length > declared) this.#surplus()
      return
    }
    this.#remaining = declared
    request.sendHead(status, reason, headers)
    this.#phase = 'streaming'
    // A copy: the host reads into these bytes again.
    if (body.length > 0) this.#send(Buffer.from(body))
  }

  respondFile(head: ResponseHead, file: FileResponse): void {
    if (this.#phase !== 'waiting' || this.#request.code !== 0) {
      this.#lost()
      return this.#running?.fileTaken(true)
    }
    this.#phase = 'file'
    this.#noteThread()
    openSameFile(file, (error, descriptor, size) => {
      const open = error === undefined
      if (this.#phase !== 'file') {
        if (open) closeQuietly(descriptor)
        // Nobody waits for the file any more: the host may close its copy.
        this.#running?.fileTaken(true)
      } else if (!open) this.#streamInstead(head, error)
      else {
        this.#running?.fileTaken(true)
        this.#sendFile(head, { descriptor, offset: file.offset, length: Math.min(size, file.size) })
      }
    })
  }

  /** The file could not be opened: the host streams from its own copy. */
  #streamInstead(head: ResponseHead, error: Error): void {
    this.#phase = 'waiting'
    if (this.#finished) return this.#refuse(this.#outcome ?? asPlaitError(error))
    this.respond(head, noBytes, false)
    this.#running?.fileTaken(false)
  }

  #sendFile(head: ResponseHead, part: FilePart): void {
    try {
      this.#beginFile(head, part)
    } catch (error) {
      closeQuietly(part.descriptor)
      this.#refuse(asPlaitError(error))
    }
  }

  #beginFile(head: ResponseHead, { descriptor, offset, length }: FilePart): void {
    const { status, reason } = head
    const request = this.#request
    const declared = declaredLength(head)
    const headers = declared < 0 ? withLength(head.headers, length) : head.headers
    const part = { descriptor, offset, length: declared < 0 ? length : Math.min(declared, length) }
    if (hasNoBody(request.method, status)) {
      closeQuietly(descriptor)
      this.#phase = 'ended'
      return request.sendWhole(status, reason, status === 204 ? withoutContentLength(headers) : headers, undefined)
    }
    this.#remaining = Math.max(declared, part.length)
    if (part.length <= wholeFile && part.length === this.#remaining) {
      return readPart(part, (error, bytes) => this.#sendSmallFile({ status, reason, headers }, error, bytes))
    }
    request.sendHead(status, reason, headers)
    this.#transfer = new FileTransfer(request, part, (error) => {
      this.#transfer = undefined
      this.#remaining -= part.length
      if (this.#phase === 'file') this.#endStream(error === undefined ? undefined : asPlaitError(error))
    })
  }

  #sendSmallFile(head: ResponseHead, error: Error | undefined, bytes: Buffer): void {
    if (this.#phase !== 'file') return
    if (bytes.length < this.#remaining) {
      return this.#refuse(asPlaitError(error ?? new Error('The file that the application gave became shorter')))
    }
    this.#phase = 'ended'
    try {
      this.#request.sendWhole(head.status, head.reason, head.headers, bytes)
    } catch (invalid) {
      this.#refuse(asPlaitError(invalid))
    }
  }

  data(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    if (this.#phase === 'streaming') this.#send(chunk)
    else if (this.#phase === 'ended') this.#surplus()
  }

  /** Sends a piece of the body, cut to what was declared. */
  #send(chunk: Uint8Array): void {
    const remaining = this.#remaining
    if (remaining >= 0 && chunk.length > remaining) {
      this.#surplus()
      chunk = chunk.subarray(0, remaining)
    }
    if (this.#flushed === undefined) {
      const flushed = (): void => this.#drained(this.#unflushed?.shift() ?? 0)
      this.#flushed = flushed
    }
    ;(this.#unflushed ??= []).push(chunk.length)
    this.#request.writeChunk(chunk, this.#flushed)
    if (remaining < 0) return
    this.#remaining = remaining - chunk.length
    // The client need not wait for what the application does after its last byte.
    if (this.#remaining === 0) this.#end()
  }

  inputWanted(bytes: number): void {
    this.input?.wanted(bytes)
  }

  finished(outcome: Outcome): void {
    if (this.#finished) return
    this.#finished = true
    this.#outcome = outcome
    this.releaseBody?.()
    this.#noteThread()
    if (this.#phase === 'waiting')
      return this.#refuse(outcome ?? new PlaitError('PLAIT_APPLICATION', 'The application gave no response'))
    if (this.#phase === 'streaming') this.#endStream(outcome)
    else if (outcome !== undefined && outcome.code !== 'PLAIT_CLIENT_GONE') {
      this.#log(outcome, failureId(), this.#request.disconnected ? 'after its client had gone' : 'after its response was whole')
    }
  }

  #endStream(outcome: Outcome): void {
    if (outcome === undefined && this.#remaining <= 0) return this.#end()
    const short = `it declared ${this.#remaining} bytes more than it gave`
    const error = outcome ?? new PlaitError('PLAIT_APPLICATION', `The application's response is too short: ${short}`)
    this.#phase = 'ended'
    this.#log(error, failureId(), 'after its response had begun')
    // Never a response that looks whole (RFC 9112 section 8).
    this.#request.breakOff(error.message)
  }

  #end(): void {
    this.#phase = 'ended'
    this.#request.finish()
  }

  /** Ends a request that has no response yet with an error page. */
  #refuse(outcome: PlaitError): void {
    this.#phase = 'ended'
    const request = this.#request
    if (request.disconnected || request.code !== 0) return
    if (outcome.code === 'PLAIT_CLIENT_GONE') return request.breakOff(outcome.message)
    const id = failureId()
    this.#log(outcome, id, 'before its response')
    const { site } = request
    sendFailurePage(request, refusalPage(outcome, id, site?.displayTracebacks === true))
    if (!this.#finished) this.#abandon()
  }

  /** The application goes on giving what nobody may get: end its iterator. */
  #surplus(): void {
    if (this.#abandoned) return
    if (!this.#bodyless) {
      this.#context.logger.warn('The application gave more bytes than its Content-Length says: cut', this.#fields())
    }
    this.#abandon()
  }

  #abandon(): void {
    if (this.#abandoned) return
    this.#abandoned = true
    this.#running?.abandon()
  }

  /** The client gets nothing of this response any more. */
  #lost(): void {
    this.#phase = 'ended'
    this.#transfer?.stop()
    this.#abandon()
  }

  #drained(bytes: number): void {
    if (this.#running === undefined) this.#early += bytes
    else this.#running.drained(bytes)
  }

  #fields(): Record<string, unknown> {
    return { request: requestLine(this.#request), application: this.#context.application }
  }

  #log(outcome: PlaitError, id: string, when: string): void {
    const { logger } = this.#context
    const fields = { id, ...this.#fields(), code: outcome.code, error: outcome.message }
    // Refused for load: one line each is enough, and nothing in the application is wrong.
    if (outcome.status === 503) logger.warn('Request refused', fields)
    else {
      // A host that died is not the application's exception, though often its doing.
      const what = outcome.code === 'PLAIT_APPLICATION' ? 'WSGI application error' : 'Request lost'
      logger.error(`${what} ${when}`, { ...fields, detail: outcome.detail })
    }
  }
}

function asPlaitError(error: unknown): PlaitError {
  return error instanceof PlaitError ? error : new PlaitError('PLAIT_APPLICATION', messageOf(error), { cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
