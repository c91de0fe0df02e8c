import { PlaitError } from '../errors.ts'
import type { ResponseHead } from './host.ts'

const MOST = 256
const LONGEST = 512
/** As hosts check it; which of them may be sent is the gateway's affair. */
const STATUS = /^[1-9]\d\d(?: |$)/

/**
 * Reads heads as hosts send them (status and fields joined by LF), and remembers the short ones: most responses of an application
 * have one of a few heads.
 */
export class ResponseHeads {
  readonly #known = new Map<string, ResponseHead>()

  /** Gives the head. Throws `PLAIT_PROTOCOL` when it is none. */
  read(text: string): ResponseHead {
    return this.#known.get(text) ?? this.#parse(text)
  }

  #parse(text: string): ResponseHead {
    const [line = '', ...headers] = text.split('\n')
    if (!STATUS.test(line) || headers.length % 2 !== 0) {
      throw new PlaitError('PLAIT_PROTOCOL', `The host sent a head that is none: ${JSON.stringify(text.slice(0, 80))}`)
    }
    const status = Number(line.slice(0, 3))
    const head: ResponseHead = Object.freeze({ status, reason: line.slice(4), headers: Object.freeze(headers) })
    if (text.length <= LONGEST) {
      if (this.#known.size >= MOST) this.#known.clear()
      this.#known.set(text, head)
    }
    return head
  }
}
