/** Digest authentication (RFC 7616; Twisted: `DigestCredentialFactory`). */
import { PlaitError } from '../../../errors.ts'
import type { Request } from '../../../http/request.ts'
import { checkRealm, decodedName, parseParameters, quoted } from '../auth-fields.ts'
import type { CredentialFactory, Credentials } from '../credentials.ts'
import { DigestCredentials } from './digest-credentials.ts'
import type { DigestAlgorithm } from './digest-credentials.ts'
import { DigestNonces } from './digest-nonces.ts'

/** Options of {@link DigestCredentialFactory}. */
export interface DigestOptions {
  /** Shown by browsers, and part of every stored hash; printable ASCII. */
  realm: string
  /** The hash functions that are offered, the best first. @default ['SHA-256', 'MD5'] */
  algorithms?: readonly DigestAlgorithm[]
  /** Seconds that a nonce is good for. A client then gets another, without asking its user. @default 300 */
  nonceLifetime?: number
  /** Used nonces that are remembered. More clients than this within a lifetime have to take new ones more often. @default 10000 */
  maxNonces?: number
}

const known: readonly string[] = ['SHA-256', 'MD5']

/**
 * Asks clients to prove that they know a password, which itself does not travel. Checkers must know the password, or a hash of it that is
 * as good: `InMemoryChecker`, `HtdigestChecker`.
 *
 * A request that was listened to cannot be sent again: each count of a nonce is taken once.
 */
export class DigestCredentialFactory implements CredentialFactory {
  readonly scheme = 'Digest'
  readonly #realm: string
  readonly #algorithms: readonly DigestAlgorithm[]
  readonly #nonces: DigestNonces

  /** @throws PlaitError `PLAIT_CONFIGURATION` */
  constructor(options: DigestOptions) {
    const { realm, algorithms = ['SHA-256', 'MD5'], nonceLifetime = 300, maxNonces = 10_000 } = options
    checkRealm(realm)
    if (algorithms.length === 0 || algorithms.some((algorithm) => !known.includes(algorithm))) {
      const message = `Cannot use the Digest algorithms ${JSON.stringify(algorithms)}: choose of ${known.join(', ')}`
      throw new PlaitError('PLAIT_CONFIGURATION', message)
    }
    if (!(nonceLifetime > 0) || !(maxNonces >= 1)) {
      throw new PlaitError('PLAIT_CONFIGURATION', 'Cannot use these Digest options: nonceLifetime and maxNonces must be above 0')
    }
    this.#realm = realm
    this.#algorithms = algorithms
    this.#nonces = new DigestNonces(nonceLifetime, maxNonces)
  }

  /** One for each algorithm (section 3.7), with a nonce of its own: a client that tries two counts twice from one. */
  getChallenges(request: Request, refused?: Credentials): readonly string[] {
    const stale = refused instanceof DigestCredentials && refused.stale ? ', stale=true' : ''
    const now = request.reactor.seconds()
    return this.#algorithms.map(
      (algorithm) =>
        `Digest realm=${quoted(this.#realm)}, qop="auth", algorithm=${algorithm}, nonce="${this.#nonces.make(now)}"${stale}, charset=UTF-8`,
    )
  }

  /** @throws PlaitError with status 400 when it was made for another target (section 3.4.6) */
  decode(text: string, request: Request): DigestCredentials | undefined {
    const parameters = parseParameters(text)
    if (parameters === undefined) return undefined
    const get = (name: string): string => parameters.get(name) ?? ''
    const username = nameOf(parameters)
    const algorithm = this.#algorithms.find((one) => one.toLowerCase() === (parameters.get('algorithm') ?? 'md5').toLowerCase())
    const response = get('response').toLowerCase()
    const [nonce, nc, cnonce, qop] = [get('nonce'), get('nc'), get('cnonce'), get('qop')]
    if (username === undefined || algorithm === undefined || get('realm') !== this.#realm) return undefined
    if (!/^[0-9a-f]+$/.test(response) || !/^[0-9A-Fa-f]{8}$/.test(nc) || cnonce === '' || qop !== 'auth') return undefined
    const count = Number.parseInt(nc, 16)
    if (count === 0 || get('userhash').toLowerCase() === 'true') return undefined
    const uri = get('uri')
    if (!isTarget(uri, request)) {
      throw new PlaitError('PLAIT_PROTOCOL', 'The uri of Authorization is not the target of the request', { status: 400 })
    }
    const spend = (): boolean => this.#nonces.spend(nonce, count, request.reactor.seconds())
    const middle = `${nonce}:${nc}:${cnonce}:${qop}`
    const { method } = request
    return new DigestCredentials({ username, realm: this.#realm, algorithm, response, middle, method, uri, spend })
  }
}

/** `username`, or `username*` in the notation of RFC 8187; never both. */
function nameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const plain = parameters.get('username')
  const extended = parameters.get('username*')
  if (plain !== undefined) return extended === undefined ? decodedName(plain) : undefined
  const encoded = /^utf-8'[A-Za-z0-9-]*'((?:[!#$&+\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})*)$/i.exec(extended ?? '')?.[1]
  if (encoded === undefined) return undefined
  return decodedName(encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))))
}

/** A client of a proxy may name the path alone in one place and the whole URL in the other. */
function isTarget(uri: string, request: Request): boolean {
  if (uri === request.uri) return true
  return withoutAuthority(uri) === withoutAuthority(request.uri)
}

function withoutAuthority(target: string): string {
  const match = /^https?:\/\/[^/?]*(.*)$/i.exec(target)
  if (match === null) return target
  const rest = match[1] as string
  return rest.startsWith('/') ? rest : `/${rest}`
}
