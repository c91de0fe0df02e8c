import type { IncomingMessage } from 'node:http'
import type { Request } from '../../http/request.ts'
import { isFieldValue } from '../../http/response-fields.ts'
import type { Patience } from './patience.ts'

/** Bytes that the client has not taken yet, from which on the upstream is read no further. */
const WINDOW = 256 * 1024

/** A response on its way from the upstream to the client. */
export class ResponsePassage {
  readonly #request: Request
  readonly #response: IncomingMessage
  readonly #patience: Patience
  readonly #done: (error: Error | undefined) => void
  #underway = 0
  #paused = false
  /** All of it has come. */
  whole = false

  /** @param done called once: with the error when the response broke off */
  constructor(request: Request, response: IncomingMessage, patience: Patience, done: (error: Error | undefined) => void) {
    this.#request = request
    this.#response = response
    this.#patience = patience
    this.#done = done
  }

  /** Sends the head, and lets the body flow. Throws `PLAIT_RESOURCE` when the fields are none. */
  begin(fields: readonly string[]): void {
    const response = this.#response
    const { statusCode = 502, statusMessage = '' } = response
    this.#request.sendHead(statusCode, isFieldValue(statusMessage) ? statusMessage : '', fields)
    response.on('data', (chunk: Buffer) => this.#pass(chunk))
    response.on('end', () => this.#end())
    response.on('error', (error) => this.#done(error))
    response.on('close', () => {
      if (!response.complete) this.#done(new Error('the response broke off'))
    })
  }

  #pass(chunk: Buffer): void {
    this.#underway += chunk.length
    this.#patience.sign()
    this.#request.writeChunk(chunk, () => this.#taken(chunk.length))
    if (this.#underway <= WINDOW || this.#paused) return
    this.#paused = true
    this.#response.pause()
    // The client takes its time now, and the server's own limits watch it.
    this.#patience.stop()
  }

  #taken(size: number): void {
    this.#underway -= size
    if (!this.#paused || this.#underway > WINDOW / 2) return
    this.#paused = false
    this.#patience.resume()
    this.#response.resume()
  }

  #end(): void {
    if (!this.#response.complete) return
    this.whole = true
    this.#request.finish()
    this.#done(undefined)
  }
}
