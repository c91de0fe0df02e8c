/** Passwords that were found right, so that a client which comes again and again costs a slow hash only once. */
import { createHmac, randomBytes } from 'node:crypto'

/** Remembers hashes under a key of this process: no password is kept, and none can be found out from what is. */
export class VerifiedPasswords {
  readonly #key = randomBytes(32)
  readonly #most: number
  /** By age of the last use, the oldest first. Those that are still being found out are promises that wait. */
  readonly #found = new Map<string, Promise<boolean>>()

  /** @param most how many are remembered; those not used for longest are forgotten */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * What `verify` says. A right password is remembered with its hash: when the stored hash changes, it is another question. Who asks the same at the same time waits for the
   * same answer.
   */
  check(password: string, hash: string, verify: (password: string, hash: string) => Promise<boolean>): Promise<boolean> {
    const name = createHmac('sha256', this.#key).update(`${hash}\0${password}`).digest('base64url')
    const found = this.#found.get(name)
    if (found !== undefined) {
      this.#found.delete(name)
      this.#found.set(name, found)
      return found
    }
    const answer = this.#ask(name, () => verify(password, hash))
    this.#found.set(name, answer)
    if (this.#found.size > this.#most) this.#found.delete(this.#found.keys().next().value as string)
    return answer
  }

  async #ask(name: string, verify: () => Promise<boolean>): Promise<boolean> {
    let matches = false
    try {
      matches = await verify()
      return matches
    } finally {
      if (!matches) this.#found.delete(name)
    }
  }
}
