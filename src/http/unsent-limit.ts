import type { Logger } from '../log/logger.ts'
import type { Connection } from './connection-sweep.ts'

/** At most one line in so many seconds says what was cut. */
const QUIET = 10

/**
 * Keeps what responses have in memory for clients that do not take it in bounds, all together. One by one each is small, a page or a window; without a sum of them, clients that ask for
 * a page of a megabyte and read nothing would fill the memory, and hold neither a thread nor anything else that is counted.
 *
 * Looked at once a second, like all that is late. The connections whose clients have taken nothing for the longest time go first; of those that are equal there, the one for which there is most.
 */
export class UnsentLimit {
  readonly #most: number
  readonly #logger: Logger
  #cut = 0
  #saidAt = Number.NEGATIVE_INFINITY

  /** @param most bytes; 0: any number */
  constructor(most: number, logger: Logger) {
    this.#most = most
    this.#logger = logger
  }

  /** @param now seconds of the reactor's clock */
  check(connections: Iterable<Connection>, now: number): void {
    if (this.#most === 0) return
    let sum = 0
    for (const { unsent } of connections) sum += unsent
    if (sum > this.#most) this.#shrink(connections, sum)
    if (this.#cut > 0 && now - this.#saidAt >= QUIET) this.#say(now)
  }

  #shrink(connections: Iterable<Connection>, sum: number): void {
    const holders = [...connections].filter(({ unsent }) => unsent > 0)
    holders.sort((one, other) => one.since - other.since || other.unsent - one.unsent)
    for (const connection of holders) {
      if (sum <= this.#most) return
      sum -= connection.unsent
      this.#cut++
      connection.socket.destroy()
    }
  }

  #say(now: number): void {
    this.#saidAt = now
    const what = `Responses that wait for their clients take more memory than maxUnsent (${this.#most} bytes)`
    this.#logger.warn(`${what}: cut ${this.#cut} connections whose clients took nothing for the longest time`)
    this.#cut = 0
  }
}
