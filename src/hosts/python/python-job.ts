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
  #abandoned = false
  /** Sum of their bytes. */
  #heldBytes = 0
  /** The host has said its last word of it. */
  over = false
  /** Milliseconds of `performance.now()` at which it has run too long. */
  deadline: number = Infinity
  /** Seconds that it may run. */
  timeout = 0
  /** Its deadline has passed and its sink was told so: what the host still says of it reaches nobody. */
  late = false
  /** The number of its thread; 0 while that is not known. */
  thread = 0
  /** The application has asked for a streamed body, of which more may come. */
  inputOpen = false

  constructor(id: number, sink: HostSink, channel: JobChannel) {
    this.id = id
    this.sink = sink
    this.#channel = channel
  }

  get threadNumber(): number | undefined {
    return this.thread === 0 ? undefined : this.thread
  }

  /** A piece of the response goes to the sink; its buffer must stay as it is until it has left. No buffer: the sink has a copy. */
  hold(buffer: WireBuffer | undefined, bytes: number): void {
    if (buffer !== undefined) buffer.uses++
    ;(this.#held ??= []).push({ buffer, bytes })
    this.#heldBytes += bytes
  }

  /** It may be the client that takes its time: it has not taken what is there, or not sent its body. */
  get waitsForClient(): boolean {
    return !this.#abandoned && (this.inputOpen || this.#heldBytes * 2 >= this.#channel.responseWindow)
  }

  /** The client's part is done, for now: from here on it is the application that takes its time. */
  #renewDeadline(): void {
    // Whoever looks at deadlines looks no later than before.
    if (this.deadline < Infinity) this.deadline = performance.now() + this.timeout * 1000
  }

  drained(bytes: number): void {
    const waited = this.timeout > 0 && this.waitsForClient
    this.#letGo(bytes)
    if (waited && !this.waitsForClient) this.#renewDeadline()
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
      this.#heldBytes -= left
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

  #inputOver(): void {
    if (this.inputOpen) this.#renewDeadline()
    this.inputOpen = false
  }

  inputEnd(): void {
    this.#inputOver()
    if (!this.over) this.#channel.send(encodeFrame(ToHost.INPUT, this.id, '', Flag.INPUT_END))
  }

  inputFailed(reason: string): void {
    this.#inputOver()
    if (!this.over) this.#channel.send(encodeFrame(ToHost.INPUT, this.id, reason, Flag.INPUT_FAILED))
  }

  abandon(): void {
    if (this.over) return
    // Without a client the application waits for nobody.
    if (this.waitsForClient) this.#renewDeadline()
    this.#abandoned = true
    this.#channel.send(encodeFrame(ToHost.ABANDON, this.id))
  }

  fileTaken(taken: boolean): void {
    if (this.over) return
    this.#channel.send(encodeFrame(ToHost.FILE_TAKEN, this.id, '', taken ? Flag.TAKEN : 0))
    if (taken) this.#channel.fileSent(this)
  }
}
