/** Two ends of a connection that exists in memory only; they behave like sockets: half-close, reset, back-pressure. */
import { Duplex } from 'node:stream'

type Done = (error?: Error | null) => void

function socketError(code: 'ECONNRESET' | 'EPIPE'): Error {
  return Object.assign(new Error(`The other end of the connection is gone: ${code}`), { code })
}

/** One end. */
export class MemorySocket extends Duplex {
  /** Bytes in and out, as `net.Socket` counts them: the timeouts of connections go by these. */
  bytesRead = 0
  bytesWritten = 0
  #peer: MemorySocket | undefined
  /** A write that waits until the other end reads. */
  #blocked: Done | undefined
  #reset = false

  private constructor() {
    super({ allowHalfOpen: true })
  }

  /** A connected pair. */
  static pair(): [MemorySocket, MemorySocket] {
    const here = new MemorySocket()
    const there = new MemorySocket()
    here.#peer = there
    there.#peer = here
    return [here, there]
  }

  /** Cuts the connection: the other end gets ECONNRESET. */
  resetAndDestroy(): this {
    this.#reset = true
    return this.destroy()
  }

  override _read(): void {
    const peer = this.#peer
    if (peer === undefined) return
    const blocked = peer.#blocked
    if (blocked === undefined) return
    peer.#blocked = undefined
    process.nextTick(blocked)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const peer = this.#peer
    if (peer === undefined || peer.destroyed) return done(socketError('EPIPE'))
    this.bytesWritten += chunk.length
    peer.bytesRead += chunk.length
    // A copy: the sender may use its buffer again as soon as it is told that the bytes have left.
    if (peer.push(Buffer.from(chunk))) process.nextTick(done)
    else this.#blocked = done
  }

  override _final(done: Done): void {
    const peer = this.#peer
    if (peer !== undefined && !peer.destroyed) peer.push(null)
    done()
  }

  override _destroy(error: Error | null, done: Done): void {
    const peer = this.#peer
    this.#blocked = undefined
    if (peer !== undefined && !peer.destroyed) {
      process.nextTick(() => peer.#otherEndGone(this.#reset))
    }
    done(error)
  }

  #otherEndGone(reset: boolean): void {
    if (this.destroyed) return
    if (reset) {
      this.destroy(socketError('ECONNRESET'))
      return
    }
    if (!this.readableEnded && !this.#sawEnd()) this.push(null)
    const blocked = this.#blocked
    this.#blocked = undefined
    blocked?.(socketError('EPIPE'))
  }

  /** True when the other end has half-closed already. */
  #sawEnd(): boolean {
    return this.#peer?.writableFinished === true
  }
}
