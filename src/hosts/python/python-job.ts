import type { HostSink, RunningJob } from '../host.ts'
import type { WireBuffer } from './wire-buffers.ts'
import { encodeCount, encodeFrame, Flag, HEADER_SIZE, ToHost, writeHeader } from '../../wire/frame.ts'

/** What a job needs of its host. */
export interface JobChannel {
  /** Sends buffers, in order, behind the requests that were given before. */
  send(...buffers: Uint8Array[]): void
  /** The server took the file: the run is over without another word from the host. */
  fileSent(job: PythonJob): void
  /** A piece of a response in this buffer has left. */
  release(buffer: WireBuffer): void
  /** Bytes of a response that the application may be ahead of the client. */
  readonly responseWindow: number
}

interface Held {
  readonly buffer: WireBuffer | undefined
  bytes: number
}

/** A job that runs in a Python host. */
export class PythonJob implements RunningJob {
  readonly id: number
  readonly sink: HostSink
  readonly #channel: JobChannel
  #undrained = 0
  #held: Held[] | undefined
  /** The host has said its last word of it. */
  over = false
  /** Milliseconds of `performance.now()` at which it has run too long. */
  deadline: number = Infinity
  /** Seconds that it may run. */
  timeout = 0
  /** Its deadline has passed and its sink was told so: what the host still says of it reaches nobody. */
  late = false

  constructor(id: number, sink: HostSink, channel: JobChannel) {
    this.id = id
    this.sink = sink
    this.#channel = channel
  }

  /** A piece of the response goes to the sink; its buffer must stay as it is until it has left. No buffer: the sink has a copy. */
  hold(buffer: WireBuffer | undefined, bytes: number): void {
    if (buffer !== undefined) buffer.uses++
    ;(this.#held ??= []).push({ buffer, bytes })
  }

  drained(bytes: number): void {
    this.#letGo(bytes)
    this.#undrained += bytes
    // A quarter of the window at a time: the application never waits for the last bytes, and few frames are sent.
    if (this.over || this.#undrained * 4 < this.#channel.responseWindow) return
    this.#channel.send(encodeCount(ToHost.CREDIT, this.id, this.#undrained))
    this.#undrained = 0
  }

  /** Pieces leave in the order in which they came. */
  #letGo(bytes: number): void {
    for (let first = this.#held?.[0]; first !== undefined && bytes > 0; first = this.#held?.[0]) {
      const left = Math.min(bytes, first.bytes)
      bytes -= left
      first.bytes -= left
      if (first.bytes > 0) return
      this.#held?.shift()
      if (first.buffer !== undefined) this.#channel.release(first.buffer)
    }
  }

  input(chunk: Uint8Array): void {
    if (this.over) return
    const header = Buffer.allocUnsafe(HEADER_SIZE)
    writeHeader(header, 0, chunk.length, this.id, ToHost.INPUT, 0)
    this.#channel.send(header, chunk)
  }

  inputEnd(): void {
    if (!this.over) this.#channel.send(encodeFrame(ToHost.INPUT, this.id, '', Flag.INPUT_END))
  }

  inputFailed(reason: string): void {
    if (!this.over) this.#channel.send(encodeFrame(ToHost.INPUT, this.id, reason, Flag.INPUT_FAILED))
  }

  abandon(): void {
    if (!this.over) this.#channel.send(encodeFrame(ToHost.ABANDON, this.id))
  }

  fileTaken(taken: boolean): void {
    if (this.over) return
    this.#channel.send(encodeFrame(ToHost.FILE_TAKEN, this.id, '', taken ? Flag.TAKEN : 0))
    if (taken) this.#channel.fileSent(this)
  }
}
