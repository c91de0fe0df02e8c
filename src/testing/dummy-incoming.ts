import { Readable } from 'node:stream'
import type { Incoming } from '../http/incoming.ts'

/** What a parser would give for a request. */
export class DummyIncoming extends Readable implements Incoming {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly httpVersionMinor: number
  readonly rawHeaders: readonly string[]
  complete = false
  #body: Uint8Array | undefined

  /** @param rawHeaders flat */
  constructor(method: string, url: string, rawHeaders: readonly string[], body: Uint8Array | undefined, version: '1.0' | '1.1') {
    super()
    this.method = method
    this.url = url
    this.rawHeaders = rawHeaders
    this.httpVersion = version
    this.httpVersionMinor = Number(version.slice(2))
    this.#body = body
  }

  override _read(): void {
    if (this.#body !== undefined) this.push(this.#body)
    this.#body = undefined
    this.complete = true
    this.push(null)
  }
}
