import { PasswordCredentials } from '../credentials.ts'
import type { Credentials } from '../credentials.ts'
import { DigestCredentials } from '../digest/digest-credentials.ts'
import type { Checker } from '../portal.ts'
import { nobodysSecret, sameText } from '../same-text.ts'

/**
 * Names and passwords as they are given (Twisted: `InMemoryUsernamePasswordDatabaseDontUse`), for Basic and for Digest. For tests, and for passwords that a program makes
 * itself.
 *
 *     new InMemoryChecker({ alice: 'correct horse' })
 */
export class InMemoryChecker implements Checker {
  readonly #users: Map<string, string>

  constructor(users: Readonly<Record<string, string>> = {}) {
    this.#users = new Map(Object.entries(users))
  }

  /** Adds a user, or changes its password. */
  addUser(name: string, password: string): void {
    this.#users.set(name, password)
  }

  /** Removes a user; nothing happens when there is none. */
  removeUser(name: string): void {
    this.#users.delete(name)
  }

  requestAvatarId(credentials: Credentials): string | undefined {
    if (!(credentials instanceof PasswordCredentials || credentials instanceof DigestCredentials)) return undefined
    const { username } = credentials
    const password = this.#users.get(username)
    // Somebody unknown costs as much time as a wrong password.
    const matches =
      credentials instanceof PasswordCredentials
        ? sameText(password ?? nobodysSecret, credentials.password)
        : credentials.checkPassword(password ?? nobodysSecret)
    return matches && password !== undefined ? username : undefined
  }
}
