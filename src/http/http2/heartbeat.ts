/** Seconds without a byte of the client, from which on it is asked whether it is there. */
const QUIET = 15

/**
 * Notices that a client has gone of which nothing is heard, while its requests run. A connection that is simply lost says nothing; and node:http2 reads no
 * further behind some errors of the client, so that not even an end would be seen.
 */
export class Heartbeat {
  readonly #ask: () => void
  #bytes = -1
  #since = 0
  #asked = false

  /** @param ask sends a PING, which the client has to answer (RFC 9113 section 6.7) */
  constructor(ask: () => void) {
    this.#ask = ask
  }

  /**
   * @param now seconds
   * @param bytes received so far
   * @param patience seconds for the answer
   * @returns false when there was none
   */
  beats(now: number, bytes: number, patience: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#since = now
      this.#asked = false
    }
    const quiet = now - this.#since
    if (this.#asked) return quiet < QUIET + patience
    if (quiet >= QUIET) {
      this.#asked = true
      this.#ask()
    }
    return true
  }
}
