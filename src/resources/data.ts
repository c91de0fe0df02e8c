/** Fixed bytes as a resource (Twisted: `twisted.web.static.Data`). */
import type { Request } from '../http/request.ts'
import { Resource } from '../resource/resource.ts'

/**
 * Answers GET and HEAD with the same bytes each time. It is no leaf: below it there is nothing but the children that were put there.
 *
 *     root.putChild('robots.txt', new Data('User-agent: *\n', 'text/plain'))
 */
export class Data extends Resource {
  readonly #data: Uint8Array
  readonly #type: string

  /**
   * @param data the body; text is sent as UTF-8
   * @param type the Content-Type
   */
  constructor(data: string | Uint8Array, type: string) {
    super()
    this.#data = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    this.#type = type
  }

  render_GET(request: Request): Uint8Array {
    request.setHeader('Content-Type', this.#type)
    return this.#data
  }
}
