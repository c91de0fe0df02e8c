import type { BodySource } from './incoming.ts'

/** Takes a body piece by piece. */
export interface BodyConsumer {
  data(chunk: Buffer): void
  /** The body is whole. */
  end(): void
  /** There is no more, and it is not whole. */
  failed(reason: string): void
}

/** Lets a body flow. */
export interface BodyFlow {
  /** The consumer takes `bytes` more. */
  resume(bytes: number): void
  /** The consumer takes no more: nobody waits for the client any longer. */
  stop(): void
}

/** Gives a body as it arrives, never more than the consumer asked for: what is not asked for stays in the client. */
export class BodyStream implements BodyFlow {
  readonly #source: BodySource
  readonly #consumer: BodyConsumer
  readonly #limit: number
  readonly #started: () => void
  readonly #waits: (waiting: boolean) => void
  #wanted = 0
  #size = 0
  #listening = false
  #waiting = false
  #over = false
  #drains = false

  /**
   * @param limit bytes, 0 = no limit
   * @param started called when the first byte is asked for (then 100 Continue is due)
   * @param waits called with true when the consumer waits for the client, with false when it does no longer
   */
  constructor(source: BodySource, limit: number, consumer: BodyConsumer, started: () => void, waits: (waiting: boolean) => void) {
    this.#source = source
    this.#limit = limit
    this.#consumer = consumer
    this.#started = started
    this.#waits = waits
  }

  resume(bytes: number): void {
    this.#wanted += bytes
    if (this.#over) return
    if (!this.#listening) this.#listen()
    this.#read()
  }

  stop(): void {
    this.#over = true
    this.#tellWaiting()
  }

  /**
   * The response is out: what nobody wants any more is dropped, so that a client that still sends comes to its answer (RFC 9112 section 9.6). A consumer that has not said
   * so may still read.
   */
  drain(): void {
    if (!this.#over) return
    this.#drains = true
    if (this.#listening) this.#read()
    else this.#source.resume()
  }

  abort(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#tellWaiting()
    this.#consumer.failed(reason)
  }

  #listen(): void {
    this.#listening = true
    this.#started()
    this.#source.on('readable', () => this.#read())
    this.#source.on('end', () => this.#end())
    this.#source.on('error', () => this.abort('the client has gone'))
  }

  #read(): void {
    if (this.#drains) while (this.#source.read() !== null);
    while (!this.#over && this.#wanted > 0) {
      const ready = this.#source.readableLength
      // read(0) asks node:http for more.
      const chunk = this.#source.read(ready === 0 ? undefined : Math.min(ready, this.#wanted)) as Buffer | null
      if (chunk === null) break
      this.#wanted -= chunk.length
      this.#size += chunk.length
      if (this.#limit > 0 && this.#size > this.#limit) this.abort(`it has more than ${this.#limit} bytes`)
      else this.#consumer.data(chunk)
    }
    this.#tellWaiting()
    // Nothing is asked for and nothing is here: the end may be, and read(0) takes only that.
    if (!this.#over && this.#wanted === 0 && this.#source.readableLength === 0) this.#source.read(0)
  }

  #tellWaiting(): void {
    const waiting = !this.#over && this.#wanted > 0
    if (waiting === this.#waiting) return
    this.#waiting = waiting
    this.#waits(waiting)
  }

  #end(): void {
    if (this.#over) return
    if (!this.#source.complete) return this.abort('the client has gone')
    this.#over = true
    this.#tellWaiting()
    this.#consumer.end()
  }
}
