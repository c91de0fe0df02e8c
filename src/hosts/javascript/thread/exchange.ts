/** PEP 3333 in a worker thread: one request through the application. */
import { LAST, ONE_PIECE, ToServer } from '../../worker/messages.ts'
import type { JobNews, Link } from '../../worker/link.ts'
import type { ResponseBody, WSGIApplication, Environ, Write } from '../wsgi.ts'
import { FileWrapper, type GivenFile } from './file-wrapper.ts'
import { encodeHead, type Head } from './head.ts'
import type { BodyInput } from './body-input.ts'
import { reportError } from './report.ts'

/** A body up to this size travels as text with its head: cheaper than memory of its own. */
const SHORT = 16 * 1024
/** Blocks of a plain array are joined up to this size. */
const JOINED = 64 * 1024
/** Larger blocks are cut, so that the window can hold them back. */
const PIECE = 256 * 1024

const nothing = Buffer.alloc(0)

/** What all requests of a thread share. */
export interface ExchangeContext {
  readonly link: Link
  /** Bytes that a response may be ahead of its client. */
  readonly window: number
}

/** One request and its response. */
export class Exchange implements JobNews {
  readonly slot: number
  readonly #context: ExchangeContext
  /** A streamed body. */
  stream: BodyInput | undefined
  #head: Head | undefined
  #started = false
  #sent = 0
  /** Called when the server has opened the file, or could not. */
  #taken: ((taken: boolean) => void) | undefined
  /** Its slot may be that of another request by now: nothing is said any more. */
  #over = false
  #wakeUp: (() => void) | undefined

  constructor(slot: number, context: ExchangeContext) {
    this.slot = slot
    this.#context = context
  }

  get gone(): boolean {
    return this.#over || this.#context.link.signals.isGone(this.slot)
  }

  // -- what the application calls

  /** PEP 3333, "The start_response() Callable". */
  readonly startResponse = (status: string, headers: [string, string][], error?: unknown): Write => {
    if (error !== undefined && error !== null) {
      if (this.#started) throw error
    } else if (this.#head !== undefined) {
      throw new Error('startResponse was called a second time without an error (PEP 3333)')
    }
    this.#head = encodeHead(status, headers)
    return this.write
  }

  /** The imperative `write` of PEP 3333. Sends the head even when `data` is empty. */
  readonly write = (data: Uint8Array | string): void => {
    if (this.#over) throw new Error('write was called after the end of the request')
    this.#send(asBlock(data))
    this.#context.link.flush()
  }

  readonly earlyHints = (headers: readonly (readonly [string, string])[]): void => {
    if (this.#started || this.#over) return
    const { text } = encodeHead('103 Early Hints', [...headers])
    this.#context.link.say(ToServer.EARLY_HINTS, this.slot, text.split('\n').slice(1))
    this.#context.link.flush()
  }

  // -- what the thread calls

  /** Calls the application and sends what it gives, to the end of the run. Never throws; the promise, if there is one, is never rejected. */
  run(application: WSGIApplication, environ: Environ): void | Promise<void> {
    try {
      const result = application(environ, this.startResponse)
      const later = isPromiseLike(result) ? this.#takeLater(result) : this.#take(result)
      if (later !== undefined) return this.#finishLater(later)
    } catch (error) {
      this.#fail(error)
    }
    this.#end()
  }

  async #finishLater(later: Promise<void>): Promise<void> {
    try {
      await later
    } catch (error) {
      this.#fail(error)
    }
    this.#end()
  }

  async #takeLater(promise: PromiseLike<ResponseBody>): Promise<void> {
    // What was written so far does not wait for it.
    this.#context.link.flush()
    await this.#take(await promise)
  }

  #take(result: ResponseBody): void | Promise<void> {
    const body: unknown = typeof result === 'string' ? [result] : result
    if (Array.isArray(body) && !this.#started && !('close' in body) && this.#sendWhole(body)) return
    const file = body instanceof FileWrapper && !this.#started && this.#head !== undefined ? this.#sendFile(body) : undefined
    if (file !== undefined) return file
    if (typeof body === 'object' && body !== null && !(body instanceof Uint8Array)) {
      if (Symbol.asyncIterator in body) return this.#iterateLater(body as AsyncIterable<unknown>)
      if (Symbol.iterator in body) return this.#iterate(body as Iterable<unknown>)
    }
    close(body)
    throw new TypeError(`the application must give an iterable of blocks, not ${kindOf(body)}`)
  }

  /** An array that fits into one message: nothing is left to iterate or close, so this is the end of the run. */
  #sendWhole(blocks: readonly unknown[]): boolean {
    const bytes = blocks.map(asBlock)
    const head = this.#head
    if (head === undefined) throw noStartResponse()
    const size = bytes.reduce((sum, { length }) => sum + length, 0)
    const onePiece = bytes.length <= 1
    if (size > JOINED) {
      if (onePiece) this.#head = withLength(head, size)
      return false
    }
    this.#started = true
    this.#respond(head, bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes), onePiece ? LAST | ONE_PIECE : LAST)
    this.#over = true
    this.#context.link.detach(this.slot)
    return true
  }

  /** The server sends it. Where it cannot open the file, it is streamed from here. */
  #sendFile(wrapper: FileWrapper): Promise<void> | undefined {
    const file = wrapper.takeOver()
    if (file === undefined) return undefined
    const { link } = this.#context
    const { slot } = this
    this.#started = true
    link.say(ToServer.FILE, slot, (this.#head as Head).text, file.path, file.offset, file.size, file.dev, file.ino)
    return this.#streamUnlessTaken(file)
  }

  async #streamUnlessTaken(file: GivenFile): Promise<void> {
    const { link } = this.#context
    try {
      const taken = new Promise<boolean>((resolve) => (this.#taken = resolve))
      link.attach(this.slot, this)
      link.flush()
      if (await taken) return
      for (const block of file.blocks()) {
        if (this.gone) return
        this.#send(block)
        link.flush()
      }
    } finally {
      file.release()
    }
  }

  #iterate(body: Iterable<unknown>): void {
    const { link } = this.#context
    let iterator: Iterator<unknown> | undefined
    let finished = false
    try {
      const inner = body[Symbol.iterator]()
      for (;;) {
        iterator = undefined
        const next = inner.next()
        if (next.done === true) break
        iterator = inner
        const block = asBlock(next.value)
        if (block.length > 0) this.#send(block)
        if (this.gone) break
        // PEP 3333, "Buffering and Streaming": a block never waits for the next.
        link.flush()
      }
      this.#startEmpty()
      finished = true
    } finally {
      closeAfter(finished, () => void iterator?.return?.())
      closeAfter(finished, () => close(body))
    }
  }

  async #iterateLater(body: AsyncIterable<unknown>): Promise<void> {
    const { link } = this.#context
    let iterator: AsyncIterator<unknown> | undefined
    let finished = false
    link.attach(this.slot, this)
    try {
      const inner = body[Symbol.asyncIterator]()
      for (;;) {
        link.flush()
        iterator = undefined
        const next = await this.#unlessGone(inner.next())
        iterator = inner
        if (next === undefined) break
        if (next.done === true) {
          iterator = undefined
          break
        }
        const block = asBlock(next.value)
        if (block.length > 0) await this.#sendLater(block)
      }
      this.#startEmpty()
      finished = true
    } finally {
      const returned = Promise.resolve(iterator?.return?.()).catch(() => undefined)
      // A generator that still waits for something ends when that comes: nobody waits for it here.
      if (!this.gone) await returned
      closeAfter(finished, () => close(body))
    }
  }

  /** The value, or undefined as soon as the client has gone: a generator that waits for an event is not waited for. */
  async #unlessGone<T>(value: Promise<T>): Promise<T | undefined> {
    this.#context.link.signals.listen(this.slot)
    if (this.gone) return undefined
    // Nobody may be waiting for it any more when it is rejected.
    value.catch(() => undefined)
    for (;;) {
      const news = new Promise<undefined>((resolve) => (this.#wakeUp = () => resolve(undefined)))
      const first = await Promise.race([value, news])
      if (first !== undefined || this.gone) return first
    }
  }

  // -- sending

  #send(block: Buffer): void {
    for (let at = 0; at < block.length || !this.#started; at += PIECE) {
      if (this.#started && this.#isAhead()) this.#context.link.waitUntil(() => this.gone || !this.#isAhead())
      if (this.gone && this.#started) return
      this.#sendPiece(block.subarray(at, at + PIECE))
    }
  }

  async #sendLater(block: Buffer): Promise<void> {
    const { signals } = this.#context.link
    for (let at = 0; at < block.length; at += PIECE) {
      while (this.#started && this.#isAhead() && !this.gone) {
        this.#context.link.flush()
        const news = new Promise<void>((resolve) => (this.#wakeUp = resolve))
        signals.listen(this.slot)
        if (this.#isAhead() && !this.gone) await news
      }
      if (this.gone && this.#started) return
      this.#sendPiece(block.subarray(at, at + PIECE))
    }
  }

  #isAhead(): boolean {
    const { link, window } = this.#context
    return ((this.#sent - link.signals.acked(this.slot)) | 0) >= window
  }

  #sendPiece(piece: Buffer): void {
    if (!this.#started) {
      if (this.#head === undefined) throw noStartResponse()
      this.#started = true
      this.#respond(this.#head, piece, 0)
    } else {
      const { link } = this.#context
      link.say(ToServer.DATA, this.slot, link.hand(new Uint8Array(piece)))
    }
    this.#sent = (this.#sent + piece.length) | 0
  }

  #respond(head: Head, body: Buffer, flags: number): void {
    const { link } = this.#context
    const bytes = body.length <= SHORT ? body.toString('latin1') : link.hand(new Uint8Array(body))
    link.say(ToServer.RESPOND, this.slot, head.text, bytes, flags)
  }

  #startEmpty(): void {
    if (this.#started || this.gone) return
    if (this.#head === undefined) throw noStartResponse()
    this.#started = true
    this.#respond(this.#head, nothing, 0)
  }

  /** The last word of a run that went well; the first that is said counts. */
  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#context.link.detach(this.slot)
    this.#context.link.say(ToServer.END, this.slot)
  }

  #fail(error: unknown): void {
    // An application that notices the departure in its own way has not failed.
    if (this.#over || (this.gone && this.#started)) return this.#end()
    this.#over = true
    this.#context.link.detach(this.slot)
    this.#context.link.say(ToServer.FAILED, this.slot, reportError(error))
  }

  // -- JobNews

  input(chunk: Uint8Array): void {
    this.stream?.feed(chunk)
  }

  inputEnd(): void {
    this.stream?.end()
  }

  inputFailed(reason: string): void {
    this.stream?.end(reason)
  }

  news(): void {
    if (this.gone) this.stream?.end('the client has gone')
    this.#wakeUp?.()
  }

  fileTaken(taken: boolean): void {
    this.#taken?.(taken)
  }
}

function asBlock(block: unknown): Buffer {
  if (typeof block === 'string') return Buffer.from(block, 'utf8')
  if (Buffer.isBuffer(block)) return block
  if (block instanceof Uint8Array) return Buffer.from(block.buffer, block.byteOffset, block.length)
  throw new TypeError(`the application must give bytes or text, not ${kindOf(block)}`)
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? `an object of ${value.constructor?.name ?? 'no class'}` : `a ${typeof value}`
}

function withLength(head: Head, size: number): Head {
  const { status, length, text } = head
  if (length !== undefined || status < 200 || status === 204 || status === 304) return head
  return { ...head, text: `${text}\nContent-Length\n${size}` }
}

/** PEP 3333: `close()` is called in every case. What it throws counts only where nothing else went wrong before. */
function closeAfter(finished: boolean, callable: () => void): void {
  try {
    callable()
  } catch (error) {
    if (finished) throw error
  }
}

function close(body: unknown): void {
  const { close: callable } = (body ?? {}) as { close?: unknown }
  if (typeof callable === 'function') callable.call(body)
}

function isPromiseLike(value: unknown): value is PromiseLike<ResponseBody> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

function noStartResponse(): Error {
  return new Error('the application gave a body before it called startResponse, or never called it (PEP 3333)')
}
