/** Basic authentication (RFC 7617; Twisted: `BasicCredentialFactory`). */
import { checkRealm, decodedName, quoted } from './auth-fields.ts'
import { PasswordCredentials } from './credentials.ts'
import type { CredentialFactory } from './credentials.ts'

/**
 * Asks for a name and a password, which come with every request and readable to all on the way: only over TLS, or on this machine.
 *
 *     new HTTPAuthSessionWrapper(portal, [new BasicCredentialFactory('Members')])
 */
export class BasicCredentialFactory implements CredentialFactory {
  readonly scheme = 'Basic'
  readonly #challenge: string

  /** @param realm shown by browsers; printable ASCII */
  constructor(realm: string) {
    checkRealm(realm)
    // Section 2.1: without it, clients may send what encoding they like.
    this.#challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`
  }

  getChallenges(): readonly string[] {
    return [this.#challenge]
  }

  /** The padding of Base64 may be left out, as in Twisted. */
  decode(response: string): PasswordCredentials | undefined {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(response)) return undefined
    const bytes = Buffer.from(response, 'base64').toString('latin1')
    // A name has no colon, a password may have some (section 2).
    const colon = bytes.indexOf(':')
    if (colon < 0) return undefined
    const name = decodedName(bytes.slice(0, colon))
    const password = decodedName(bytes.slice(colon + 1))
    return name === undefined || password === undefined ? undefined : new PasswordCredentials(name, password)
  }
}
