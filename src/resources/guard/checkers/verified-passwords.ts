/** Passwords that were found right, so that a client which comes again and again costs a slow hash only once. */
import { createHmac, randomBytes } from 'node:crypto'

/** Remembers hashes under a key of this process: no password is kept, and none can be found out from what is. */
export class VerifiedPasswords {
  readonly #key = randomBytes(32)
  readonly #most: number
  /** By age of the last use, the oldest first. */
  readonly #right = new Set<string>()
  /** Those that are being found out. They are kept apart: wrong ones never push right ones out. */
  readonly #asked = new Map<string, Promise<boolean>>()

  /** @param most how many are remembered; those not used for longest are forgotten */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * What `verify` says. A right password is remembered with its hash: when the stored hash changes, it is another question. Who asks the same at the same time waits for the
   * same answer.
   */
  check(
    password: string,
    hash: string,
    verify: (password: string, hash: string) => Promise<boolean>,
  ): Promise<boolean> | boolean {
    const name = createHmac('sha256', this.#key).update(`${hash}\0${password}`).digest('base64url')
    if (this.#right.delete(name)) {
      this.#right.add(name)
      return true
    }
    let answer = this.#asked.get(name)
    if (answer === undefined) this.#asked.set(name, (answer = this.#ask(name, () => verify(password, hash))))
    return answer
  }

  async #ask(name: string, verify: () => Promise<boolean>): Promise<boolean> {
    try {
      const matches = await verify()
      if (matches) this.#remember(name)
      return matches
    } finally {
      this.#asked.delete(name)
    }
  }

  #remember(name: string): void {
    this.#right.add(name)
    if (this.#right.size > this.#most) this.#right.delete(this.#right.values().next().value as string)
  }
}
