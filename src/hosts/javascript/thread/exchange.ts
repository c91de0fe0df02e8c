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
  #file: GivenFile | undefined
  #wakeUp: (() => void) | undefined

  constructor(slot: number, context: ExchangeContext) {
    this.slot = slot
    this.#context = context
  }

  get gone(): boolean {
    return this.#context.link.signals.isGone(this.slot)
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
    this.#send(asBlock(data))
    this.#context.link.flush()
  }

  readonly earlyHints = (headers: readonly (readonly [string, string])[]): void => {
    if (this.#started) return
    const { text } = encodeHead('103 Early Hints', [...headers])
    this.#context.link.say(ToServer.EARLY_HINTS, this.slot, text.split('\n').slice(1))
    this.#context.link.flush()
  }

  // -- what the thread calls

  /** Calls the application and sends what it gives. Never throws; the promise, if there is one, is never rejected. */
  run(application: WSGIApplication, environ: Environ): void | Promise<void> {
    try {
      const result = application(environ, this.startResponse)
      if (isPromiseLike(result)) return this.#runLater(result)
      return this.#take(result)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #runLater(promise: PromiseLike<ResponseBody>): Promise<void> {
    try {
      await this.#take(await promise)
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(result: ResponseBody): void | Promise<void> {
    const body: unknown = typeof result === 'string' ? [result] : result
    if (Array.isArray(body) && !this.#started && !('close' in body) && this.#sendWhole(body)) return
    if (body instanceof FileWrapper && !this.#started && this.#head !== undefined && this.#sendFile(body)) return
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
    return true
  }

  #sendFile(wrapper: FileWrapper): boolean {
    const file = wrapper.takeOver()
    if (file === undefined) return false
    const { text } = this.#head as Head
    const { slot } = this
    this.#started = true
    this.#file = file
    this.#context.link.say(ToServer.FILE, slot, text, file.path, file.offset, file.size, file.dev, file.ino)
    this.#context.link.attach(slot, this)
    return true
  }

  #iterate(body: Iterable<unknown>): void | Promise<void> {
    let finished = false
    try {
      const iterator = body[Symbol.iterator]()
      for (;;) {
        const next = iterator.next()
        if (next.done === true) break
        const block = asBlock(next.value)
        if (block.length > 0) this.#send(block)
        if (this.gone) {
          iterator.return?.()
          break
        }
        this.#context.link.flushSoon(performance.now())
      }
      this.#startEmpty()
      finished = true
    } finally {
      closeAfter(body, finished)
    }
    this.#end()
  }

  async #iterateLater(body: AsyncIterable<unknown>): Promise<void> {
    let finished = false
    const { link } = this.#context
    link.attach(this.slot, this)
    try {
      const iterator = body[Symbol.asyncIterator]()
      for (;;) {
        link.flush()
        const next = await this.#unlessGone(iterator.next())
        if (next === undefined) {
          await iterator.return?.()
          break
        }
        if (next.done === true) break
        const block = asBlock(next.value)
        if (block.length > 0) await this.#sendLater(block)
      }
      this.#startEmpty()
      finished = true
    } finally {
      closeAfter(body, finished)
    }
    this.#end()
  }

  /** The value, or undefined as soon as the client has gone: a generator that waits for an event is not waited for. */
  async #unlessGone<T>(value: Promise<T>): Promise<T | undefined> {
    const { link } = this.#context
    link.signals.listen(this.slot, true)
    try {
      if (this.gone) return undefined
      value.catch(() => undefined)
      for (;;) {
        const news = new Promise<undefined>((resolve) => (this.#wakeUp = () => resolve(undefined)))
        const first = await Promise.race([value, news])
        if (first !== undefined || this.gone) return first
      }
    } finally {
      link.signals.listen(this.slot, false)
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
        signals.listen(this.slot, true)
        if (this.#isAhead() && !this.gone) await news
        signals.listen(this.slot, false)
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
    if (this.#started) return
    if (this.#head === undefined) throw noStartResponse()
    this.#started = true
    this.#respond(this.#head, nothing, 0)
  }

  #end(): void {
    this.#context.link.say(ToServer.END, this.slot)
  }

  #fail(error: unknown): void {
    // An application that notices the departure in its own way has not failed.
    if (this.gone && this.#started) this.#end()
    else this.#context.link.say(ToServer.FAILED, this.slot, reportError(error))
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

  /** The server has opened the file, or it could not: then it is streamed from here. */
  fileTaken(taken: boolean): void {
    const { link } = this.#context
    link.detach(this.slot)
    const file = this.#file as GivenFile
    try {
      if (!taken) for (const block of file.blocks()) this.#send(block)
      this.#end()
    } catch (error) {
      this.#fail(error)
    } finally {
      file.release()
    }
    link.flush()
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
function closeAfter(body: unknown, finished: boolean): void {
  try {
    close(body)
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
